"""Numbers that tell planes apart: the head's shape, and which way edges run where in it."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.head import head

Map = NDArray[np.float32]

# In pixels: the longer sides of the picture that the head is found on, and of the head that is
# measured, and a side of the maps that its box is stretched to.
SIDE, HEAD, CELLS = 128, 96, 32
# Lowest cosine frequencies that are kept, down and across.
LOW = 6
SMOOTH = 1.0


def plane_measures(image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """Measure a slice.

    The same for a picture and its mirror image, and nearly so at any size, on a wider ground, and
    for a brighter or paler one: the head is brought to one size, and greys are ranks within it. The
    picture is taken to be upright: crown or forehead on top.

    Parameters
    ----------
    image : uint8 array [H, W]
        A slice on dark ground.

    Returns
    -------
    float32 array [D] or None
        As `measure_names` says; None where nothing stands out of the ground.

    Examples
    --------
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[8:56, 16:48] = 200
    >>> measures = plane_measures(image)
    >>> round(float(measures[0]), 2), plane_measures(np.zeros((64, 64), np.uint8))
    (0.37, None)
    """
    import cv2

    if not image.size or image.min() == image.max():
        return None
    small = _scaled(image, SIDE)
    found = head(small)
    box, cut = _box(found, small.shape), _box(found, image.shape)
    greys = _scaled(image[cut], HEAD)
    way = cv2.INTER_AREA if max(found[box].shape) >= HEAD else cv2.INTER_LINEAR
    share = cv2.resize(found[box].astype(np.float32), greys.shape[::-1], interpolation=way)
    inside = np.asarray(share >= 0.5)
    if not inside.any():
        return None
    ranks = np.where(inside, _ranks(greys, inside), 0).astype(np.float32)
    calm = cv2.GaussianBlur(ranks, (0, 0), SMOOTH)
    across, down = cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)
    # A cosine and a sine of twice an edge's angle: opposite edges, as of a thin line, are alike.
    steepness = np.hypot(across, down) + np.float32(1e-3)
    upright = _low(((across * across - down * down) / steepness).astype(np.float32))
    slanting = _low((2 * across * down / steepness).astype(np.float32))
    # A mirror turns the signs of slanting edges, and those of odd frequencies across.
    upright[:, 1::2] = np.abs(upright[:, 1::2])
    slanting[:, ::2] = np.abs(slanting[:, ::2])
    aspect = np.log(inside.shape[0] / inside.shape[1])
    return np.concatenate([[aspect], upright.ravel(), slanting.ravel()]).astype(np.float32)


@functools.cache
def measure_names() -> tuple[str, ...]:
    """Name what `plane_measures` measures, in order.

    Examples
    --------
    >>> measure_names()[:2], len(measure_names())
    (('aspect', 'upright_y0_x0'), 73)
    """
    places = [f"y{y}_x{x}" for y in range(LOW) for x in range(LOW)]
    return ("aspect", *(f"{name}_{at}" for name in ("upright", "slanting") for at in places))


def _box(found: NDArray[np.bool_], shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Give the head's box on the picture of another size that it was found on."""
    sides = []
    for axis, length in enumerate(shape):
        places = np.flatnonzero(found.any(axis=1 - axis))
        factor = length / found.shape[axis]
        sides.append(slice(int(places[0] * factor), math.ceil((places[-1] + 1) * factor)))
    return sides[0], sides[1]


def _scaled(image: NDArray[np.uint8], longer: int) -> NDArray[np.uint8]:
    import cv2

    factor = longer / max(image.shape)
    height, width = (max(2, round(side * factor)) for side in image.shape)
    way = cv2.INTER_AREA if factor <= 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=way), np.uint8)


def _ranks(greys: NDArray[np.uint8], inside: NDArray[np.bool_]) -> Map:
    """Share of the head's pixels that are darker, ties by half."""
    counts = np.bincount(greys[inside], minlength=256)
    below = np.cumsum(counts) - counts / 2
    return np.asarray((below / counts.sum()).astype(np.float32)[greys])


def _low(values: Map) -> Map:
    """Give the lowest cosine frequencies of a map that is stretched to a square."""
    import cv2

    way = cv2.INTER_AREA if min(values.shape) >= CELLS else cv2.INTER_LINEAR
    square = cv2.resize(values, (CELLS, CELLS), interpolation=way)
    return np.array(cv2.dct(square)[:LOW, :LOW] / CELLS, np.float32)
