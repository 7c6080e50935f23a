"""A region against what lies around it: contrast, and how sure its outline is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Box = tuple[slice, slice]

# How far around a region its surroundings reach, in pixels.
RING = 5


def brightness(
    part: Mask, box: Box, mask: Mask, image: NDArray[np.uint8] | None
) -> tuple[float | None, float | None]:
    """Measure how bright a region is, and how much brighter than its surroundings.

    Parameters
    ----------
    part : bool array [h, w]
        The region within its box.
    box : (rows, columns)
        Where it lies.
    mask : bool array [H, W]
        The whole mask, whose other components are no surroundings.
    image : uint8 array [H, W], optional
        Greys.

    Returns
    -------
    mean : float or None
        Of the greys inside; None without an image.
    contrast : float or None
        The same minus the mean of what lies outside of the mask within `RING` pixels; None where
        nothing does.
    """
    from scipy import ndimage

    if image is None:
        return None, None
    inside = float(image[box][part].mean())
    region, wide = _widened(part, box, RING, mask.shape)
    around = (ndimage.distance_transform_edt(~region) <= RING) & ~mask[wide]
    if not around.any():
        return inside, None
    return inside, inside - float(image[wide][around].mean())


def rim_entropy(
    part: Mask, box: Box, probability: NDArray[np.floating[Any]] | None
) -> float | None:
    """Measure how unsure an outline is.

    Parameters
    ----------
    part : bool array [h, w]
        The region within its box.
    box : (rows, columns)
        Where it lies.
    probability : float array [H, W], optional
        0 to 1.

    Returns
    -------
    float or None
        Mean entropy in bits of the pixels that share a side with the outline, inside and outside;
        None without probabilities or without an outline.
    """
    from scipy import ndimage
    from scipy.special import entr

    if probability is None:
        return None
    region, wide = _widened(part, box, 1, probability.shape)
    # What lies beyond the picture's edge counts as neither inside nor outside.
    rim = ndimage.binary_dilation(region) & ~ndimage.binary_erosion(region, border_value=1)
    if not rim.any():
        return None
    p = probability[wide][rim].astype(np.float64)
    return float(((entr(p) + entr(1 - p)) / np.log(2)).mean())


def _widened(part: Mask, box: Box, by: int, shape: tuple[int, ...]) -> tuple[Mask, Box]:
    """Cut a region with some pixels around, as far as the picture reaches."""
    wide, room = [], []
    for side, length in zip(box, shape, strict=True):
        start, stop = max(0, side.start - by), min(length, side.stop + by)
        wide.append(slice(start, stop))
        room.append((side.start - start, stop - side.stop))
    return np.pad(part, room), (wide[0], wide[1])
