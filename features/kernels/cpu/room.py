"""Where the loops of LBP work: buffers for one strip of an image at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.memory import aligned, lines, pitch_of

# Rows whose patterns stay in the cache while one neighbour after another adds its bit.
STRIP = 64


class Room(NamedTuple):
    """Buffers for one strip at a time; every thread needs its own.

    Attributes
    ----------
    border, margin : int
        Rows of zeros above and below the image, columns of zeros before it.
    pitch, across : int
        How far apart rows of `source` begin, and those of `ring` and `patterns`.
    strip : int
        Rows that are marked at a time.
    turn : int
        Rows of the ring less one; rows are a power of two.
    source : float32 array
        A strip of the image, and what its pixels can see, amid zeros. Greys are whole numbers: half
        the memory holds them exactly, and what is computed of them is computed in double.
    ring : float64 array
        Interpolated rows, at least as many as a circle is high.
    patterns : uint32 or uint64 array
        `strip` rows of patterns, as narrow as their bits allow.
    spans : int64 array [strip, 2]
        First column of each row that is not black, and the first after which all are; 0, 0 if none.
    """

    border: int
    margin: int
    pitch: int
    across: int
    strip: int
    turn: int
    source: NDArray[np.float32]
    ring: NDArray[np.float64]
    patterns: NDArray[np.uint32] | NDArray[np.uint64]
    spans: NDArray[np.int64]


def room_for(width: int, border: int, points: int) -> Room:
    """Allocate buffers for images of this width, and circles of so many points within `border`."""
    margin, across = lines(border), pitch_of(width)
    pitch = pitch_of(margin + width + border + 1)
    ring_rows = 1 << (2 * border + 1).bit_length()
    return Room(
        border,
        margin,
        pitch,
        across,
        STRIP,
        ring_rows - 1,
        aligned((STRIP + 2 * border) * pitch // 2).view(np.float32),
        aligned(ring_rows * across),
        aligned(STRIP * across // 2).view(np.uint32)
        if points <= 32
        else aligned(STRIP * across).view(np.uint64),
        np.zeros((STRIP, 2), np.int64),
    )
