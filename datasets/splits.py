"""Folds that never cut a patient or a duplicate cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.inner_splits import inner_validation, text_codes
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import ManifestError, UsageError
from gliaboost.spelling import did_you_mean

Rows = NDArray[np.int64]
Texts = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the rows.

    Attributes
    ----------
    name : str
        What results call it.
    train, test : int64 array
        Row numbers; disjoint, and so are their patients and groups.
    """

    name: str
    train: Rows
    test: Rows


def patient_folds(manifest: Manifest, n_folds: int = 5, *, seed: int = 0) -> list[Fold]:
    """Divide stratified by class and grouped by `Manifest.groups`.

    Parameters
    ----------
    manifest : Manifest
        Labelled rows.
    n_folds : int
        At least 2.
    seed : int
        Which division.

    Returns
    -------
    list of Fold
        Named ``"1"`` to ``"n_folds"``; every row is tested once.

    Raises
    ------
    UsageError
        If a class has fewer patients (or groups) than there are folds, or a row has no label.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if n_folds < 2:
        raise UsageError(f"{n_folds} fold(s); expected at least 2")
    labels, groups = _labels(manifest), np.asarray(manifest.groups, dtype=object)
    counts = {label: len(set(groups[labels == label])) for label in manifest.classes}
    scarce = [f"{label} has {n}" for label, n in counts.items() if n < n_folds]
    if scarce:
        unit = _unit(manifest)
        raise UsageError(
            f"too few {unit} for {n_folds} folds: {', '.join(scarce)}; each class needs one a "
            "fold. Ask for fewer folds, or merge classes"
        )
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    parts = splitter.split(labels, text_codes(labels), text_codes(groups))
    return _checked(manifest, [Fold(str(i), *part) for i, part in enumerate(parts, start=1)])


def column_folds(manifest: Manifest, column: str = "fold") -> list[Fold]:
    """Take the folds that a column names; each of its values is tested once.

    Parameters
    ----------
    manifest : Manifest
        Labelled rows.
    column : str
        E.g. ``fold``, or a site that is left out in its turn.

    Returns
    -------
    list of Fold
        Named as the column's values, numbers in their order.

    Raises
    ------
    UsageError
        If there is no such column, it is empty in a row, or it names fewer than two folds; or if a
        class occurs in a single fold, as no model can learn it from the others.
    ManifestError
        If a patient or a group is in two of them.
    """
    values = _column(manifest, column)
    names = sorted(set(values), key=lambda v: (not v.isdigit(), v.zfill(9)))
    if len(names) < 2:
        raise UsageError(
            f"column {column!r} names one fold alone ({names[0]}); expected two or more"
        )
    return _checked(
        manifest, [Fold(n, np.flatnonzero(values != n), np.flatnonzero(values == n)) for n in names]
    )


def published_split(manifest: Manifest) -> list[Fold]:
    """Take the division of column ``split``: test on ``test``, train on all else.

    Returns
    -------
    list of Fold
        A single one, named ``test``.

    Raises
    ------
    UsageError
        If ``split`` is empty, or has no ``test`` or no other rows.
    ManifestError
        If a patient or a group is on both sides.
    """
    values = _column(manifest, "split")
    test = values == "test"
    if test.all() or not test.any():
        raise UsageError(
            f"column 'split' has {int(test.sum())} test rows of {len(test)}; expected some in test "
            "and some in train"
        )
    return _checked(manifest, [Fold("test", np.flatnonzero(~test), np.flatnonzero(test))])


def holdout(manifest: Manifest, fraction: float = 0.2, *, seed: int = 0) -> list[Fold]:
    """Set whole groups aside for one test, stratified by class.

    Parameters
    ----------
    manifest : Manifest
        Labelled rows.
    fraction : float
        Share of rows to test, more than 0 and at most 0.5; rounded to whole groups.
    seed : int
        Which division.

    Returns
    -------
    list of Fold
        A single one, named ``holdout``.

    Raises
    ------
    UsageError
        If a class has fewer than two groups.
    """
    labels, groups = _labels(manifest), manifest.groups
    test = inner_validation(labels, groups, fraction, seed)
    if not test.any():
        least = {c: len({g for g, k in zip(groups, labels, strict=True) if k == c}) for c in labels}
        scarce = min(least.values())
        told = [f"{c} has {n}" for c, n in sorted(least.items()) if n == scarce]
        raise UsageError(
            f"no division leaves every class on both sides; fewest {_unit(manifest)}: "
            f"{', '.join(told)}. Add some, or merge or remove classes"
        )
    return _checked(manifest, [Fold("holdout", np.flatnonzero(~test), np.flatnonzero(test))])


def image_folds(manifest: Manifest, n_folds: int = 5, *, seed: int = 0) -> list[Fold]:
    """Divide by image, which leaks: slices of one patient fall on both sides.

    Only for showing what the leak is worth; a result on these folds is no estimate of anything.

    Parameters
    ----------
    manifest, n_folds, seed
        As for `patient_folds`.

    Returns
    -------
    list of Fold
        Named ``"image 1"`` and so on. Not disjoint by patient.

    Raises
    ------
    UsageError
        If a class has fewer images than there are folds.
    """
    from sklearn.model_selection import StratifiedKFold

    labels = _labels(manifest)
    least = min(int((labels == c).sum()) for c in manifest.classes)
    if not 2 <= n_folds <= least:
        raise UsageError(f"{n_folds} folds; expected 2 to {least}, the images of the rarest class")
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    parts = splitter.split(labels, text_codes(labels))
    return [Fold(f"image {i}", *part) for i, part in enumerate(parts, start=1)]


def assert_disjoint(manifest: Manifest, folds: Sequence[Fold]) -> None:
    """Refuse folds in which a patient or a group is on both sides, or an image is tested twice.

    Raises
    ------
    ManifestError
        Listing every fault.
    """
    faults = []
    table = manifest.table
    columns = {
        name: table[name].to_numpy(dtype=object) for name in ("patient", "group") if name in table
    }
    for fold in folds:
        if not len(fold.train) or not len(fold.test):
            faults.append(f"fold {fold.name}: an empty side; expected images on both")
        if len(np.intersect1d(fold.train, fold.test)):
            faults.append(f"fold {fold.name}: images on both sides")
        for what, values in columns.items():
            both = sorted(_known(values[fold.train]) & _known(values[fold.test]))
            if both:
                faults.append(
                    f"fold {fold.name}: {len(both)} {what}(s) on both sides "
                    f"({', '.join(both[:5])}); all images of a {what} belong on one side"
                )
    tested = np.concatenate([f.test for f in folds]) if folds else np.array([], np.int64)
    if len(np.unique(tested)) != len(tested):
        faults.append("images in the test part of more than one fold")
    if faults:
        raise ManifestError(manifest.name, faults)


def _checked(manifest: Manifest, folds: list[Fold]) -> list[Fold]:
    assert_disjoint(manifest, folds)
    labels = _labels(manifest)
    faults = []
    for fold in folds:
        strange = sorted(set(labels[fold.test]) - set(labels[fold.train]))
        if strange:
            faults.append(f"{', '.join(strange)} only in the test part of fold {fold.name}")
    if faults:
        raise UsageError(
            f"a class must be in training to be learned: {'; '.join(faults)}. Use other folds, or "
            "leave the class out"
        )
    return folds


def _unit(manifest: Manifest) -> str:
    """Name what a split keeps whole."""
    if "group" in manifest.table:
        return "groups (patients joined with duplicates)"
    return "patients" if manifest.has_patients else "images"


def _labels(manifest: Manifest) -> Texts:
    labels = manifest.table["label"]
    if labels.isna().any():
        raise UsageError(
            f"{int(labels.isna().sum())} of {len(labels)} rows have no label; folds are stratified "
            "by class. Label or remove them"
        )
    return labels.to_numpy(dtype=object)


def _column(manifest: Manifest, column: str) -> Texts:
    table = manifest.table
    if column not in table or table[column].isna().all():
        filled = [c for c in table.columns if table[c].notna().any()]
        raise UsageError(
            f"no folds in column {column!r}; expected a number of folds, holdout, split, images or "
            f"one of the columns {', '.join(filled)}{did_you_mean(column, filled)}"
        )
    missing = int(table[column].isna().sum())
    if missing:
        raise UsageError(f"{missing} of {len(table)} rows have no {column!r}; every row needs one")
    return table[column].astype(str).to_numpy(dtype=object)


def _known(values: Texts) -> set[str]:
    return {str(v) for v in values if v is not None and v == v}
