"""What every row of a training may bring besides its label: a weight and a group."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.errors import UsageError
from gliaboost.few import few


def row_weights(weights: ArrayLike | None, rows: int) -> NDArray[np.float64]:
    """Return a weight a row, 1 where nobody gives any; refuse what is none."""
    if weights is None:
        return np.ones(rows)
    array = np.asarray(weights, dtype=np.float64)
    if array.shape != (rows,):
        raise UsageError(f"sample_weight of shape {array.shape}; expected ({rows},)")
    if not (np.isfinite(array).all() and (array >= 0).all() and array.any()):
        raise UsageError(
            "sample_weight holds a negative or infinite value, or nothing but zeros; expected "
            "numbers from 0, some above"
        )
    return array


def row_groups(groups: ArrayLike | None, rows: int) -> NDArray[Any]:
    """Return a group a row, each by itself where nobody names any; refuse rows without one."""
    if groups is None:
        return np.arange(rows)
    array = np.asarray(groups, dtype=object)
    if array.shape != (rows,):
        raise UsageError(f"groups of shape {array.shape}; expected one a row, ({rows},)")
    missing = np.flatnonzero([g is None or g != g for g in array])
    if len(missing):
        raise UsageError(
            f"{len(missing)} row(s) have no group (first: row {missing[0]}); without one a patient "
            "could be on both sides of early stopping"
        )
    return array


def refuse_infinite(X: NDArray[np.float32], names: ArrayLike | None = None, first: int = 0) -> None:
    """Refuse columns that hold infinity; a missing value may be NaN.

    Parameters
    ----------
    X : float32 array [N, D]
    names : sequence of str [D], optional
        Of the columns.
    first : int
        Number of the first of these rows, where they are some of many.

    Raises
    ------
    UsageError
        Naming the columns and the first row.
    """
    # A sum is one pass without a temporary; only where it is not finite is a mask made.
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(X.sum(dtype=np.float64)):
            return
    bad = np.isinf(X)
    if not bad.any():
        return
    columns = np.flatnonzero(bad.any(axis=0))
    known = None if names is None else np.asarray(names)
    named = (f"column {i}" if known is None else known[i] for i in columns)
    raise UsageError(
        f"X contains infinity, or a value too large for float32, in {few(named, 5)} "
        f"(first in row {first + int(np.flatnonzero(bad.any(axis=1))[0])}); a missing value may be "
        "NaN"
    )
