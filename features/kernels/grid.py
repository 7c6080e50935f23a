"""Cells of an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError


def grid_edges(
    shape: tuple[int, ...], grid: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut an image into cells of nearly equal size.

    Returns
    -------
    ys, xs : int64 arrays [rows + 1], [columns + 1]
        Cell k spans edges k to k + 1: ``k * H // rows``.

    Raises
    ------
    UsageError
        If there are more cells than pixels along an axis.
    """
    for cells, pixels in zip(grid, shape, strict=True):
        if not 1 <= cells <= pixels:
            raise UsageError(
                f"a grid of {grid[0]} x {grid[1]} cells on images of {shape[0]} x {shape[1]} "
                "pixels; expected at least one cell, and no more than pixels, along each axis"
            )
    ys, xs = (
        np.arange(cells + 1, dtype=np.int64) * pixels // cells
        for cells, pixels in zip(grid, shape, strict=True)
    )
    return ys, xs
