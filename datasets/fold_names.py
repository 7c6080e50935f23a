"""Folds as a user names them: made from a word, and some chosen by name."""

from __future__ import annotations

from collections.abc import Sequence

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.splits import (
    Fold,
    column_folds,
    holdout,
    image_folds,
    patient_folds,
    published_split,
)
from gliaboost.errors import UsageError


def some_folds(folds: Sequence[Fold], names: Sequence[str]) -> list[Fold]:
    """Keep some folds, by their names.

    Raises
    ------
    UsageError
        If a name is none of theirs.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([0])
    >>> [f.name for f in some_folds([Fold("1", rows, rows), Fold("2", rows, rows)], ["2"])]
    ['2']
    """
    known = [f.name for f in folds]
    odd = [name for name in names if name not in known]
    if odd:
        raise UsageError(f"no fold {', '.join(odd)}; the folds are {', '.join(known)}")
    return [f for f in folds if f.name in names]


def named_folds(manifest: Manifest, folds: str, *, seed: int = 0) -> tuple[list[Fold], str]:
    """Make folds from what a user typed.

    Parameters
    ----------
    manifest : Manifest
        Labelled rows.
    folds : str
        A number (`patient_folds`), ``holdout`` (`holdout`), ``split`` (`published_split`),
        ``images`` (`image_folds`, which leaks), or the name of a column (`column_folds`).
    seed : int
        Which division, where there is a choice.

    Returns
    -------
    folds : list of Fold
    description : str
        For the report: how the folds came about.

    Raises
    ------
    UsageError
        If no such folds can be made; says why.
    """
    unit = "patient" if manifest.has_patients else "image (no patients known)"
    if "group" in manifest.table:
        unit = "patient and group" if manifest.has_patients else "group"
    if folds.lstrip("+-").isdigit():
        chosen = patient_folds(manifest, int(folds), seed=seed)
        return chosen, f"{len(chosen)} folds, stratified by class, grouped by {unit}, seed {seed}"
    if folds == "holdout":
        chosen = holdout(manifest, seed=seed)
        share = len(chosen[0].test) / len(manifest)
        return chosen, (
            f"one test part of {share:.0%}, stratified by class, grouped by {unit}, seed {seed}"
        )
    if folds == "images":
        chosen = image_folds(manifest, seed=seed)
        return chosen, f"{len(chosen)} folds by image, WHICH LEAK between slices, seed {seed}"
    if folds == "split":
        return published_split(manifest), "the manifest's own test part (column 'split')"
    chosen = column_folds(manifest, folds)
    return chosen, f"the {len(chosen)} folds of the manifest's column {folds!r}"
