"""Numbers that follow from a confusion matrix, for one matrix or a stack of them.

Matrices are ``[..., K, K]``: rows are the true classes, columns the predicted ones; entries are
counts or weights. All numbers agree with scikit-learn's, which takes one matrix at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def confusions(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    n_classes: int,
    codes: NDArray[np.int64],
    n_groups: int,
) -> Array:
    """Count one matrix a group.

    Parameters
    ----------
    truth, predicted : int64 arrays [N]
        Classes by number.
    n_classes : int
        K.
    codes : int64 array [N]
        The group of each row.
    n_groups : int
        G.

    Returns
    -------
    float64 array [G, K, K]
    """
    cell = (codes * n_classes + truth) * n_classes + predicted
    counts = np.bincount(cell, minlength=n_groups * n_classes * n_classes)
    return counts.reshape(n_groups, n_classes, n_classes).astype(np.float64)


def accuracy(matrix: Array) -> Array:
    """Share on the diagonal, ``[...]``; NaN for an empty matrix."""
    return _ratio(_diagonal(matrix).sum(-1), matrix.sum((-1, -2)))


def recall(matrix: Array) -> Array:
    """Recall (sensitivity) by class, ``[..., K]``; NaN for a class without images."""
    return _ratio(_diagonal(matrix), matrix.sum(-1))


def precision(matrix: Array) -> Array:
    """Precision (positive predictive value) by class, ``[..., K]``; NaN for one never predicted."""
    return _ratio(_diagonal(matrix), matrix.sum(-2))


def specificity(matrix: Array) -> Array:
    """Share of the other classes' images that are not called this class, ``[..., K]``."""
    total = matrix.sum((-1, -2))[..., None]
    others = total - matrix.sum(-1)
    return _ratio(others - (matrix.sum(-2) - _diagonal(matrix)), others)


def f1(matrix: Array) -> Array:
    """F1 by class, ``[..., K]``; NaN for a class neither there nor predicted."""
    return _ratio(2 * _diagonal(matrix), matrix.sum(-1) + matrix.sum(-2))


def balanced_accuracy(matrix: Array) -> Array:
    """Mean recall over the classes that have images, ``[...]``."""
    return _mean(recall(matrix))


def macro_f1(matrix: Array) -> Array:
    """Mean F1 over the classes that are there or predicted, ``[...]``."""
    return _mean(f1(matrix))


def matthews(matrix: Array) -> Array:
    """Matthews correlation for K classes, ``[...]``, -1 to 1; 0 where one side is constant.

    References
    ----------
    Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
    Comput. Biol. Chem. 28 (2004).
    """
    true, called = matrix.sum(-1), matrix.sum(-2)
    total = matrix.sum((-1, -2))
    shared = _diagonal(matrix).sum(-1) * total - (true * called).sum(-1)
    spread = (total**2 - (true**2).sum(-1)) * (total**2 - (called**2).sum(-1))
    value = np.where(spread > 0, shared / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)
    return np.where(total > 0, value, np.nan)


SUMMARIES = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
    "mcc": matthews,
}
BY_CLASS = {"precision": precision, "recall": recall, "specificity": specificity, "f1": f1}


def _diagonal(matrix: Array) -> Array:
    return np.diagonal(matrix, axis1=-2, axis2=-1)


def _ratio(part: Any, whole: Any) -> Array:
    known = np.asarray(whole) > 0
    return np.where(known, part / np.where(known, whole, 1), np.nan)


def _mean(values: Array) -> Array:
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0).sum(-1), known.sum(-1))
