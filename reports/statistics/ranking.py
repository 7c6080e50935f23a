"""How well scores rank: the area under the ROC curve, for many weightings of the same images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Rows x columns of one slab of weights: small enough to stay in a core's cache.
SLAB = 1 << 18


def auc(
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    codes: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Area under the ROC curve, ties counted half.

    Images are sorted once; every weighting then costs one cumulative sum.

    Parameters
    ----------
    scores : float64 array [N]
        Higher means more likely positive.
    positive : bool array [N]
        The truth.
    codes : int64 array [N]
        The group of each image.
    weights : float64 array [B, G]
        What an image of each group counts.

    Returns
    -------
    float64 array [B]
        0 to 1; NaN where either side has no weight.

    Examples
    --------
    >>> scores, positive = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    >>> auc(scores, positive, np.zeros(4, dtype=int), np.ones((1, 1))).tolist()
    [0.75]
    """
    order = np.argsort(scores, kind="stable")
    ranked, is_positive, code = scores[order], positive[order], codes[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    result = np.full(len(weights), np.nan)
    width = max(1, SLAB // max(1, len(scores)))
    for first in range(0, len(weights), width):
        slab = weights[first : first + width].T[code]
        above = np.where(is_positive[:, None], slab, 0.0)
        below = slab - above
        if len(starts) < len(ranked):
            above, below = (np.add.reduceat(a, starts, axis=0) for a in (above, below))
        beaten = np.cumsum(below, axis=0) - below / 2
        pairs = above.sum(0) * below.sum(0)
        won = np.einsum("nb,nb->b", above, beaten)
        np.divide(won, pairs, out=result[first : first + width], where=pairs > 0)
    return result


def auc_by_class(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.int64],
    codes: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """One class against the rest, ``[B, K]``; NaN where the class, or every other, is absent."""
    columns = [
        auc(probabilities[:, k], truth == k, codes, weights) for k in range(probabilities.shape[1])
    ]
    return np.stack(columns, axis=1)


def curves(
    scores: NDArray[np.float64],
    positive: NDArray[np.bool_],
    codes: NDArray[np.int64],
    weights: NDArray[np.float64],
    grid: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ROC and precision-recall curves at fixed places, for many weightings.

    Parameters
    ----------
    scores, positive, codes, weights
        As for `auc`.
    grid : float64 array [M]
        False positive rates of the one, recalls of the other.

    Returns
    -------
    sensitivity, precision : float64 arrays [B, M]
        Sensitivity joined by straight lines; precision where recall first reaches the place,
        without interpolation (Davis and Goadrich 2006). NaN where either side has no weight.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, slab = scores[order], weights.T[codes[order]]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    right = np.where(positive[order][:, None], slab, 0.0)
    above, below = (
        np.cumsum(np.add.reduceat(part, starts, axis=0), axis=0) for part in (right, slab - right)
    )
    sensitivity, precision = (np.full((len(weights), len(grid)), np.nan) for _ in range(2))
    for b in np.flatnonzero((above[-1] > 0) & (below[-1] > 0)):
        hit, false = above[:, b] / above[-1, b], below[:, b] / below[-1, b]
        sensitivity[b] = np.interp(grid, np.r_[0.0, false], np.r_[0.0, hit])
        called = above[:, b] + below[:, b]
        # The first place that calls anything: a threshold above all weight has no precision.
        at = np.maximum(np.searchsorted(hit, grid - 1e-12), np.flatnonzero(called > 0)[0])
        precision[b] = above[at, b] / called[at]
    return sensitivity, precision
