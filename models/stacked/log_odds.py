"""Log-odds of heads: a training row's from one that never saw its patient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import Classifier

Rows = NDArray[np.int64]
Matrix = NDArray[np.float32]
# A head is never surer than this: beyond it probabilities are rounding.
LEAST = 1e-6


def log_odds(probabilities: NDArray[np.float64]) -> Matrix:
    """Turn probabilities ``[N, K]`` into each class's log-odds against the others.

    Examples
    --------
    >>> log_odds(np.array([[0.5, 0.5], [0.0, 1.0]])).round(2).tolist()
    [[0.0, 0.0], [-13.819999694824219, 13.819999694824219]]
    """
    p = np.clip(probabilities, LEAST, 1 - LEAST)
    return np.asarray(np.log(p / (1 - p)), np.float32)


def out_of_fold(
    head: Callable[[], Classifier],
    X: Matrix,
    y: NDArray[np.int64],
    groups: NDArray[np.object_],
    held_out: Sequence[Rows],
) -> Matrix:
    """Give training rows the log-odds of heads that were fitted without their part.

    Parameters
    ----------
    head : callable
        Makes a head that is not fitted.
    X : float32 array [N, D]
        Columns of one family.
    y : int64 array [N]
        Classes.
    groups : array [N]
        Patients; whatever a head chooses, it chooses by them.
    held_out : sequence of int64 array
        Rows of each part, no patient in two of them; the rows beside a part hold every class.

    Returns
    -------
    float32 array [N, K]
        NaN for rows of no part.
    """
    found = np.full((len(y), len(np.unique(y))), np.nan, np.float32)
    for part in held_out:
        rest = np.setdiff1d(np.arange(len(y)), part)
        fitted = head().fit(X[rest], y[rest], groups=groups[rest])
        found[part] = log_odds(fitted.predict_proba(X[part]))
    return found
