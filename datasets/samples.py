"""Samples as a file holds them, of any number type, to grey levels and to a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

# ITU-R BT.601 as whole parts of 65,536, the same that Pillow uses: equal channels stay exact.
_LUMA = np.array([19595, 38470, 7471]) / 65536
# Samples that are turned into floats at once: bounds the memory, whatever the picture's size.
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Samples:
    """A picture in the numbers of its file.

    Attributes
    ----------
    values : array [H, W, C]
        C is 1, grey, or 3, colour; integers or floats of any width.
    alpha : array [H, W], optional
        How much of the picture is seen, 0 to the type's largest number (floats: to 1).
    white_is_zero : bool
        Whether the smallest number is white.
    """

    values: NDArray[Any]
    alpha: NDArray[Any] | None = None
    white_is_zero: bool = False


def grey_levels(samples: Samples) -> NDArray[np.uint8]:
    """Scale linearly from the picture's own minimum and maximum to 0 and 255.

    Colour becomes luma first, and alpha is composited on black. What is no number is black; a
    picture of one value is black.

    Returns
    -------
    uint8 array [H, W]

    Examples
    --------
    >>> grey_levels(Samples(np.array([[[-3], [0], [7]]], np.int8))).tolist()
    [[0, 76, 255]]
    """
    height, width = samples.values.shape[:2]
    grey = np.zeros((height, width), np.uint8)
    if samples.alpha is not None and samples.alpha.min() == _largest(samples.alpha):
        samples = replace(samples, alpha=None)
    origin = _origin(samples)
    low, high = np.inf, -np.inf
    for rows in _blocks(samples):
        values = _luma(samples, rows, origin)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if not low < high:
        return grey
    for rows in _blocks(samples):
        values = _luma(samples, rows, origin)
        with np.errstate(over="ignore", invalid="ignore"):  # floats may span more than a float
            scaled = np.clip(np.nan_to_num((values - low) / (high - low), nan=0.0), 0, 1)
        grey[rows] = np.rint(scaled * 255).astype(np.uint8)
    return 255 - grey if samples.white_is_zero else grey


def mask_of(samples: Samples) -> NDArray[np.bool_]:
    """Tell which samples are not black, in any channel, however small their number is.

    Returns
    -------
    bool array [H, W]

    Examples
    --------
    >>> mask_of(Samples(np.array([[[0], [1], [900]]], np.uint16))).tolist()
    [[False, True, True]]
    """
    values = samples.values
    if samples.white_is_zero:
        # As it is shown: the darkest that is used is black; a picture of one value, by its type.
        black = values.max() if values.min() < values.max() else _largest(values)
        inside = (values != black).any(axis=2)
    elif values.dtype.kind == "f":
        inside = (np.nan_to_num(values, nan=0.0) != 0).any(axis=2)
    else:
        inside = values.any(axis=2)
    alpha = samples.alpha
    if alpha is None or alpha.min() == alpha.max():
        return np.asarray(inside)
    # A mask may be drawn in alpha alone, over one colour.
    drawn = inside if inside.any() else np.ones_like(inside)
    return np.asarray(drawn & (alpha > 0))


def _blocks(samples: Samples) -> Iterator[slice]:
    height, width, channels = samples.values.shape
    rows = max(1, _BLOCK // max(1, width * channels))
    for first in range(0, height, rows):
        yield slice(first, first + rows)


def _origin(samples: Samples) -> int:
    """Find the integer to subtract first: floats hold no differences of large 64-bit numbers."""
    values = samples.values
    wide = values.dtype.kind in "iu" and values.dtype.itemsize == 8
    return int(values.min()) if wide and values.shape[2] == 1 and samples.alpha is None else 0


def _luma(samples: Samples, rows: slice, origin: int) -> NDArray[np.float64]:
    values = samples.values[rows]
    if origin:  # the difference fits in 64 bits without a sign
        offset = np.uint64(origin & (2**64 - 1))
        values = values.astype(np.uint64) - offset
    floats = values.astype(np.float64)
    luma = floats[..., 0] if floats.shape[2] == 1 else floats @ _LUMA
    alpha = samples.alpha
    if alpha is not None:
        seen = alpha[rows].astype(np.float64) / _largest(alpha)
        with np.errstate(invalid="ignore"):  # infinity that is not seen
            luma = np.where(seen > 0, luma * seen, 0.0)
    return np.asarray(luma)


def _largest(values: NDArray[Any]) -> float:
    return 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
