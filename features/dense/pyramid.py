"""Maps of one image at several strides, and their columns at any place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.compiled import entry


@dataclass(frozen=True, eq=False)
class Pyramid:
    """Maps of one image.

    Attributes
    ----------
    levels : tuple of float16 array [h, w, C]
        Each spans the whole image; half precision, as many images are held at once.
    """

    levels: tuple[NDArray[np.float16], ...]

    @property
    def width(self) -> int:
        """Columns in all."""
        return sum(level.shape[2] for level in self.levels)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(level.nbytes for level in self.levels)

    def at(self, y: NDArray[np.float32], x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Interpolate all levels bilinearly at some places.

        Parameters
        ----------
        y, x : float32 array [n]
            Shares of the image's height and width, 0 to 1: pixel i of n has its middle at
            ``(i + 0.5) / n``. Beyond the middles of the outermost cells their values hold.

        Returns
        -------
        float32 array [n, D]
            The levels' columns side by side.

        Examples
        --------
        >>> level = np.array([[[1.0], [3.0]]], np.float16)
        >>> half = np.array([0.5, 0.5], np.float32)
        >>> Pyramid((level,)).at(half, np.array([0.5, 1.0], np.float32)).tolist()
        [[2.0], [3.0]]
        """
        columns = np.empty((len(y), self.width), np.float32)
        start = 0
        for level in self.levels:
            stop = start + level.shape[2]
            _interpolate(single(level), y, x, columns[:, start:stop])
            start = stop
        return columns


def joined(pyramids: Sequence[Pyramid]) -> Pyramid:
    """Put several pyramids of one image together."""
    return Pyramid(tuple(level for pyramid in pyramids for level in pyramid.levels))


def half(maps: Sequence[NDArray[np.float32]]) -> NDArray[np.float16]:
    """Stack maps ``[h, w]`` to a level; what half precision cannot hold becomes its largest."""
    most = float(np.finfo(np.float16).max)
    return np.clip(np.stack(maps, axis=-1), -most, most).astype(np.float16)


def single(level: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bring a level to single precision, bit for bit as NumPy does and some nine times sooner.

    Examples
    --------
    >>> single(np.array([[[0.5, -2.0]]], np.float16)).tolist()
    [[[0.5, -2.0]]]
    """
    if level.dtype != np.float16:
        return np.asarray(level, np.float32)
    import cv2

    # OpenCV calls half precision by the integers that have its bits.
    bits = np.ascontiguousarray(level).view(np.int16).reshape(len(level), -1)
    return np.asarray(cv2.convertFp16(bits), np.float32).reshape(level.shape)


@entry
def _interpolate(level: Any, ys: Any, xs: Any, columns: Any) -> None:
    height, width, count = level.shape
    for n in range(len(ys)):
        y = min(max(ys[n] * height - np.float32(0.5), np.float32(0)), np.float32(height - 1))
        x = min(max(xs[n] * width - np.float32(0.5), np.float32(0)), np.float32(width - 1))
        top, left = int(y), int(x)
        below, behind = min(top + 1, height - 1), min(left + 1, width - 1)
        down, across = y - np.float32(top), x - np.float32(left)
        a = (1 - down) * (1 - across)
        b = (1 - down) * across
        c = down * (1 - across)
        d = down * across
        for k in range(count):
            columns[n, k] = (
                a * level[top, left, k]
                + b * level[top, behind, k]
                + c * level[below, left, k]
                + d * level[below, behind, k]
            )
