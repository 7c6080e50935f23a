"""Where dense descriptors lie, and how a Gaussian cell weighs the pixels around its centre."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

# Votes are summed by blocks of so many pixels a side first: a cell's Gaussian is far wider.
BLOCK = 2
# A descriptor has so many cells a side, so many directions a cell.
SIDE, DIRECTIONS = 4, 8
LENGTH = SIDE * SIDE * DIRECTIONS
# Standard deviation of a cell's Gaussian, in distances of cells.
SIGMA = 0.5


class Axis(NamedTuple):
    """Descriptors of one scale along one side of an image.

    Attributes
    ----------
    centres : float32 array [n]
        Of the descriptors, in pixels.
    weights : float32 array [p, blocks]
        What each cell takes of each block; neighbours share cells where these fall together.
    cells : int64 array [n, SIDE]
        Which of the p cells each descriptor has.
    """

    centres: NDArray[np.float32]
    weights: NDArray[np.float32]
    cells: NDArray[np.int64]


def axis(length: int, stride: int, cell: float) -> Axis:
    """Lay descriptors along a side of `length` pixels, as far from one end as from the other.

    Cells that lie beyond the edge take what of their Gaussian lies inside.

    Examples
    --------
    >>> line = axis(256, stride=10, cell=5)
    >>> line.centres[[0, -1]].tolist(), line.weights.shape
    ([7.5, 247.5], (52, 128))
    """
    count = max(1, length // stride)
    centres = (length - 1) / 2 + (np.arange(count) - (count - 1) / 2) * stride
    wanted = centres[:, None] + (np.arange(SIDE) - (SIDE - 1) / 2) * cell
    places, cells = np.unique(wanted.round(6), return_inverse=True)
    blocks = np.arange(-(-length // BLOCK)) * BLOCK + (BLOCK - 1) / 2
    sigma = SIGMA * cell
    apart = (blocks - places[:, None]) / sigma
    weights = np.exp(-apart * apart / 2) / (sigma * math.sqrt(2 * math.pi))
    return Axis(centres.astype(np.float32), weights.astype(np.float32), cells.reshape(wanted.shape))


class Scale(NamedTuple):
    """Descriptors of one scale over an image: every pair of `down` and `across`."""

    down: Axis
    across: Axis


@functools.lru_cache(maxsize=32)
def layout(height: int, width: int, stride: int, cells: tuple[float, ...]) -> tuple[Scale, ...]:
    """Lay descriptors over an image, a scale for each distance of cells.

    Examples
    --------
    >>> scales = layout(256, 256, 10, (5, 10, 15))
    >>> sum(len(s.down.centres) * len(s.across.centres) for s in scales)
    1875
    """
    return tuple(Scale(axis(height, stride, c), axis(width, stride, c)) for c in cells)


def check_layout(stride: int, cells: Sequence[float]) -> tuple[float, ...]:
    """Read the distances of cells, or say what is wrong with them or the stride.

    Raises
    ------
    UsageError
        If a number is too small, or a distance comes twice.
    """
    faults = [] if stride >= 1 else [f"stride={stride}, expected 1 pixel or more"]
    small = [c for c in cells if not (math.isfinite(c) and c >= BLOCK)]
    if small or not len(cells):
        faults.append(f"cells={list(cells)}, expected distances of {BLOCK} pixels or more")
    if len(set(cells)) != len(cells):
        faults.append(f"cells={list(cells)}, expected none twice")
    if faults:
        raise UsageError(f"fisher: {'; '.join(faults)}")
    return tuple(float(c) for c in cells)
