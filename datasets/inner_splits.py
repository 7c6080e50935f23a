"""Divisions of training rows, to choose on patients that the model does not see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError


def inner_folds(
    y: NDArray[np.int64], groups: NDArray[Any], parts: int, seed: int = 0
) -> list[NDArray[np.int64]]:
    """Divide training rows, stratified by class, without cutting a group.

    Parameters
    ----------
    y : int64 array [N]
        Classes.
    groups : array [N]
        Patient of each row.
    parts : int
        Divisions, from 2; fewer where a class has fewer groups.
    seed : int
        Which division.

    Returns
    -------
    list of int64 array
        Rows to hold out, one array a division; no group is in two of them, and the other rows hold
        every class. Empty where a class has a single group.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> patients = np.array(["a", "a", "b", "c", "d", "d"])
    >>> [rows.tolist() for rows in inner_folds(y, patients, 4)]
    [[2, 4, 5], [0, 1, 3]]
    """
    from sklearn.model_selection import StratifiedGroupKFold

    codes = text_codes(groups)
    kinds = np.unique(y)
    parts = min(parts, *(len(np.unique(codes[y == kind])) for kind in kinds))
    if parts < 2:
        return []
    splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    return [
        held_out
        for rest, held_out in splitter.split(y, y, codes)
        if len(held_out) and len(np.unique(y[rest])) == len(kinds)
    ]


def inner_validation(
    labels: NDArray[Any] | Sequence[str],
    groups: NDArray[Any] | Sequence[str],
    fraction: float = 0.2,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """Choose whole groups for validation, stratified, every class on both sides where possible.

    Parameters
    ----------
    labels, groups : sequence of str [N]
        Class and patient of each training row.
    fraction : float
        Share of rows to set aside, more than 0 and at most 0.5; rounded to whole groups.
    seed : int
        Which division.

    Returns
    -------
    bool array [N]
        True for validation. All False where no division leaves every class on both sides, such as
        when one has a single group.

    Raises
    ------
    UsageError
        If `fraction` is out of range, or there are no rows.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if not 0 < fraction <= 0.5:
        raise UsageError(f"fraction={fraction}; expected more than 0 and at most 0.5")
    if not len(labels):
        raise UsageError("no rows to choose a validation part from")
    y, g = text_codes(labels), text_codes(groups)
    mask = np.zeros(len(y), bool)
    least = min(len(set(g[y == label])) for label in set(y))
    for parts in range(min(round(1 / fraction), least), 1, -1):
        splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
        for _, chosen in splitter.split(y, y, g):
            if set(y[chosen]) == set(np.delete(y, chosen)):
                mask[chosen] = True
                return mask
    return mask


def text_codes(values: NDArray[Any] | Sequence[str]) -> NDArray[np.int64]:
    """Give each value a number, in the order of their text, for scikit-learn's splitters.

    Examples
    --------
    >>> text_codes(["b", "a", "b"]).tolist()
    [1, 0, 1]
    """
    # The splitters refuse labels of dtype object.
    return np.unique(np.asarray(values, dtype=str), return_inverse=True)[1].astype(np.int64)
