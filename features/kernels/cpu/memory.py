"""Memory as the compiled loops want it: batches in order, buffers aligned and well spaced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

# Doubles in a cache line, the width of the widest vector.
LINE = 8


def lines(count: int) -> int:
    """Round a number of doubles up to whole cache lines."""
    return -(-count // LINE) * LINE


def pitch_of(width: int) -> int:
    """Choose how far apart rows of doubles begin: whole cache lines, and some more.

    Rows whose addresses agree in their low 12 bits make loads wait for unrelated stores; images
    are often 256 or 512 wide, which would do just that.
    """
    return lines(width) + 3 * LINE


def aligned(count: int) -> NDArray[np.float64]:
    """Return `count` doubles of 0 that begin on a cache line: no vector load straddles two."""
    doubles = np.zeros(count + LINE)
    start = (-doubles.ctypes.data // doubles.itemsize) % LINE
    return doubles[start : start + count]


def batch(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return images as one writable block, so that every call runs the same compiled loops.

    Raises
    ------
    UsageError
        If they are not ``uint8 [N, H, W]``.
    """
    if images.ndim != 3 or images.dtype != np.uint8:
        raise UsageError(
            f"images of shape {list(images.shape)} and dtype {images.dtype}; "
            "expected uint8 [N, H, W]"
        )
    return np.require(images, None, ["C", "W"])
