"""How far the edges of one picture lie beside those of another, place by place.

A copy has its edges where the original has them, however it was recompressed, resized or
brightened. The next slice of a thin-sliced volume may agree with it everywhere, as bone shown in a
wide window does, but its edges are shifted by a part of a pixel, here one way and there another.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Side of a place, in pixels.
PLACE = 9
# Energy of slopes a pixel from which a place has an edge, in grey levels squared.
EDGE = 60.0
# What is reached by one of five places with an edge.
MOST = 0.8


def displacement(
    x: NDArray[np.float32], y: NDArray[np.float32], inside: NDArray[np.bool_]
) -> float:
    """Give by how much the edges of two pictures that lie on each other are apart.

    The difference of the two in each place, less its mean, is fitted by a shift along the place's
    main slope (Lucas and Kanade 1981), and the shift counts by the square root of the share of the
    difference that it explains: compression noise is explained by no shift. Lower than the true
    shift, more so where slopes are steep, but comparable between pictures that are smoothed alike.

    Parameters
    ----------
    x, y : float32 array [H, W]
        Smoothed pictures, grey levels of 0 to 255.
    inside : bool array [H, W]
        Middles of the places that are looked at.

    Returns
    -------
    float
        Some pixels, which four of five places with an edge stay below; 0 where there are none.

    Examples
    --------
    >>> row, column = np.mgrid[:64, :64]
    >>> discs = [20 + 180 / (1 + np.exp(np.hypot(row - 32, column - s) - 20)) for s in (32, 32.1)]
    >>> x, y = (one.astype(np.float32) for one in discs)
    >>> everywhere = np.ones(x.shape, bool)
    >>> displacement(x, x, everywhere), 0.02 < displacement(x, y, everywhere) < 0.1
    (0.0, True)
    """
    down, across = (np.asarray(one, np.float32) for one in np.gradient((x + y) / 2))
    rest = y - x
    rest = rest - _mean(rest)
    xx, xy, yy = _mean(across * across), _mean(across * down), _mean(down * down)
    along = (xx + yy) / 2 + np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    edges = inside & (along > EDGE)
    if not edges.any():
        return 0.0
    xx, xy, yy, along = xx[edges], xy[edges], yy[edges], along[edges]
    turn = np.arctan2(2 * xy, xx - yy) / 2
    slope = np.cos(turn) * _mean(across * rest)[edges] + np.sin(turn) * _mean(down * rest)[edges]
    energy = np.maximum(_mean(rest * rest)[edges], 1e-3)
    explained = np.minimum(slope * slope / along / energy, 1)
    return float(np.quantile(np.abs(slope) / along * np.sqrt(explained), MOST))


def _mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    around = cv2.boxFilter(values, -1, (PLACE, PLACE), borderType=cv2.BORDER_REFLECT)
    return np.asarray(around, np.float32)
