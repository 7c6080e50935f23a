"""Which way up a picture is, as its EXIF says."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.tiff_directories import read_directories

TAG = 0x0112


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror an array [H, W, ...] as EXIF's orientation asks; others than 1 to 8, as is.

    Examples
    --------
    >>> upright(np.array([[1, 2], [3, 4]]), 6).tolist()
    [[3, 1], [4, 2]]
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def exif_orientation(exif: bytes | None) -> int:
    """Read the orientation from an Exif block; 1, upright, where there is none or it is damaged."""
    if exif is None:
        return 1
    # Exif is a TIFF without a picture; Pillow's reader would warn of all else in it.
    try:
        tags = next(read_directories(exif.removeprefix(b"Exif\0\0")), {})
    except ValueError:
        return 1
    return tags.get(TAG, (1,))[0]
