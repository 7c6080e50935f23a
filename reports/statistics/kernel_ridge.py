"""A learner that answers for many labellings of the same rows at the price of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Share of the median squared distance at which two rows are no longer alike.
WIDTH = 0.25
RIDGE = 0.1
# Of the rows whose distances tell the median.
LOOKED_AT = 1000
# Labellings in one product of matrices.
AT_ONCE = 64


def likeness(columns: NDArray[np.float32]) -> Floats:
    """Say how alike rows are, 1 for copies, by a Gaussian of their standardised columns.

    Parameters
    ----------
    columns : float32 array [N, D]
        NaN counts as the column's mean.

    Returns
    -------
    float32 array [N, N]
    """
    known = np.maximum((~np.isnan(columns)).sum(axis=0), 1)
    centre = (np.nansum(columns, axis=0, dtype=np.float64) / known).astype(np.float32)
    scaled = np.nan_to_num(columns - centre)
    scaled /= np.maximum(np.sqrt(np.mean(scaled**2, axis=0)), 1e-9)
    squares = (scaled**2).sum(1)
    distance = squares[:, None] + squares[None] - 2 * scaled @ scaled.T
    step = max(1, len(columns) // LOOKED_AT)
    some = distance[::step, ::step]
    typical = float(np.median(some[~np.eye(len(some), dtype=bool)])) if len(some) > 1 else 1.0
    alike: Floats = np.exp(-np.maximum(distance, 0) / max(typical * WIDTH, 1e-9))
    return alike


def answers(
    alike: Floats,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    labellings: NDArray[np.int64],
    classes: int,
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Learn each labelling of the training rows by kernel ridge regression; answer for the test.

    Classes weigh alike, however rare. What is solved depends on the rows alone, so that a thousand
    labellings cost little more than one.

    Parameters
    ----------
    alike : float32 array [N, N]
        From `likeness`.
    train, test : int64 arrays
        Rows.
    labellings : int64 array [L, N]
        Classes by number.
    classes : int
        How many there are.
    weight : float array [N], optional
        What a row counts in the share of its class. Copies of a row teach hardly more than the row
        alone: where each counts in full, a class of many copies is answered too seldom.

    Returns
    -------
    int64 array [L, len(test)]
        A class that a labelling lacks in training is never answered.

    References
    ----------
    Saunders, Gammerman and Vovk, "Ridge regression learning algorithm in dual variables", ICML
    1998.
    """
    from scipy.linalg import cho_factor, cho_solve

    system = alike[np.ix_(train, train)]
    system[np.diag_indices_from(system)] += RIDGE
    weights = cho_solve(
        cho_factor(system, lower=True, overwrite_a=True, check_finite=False),
        alike[np.ix_(train, test)],
        check_finite=False,
    )
    counted = np.ones(len(train)) if weight is None else weight[train]
    counted = (counted / counted.sum()).astype(np.float32)
    given = []
    for some in np.array_split(labellings[:, train], -(-len(labellings) // AT_ONCE)):
        one = (some.T[:, :, None] == np.arange(classes)).astype(np.float32)
        share = np.tensordot(counted, one, axes=1)
        one = (one - share) / np.where(share > 0, share, 1)
        scores = (weights.T @ one.reshape(len(train), -1)).reshape(len(test), *share.shape)
        given.append(np.where(share > 0, scores, -np.inf).argmax(2).T)
    return np.concatenate(given)
