"""Resampling of what is independent, patients mostly: so that is what is drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights = NDArray[np.float64]
RESAMPLES = 2000


def group_codes(groups: Sequence[Any] | ArrayLike) -> tuple[NDArray[np.int64], int]:
    """Return each row's group as a number; a row without one is a group of its own.

    Parameters
    ----------
    groups : sequence [N]
        Names, usually patients; None, NaN or an empty text is no name.

    Returns
    -------
    codes : int64 array [N]
        From 0, named groups first in the order of their sorted names.
    count : int
        How many there are.

    Examples
    --------
    >>> codes, count = group_codes(["b", "a", None, "b", None])
    >>> codes.tolist(), count
    ([1, 0, 2, 1, 3], 4)
    """
    names = list(np.asarray(groups, dtype=object))
    named = [not (name is None or name != name or name == "") for name in names]
    order = {
        name: i
        for i, name in enumerate(sorted({str(n) for n, k in zip(names, named, strict=True) if k}))
    }
    count = len(order)
    codes = np.empty(len(names), dtype=np.int64)
    for row, (name, known) in enumerate(zip(names, named, strict=True)):
        if known:
            codes[row] = order[str(name)]
        else:
            codes[row] = count
            count += 1
    return codes, count


def resamples(n_groups: int, n_boot: int, seed: int) -> Weights:
    """Draw groups with replacement, as many as there are; say how often each was drawn.

    The same arguments give the same draws, so two experiments over the same groups are paired.

    Returns
    -------
    float64 array [n_boot, n_groups]
        Whole numbers; each row adds up to `n_groups`.

    References
    ----------
    Field and Welsh, "Bootstrapping clustered data", J. R. Stat. Soc. B 69 (2007).
    """
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=n_boot)
    return counts.astype(np.float64)


def interval(values: ArrayLike, tail: float = 0.025) -> tuple[float, float] | None:
    """Return the percentile interval of bootstrapped values.

    Parameters
    ----------
    values : array [n_boot]
        NaN where a resample left the number undefined; such resamples are dropped.
    tail : float
        Share of the values below, and above, the interval: 0.025 for 95 %.

    Returns
    -------
    (low, high) or None
        None where no resample defines the number.

    Examples
    --------
    >>> interval(range(1001))
    (25.0, 975.0)
    """
    kept = np.asarray(values, dtype=np.float64)
    kept = kept[~np.isnan(kept)]
    if not len(kept):
        return None
    low, high = np.quantile(kept, [tail, 1 - tail])
    return float(low), float(high)


def sums(codes: NDArray[np.int64], count: int, values: ArrayLike) -> NDArray[np.float64]:
    """Add up rows by group, ``[N, ...]`` -> ``float64 [count, ...]``."""
    array = np.asarray(values, dtype=np.float64)
    total = np.zeros((count, *array.shape[1:]))
    np.add.at(total, codes, array)
    return total
