"""Folds that never cut a patient or a duplicate cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.errors import ManifestError, UsageError
from gliaboost.datasets.manifest import Manifest


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
    train: NDArray[np.int64]
    test: NDArray[np.int64]


def named_folds(manifest: Manifest, folds: str, *, seed: int = 0) -> tuple[list[Fold], str]:
    """Make folds from what a user typed: a number, or the name of a column.

    Returns
    -------
    list of Fold
    str
        A sentence for the report: how the folds came about.
    """
    if folds.lstrip("+-").isdigit():
        chosen = patient_folds(manifest, int(folds), seed=seed)
        unit = "patient" if manifest.has_patients else "image (no patients known)"
        return chosen, f"{len(chosen)} folds, stratified by class, grouped by {unit}, seed {seed}"
    chosen = column_folds(manifest, folds)
    return chosen, f"the {len(chosen)} folds of the manifest's column {folds!r}"


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
        If a class has fewer patients than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if n_folds < 2:
        raise UsageError(f"{n_folds} fold(s); expected at least 2")
    labels = manifest.table["label"].to_numpy(dtype=object)
    groups = np.asarray(manifest.groups, dtype=object)
    unit = "patients" if manifest.has_patients else "images"
    scarce = [
        f"{label} has {len(set(groups[labels == label]))}"
        for label in manifest.classes
        if len(set(groups[labels == label])) < n_folds
    ]
    if scarce:
        raise UsageError(
            f"too few {unit} for {n_folds} folds: {', '.join(scarce)}; each class needs one a fold. "
            "Ask for fewer folds, or merge classes"
        )
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    folds = [
        Fold(str(i + 1), train, test)
        for i, (train, test) in enumerate(splitter.split(labels, labels, groups))
    ]
    assert_disjoint(manifest, folds)
    return folds


def column_folds(manifest: Manifest, column: str = "fold") -> list[Fold]:
    """Take the folds that a column names; each of its values is tested once.

    Raises
    ------
    UsageError
        If there is no such column, or it names fewer than two folds.
    ManifestError
        If a patient is in two of them.
    """
    table = manifest.table
    if column not in table or table[column].isna().all():
        filled = [c for c in table.columns if table[c].notna().any()]
        raise UsageError(
            f"no folds in column {column!r}; expected a number of folds or one of the columns "
            f"{', '.join(filled)}"
        )
    values = table[column]
    if values.isna().any():
        raise UsageError(
            f"{int(values.isna().sum())} rows have no {column!r}; every row needs one"
        )
    names = sorted(values.astype(str).unique(), key=lambda v: (not v.isdigit(), v.zfill(9)))
    if len(names) < 2:
        raise UsageError(f"column {column!r} names one fold alone ({names[0]}); expected two or more")
    texts = values.astype(str).to_numpy(dtype=object)
    folds = [Fold(n, np.flatnonzero(texts != n), np.flatnonzero(texts == n)) for n in names]
    assert_disjoint(manifest, folds)
    return folds


def assert_disjoint(manifest: Manifest, folds: Sequence[Fold]) -> None:
    """Refuse folds in which a patient or a group is on both sides, or an image is tested twice.

    Raises
    ------
    ManifestError
        Listing every fault.
    """
    faults = []
    columns = {"group": np.asarray(manifest.groups, dtype=object)}
    if manifest.has_patients:
        columns["patient"] = manifest.table["patient"].to_numpy(dtype=object)
    for fold in folds:
        if not len(fold.train) or not len(fold.test):
            faults.append(f"fold {fold.name}: an empty side; expected images on both")
        if len(np.intersect1d(fold.train, fold.test)):
            faults.append(f"fold {fold.name}: images on both sides")
        for what, values in columns.items():
            train = {v for v in values[fold.train] if v == v}
            both = sorted(str(v) for v in train & {v for v in values[fold.test] if v == v})
            if both:
                faults.append(
                    f"fold {fold.name}: {len(both)} {what}(s) on both sides "
                    f"({', '.join(both[:5])}); all images of a {what} belong on one side"
                )
    tested = np.concatenate([f.test for f in folds]) if folds else np.array([], int)
    if len(np.unique(tested)) != len(tested):
        faults.append("images in the test part of more than one fold")
    if faults:
        raise ManifestError(manifest.name, list(dict.fromkeys(faults)))


def inner_validation(
    labels: NDArray[np.object_] | Sequence[str],
    groups: NDArray[np.object_] | Sequence[str],
    fraction: float = 0.2,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """Choose whole groups for validation, stratified, every class on both sides where possible.

    Parameters
    ----------
    labels, groups : sequence of str [N]
        Class and patient of each training row.
    fraction : float
        Share of rows to set aside, between 0 and 0.5; rounded to whole groups.
    seed : int
        Which division.

    Returns
    -------
    bool array [N]
        True for validation. All False if a class has fewer than two groups, as no division then
        leaves every class on both sides.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if not 0 < fraction <= 0.5:
        raise UsageError(f"fraction={fraction}; expected more than 0 and at most 0.5")
    y, g = np.asarray(labels, dtype=object), np.asarray(groups, dtype=object)
    mask = np.zeros(len(y), bool)
    least = min(len(set(g[y == label])) for label in set(y))
    parts = min(round(1 / fraction), least)
    if parts < 2:
        return mask
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    for _, chosen in splitter.split(y, y, g):
        if set(y[chosen]) == set(np.delete(y, chosen)) == set(y):
            mask[chosen] = True
            return mask
    return mask
