"""Dense gradient descriptors of one image: shares of directions in Gaussian cells, by scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.fisher.layout import BLOCK, DIRECTIONS, LENGTH, Axis, layout
from gliaboost.features.kernels.cpu.descriptors import direction_maps, gathered

Floats = NDArray[np.float32]
# Columns beside a descriptor: place down and across, log magnitude, grey.
BESIDE = 4
# Grey levels a pixel: what lies below is ground, where directions are noise.
LEAST = 1.0


class Descriptors(NamedTuple):
    """The descriptors of an image that hold some gradient.

    Attributes
    ----------
    shares : float32 array [n, 128]
        Roots of shares, each row of length 1.
    beside : float32 array [n, 4]
        Place down and across as shares of the image, log(1 + mean magnitude), grey from 0 to 1.
    """

    shares: Floats
    beside: Floats


def describe(image: NDArray[np.uint8], stride: int, cells: tuple[float, ...]) -> Descriptors:
    """Describe the gradients around the points of a grid.

    Parameters
    ----------
    image : uint8 array [H, W]
    stride : int
        Pixels from one descriptor to the next.
    cells : tuple of float
        Pixels from one of a descriptor's 4 x 4 cells to the next, by scale.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    >>> describe(noise, 8, (4, 8)).shares.shape
    (128, 128)
    """
    height, width = image.shape
    maps = direction_maps(image, DIRECTIONS, BLOCK)
    shares, beside = [], []
    for down, across in layout(height, width, stride, cells):
        pooled = _pooled(maps, down, across)
        own, told = gathered(pooled, down.cells, across.cells, LEAST)
        shares.append(own)
        beside.append(_beside(told, down, across, height, width))
    return Descriptors(np.concatenate(shares), np.concatenate(beside))


def _pooled(maps: Floats, down: Axis, across: Axis) -> Floats:
    """Weigh blocks down, then across: ``[cells down, directions + 1, cells across]``."""
    rows, kinds, columns = maps.shape
    first = down.weights @ maps.reshape(rows, kinds * columns)
    second = first.reshape(-1, columns) @ across.weights.T
    pooled = second.reshape(len(down.weights), kinds, len(across.weights))
    return np.asarray(pooled, np.float32)


def _beside(told: Floats, down: Axis, across: Axis, height: int, width: int) -> Floats:
    out = np.empty((len(told), BESIDE), np.float32)
    out[:, 0] = down.centres[told[:, 0].astype(np.int64)] / np.float32(height)
    out[:, 1] = across.centres[told[:, 1].astype(np.int64)] / np.float32(width)
    out[:, 2] = np.log1p(told[:, 2])
    out[:, 3] = told[:, 3] / np.float32(255)
    return out


def no_descriptors() -> Descriptors:
    """Give the descriptors of an image without gradients.

    Examples
    --------
    >>> no_descriptors().shares.shape
    (0, 128)
    """
    return Descriptors(np.empty((0, LENGTH), np.float32), np.empty((0, BESIDE), np.float32))
