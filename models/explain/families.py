"""What a decision rests on, by feature family."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Rows that a share is measured on: its error falls no further that a reader would notice.
ROWS = 256


def share_by_family(
    values: NDArray[np.float32], families: Sequence[str], widths: Sequence[int]
) -> dict[str, float]:
    """Sum mean absolute SHAP values by feature family, as shares of all.

    Parameters
    ----------
    values : float32 array [N, K, D]
        From `Classifier.contributions`.
    families : sequence of str
        Names, in the order of the columns.
    widths : sequence of int
        Columns of each; they sum to D.

    Returns
    -------
    dict of str to float
        Shares, which sum to 1; all zero where no column has any part.

    Examples
    --------
    >>> values = np.array([[[1, -1, 2]]], np.float32)
    >>> share_by_family(values, ["hog", "lbp"], [2, 1])
    {'hog': 0.5, 'lbp': 0.5}
    """
    importance = np.abs(values).mean(axis=(0, 1), dtype=np.float64)
    edges = np.concatenate([[0], np.cumsum(widths)])
    sums = [float(importance[a:b].sum()) for a, b in pairwise(edges)]
    whole = sum(sums) or 1.0
    return {name: part / whole for name, part in zip(families, sums, strict=True)}
