"""A map of evidence over its image: orange for the predicted class, blue against it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Told apart by all kinds of colour vision; red-green-blue.
FOR, AGAINST = (230, 130, 0), (40, 110, 230)
# Share of the colour where the map is strongest.
OPACITY = 0.6


def overlay(
    image: NDArray[np.uint8], heat: NDArray[np.float32], opacity: float = OPACITY
) -> NDArray[np.uint8]:
    """Draw a map over its image.

    Parameters
    ----------
    image : uint8 array [S, S]
        Greys.
    heat : float32 array [S, S]
        Above 0 for the predicted class, below against it.
    opacity : float
        Share of the colour where the map is strongest, 0 to 1.

    Returns
    -------
    uint8 array [S, S, 3]
        RGB.
    """
    import cv2

    smooth: Any = cv2.GaussianBlur(heat, (0, 0), image.shape[0] / 64)
    most = float(np.abs(smooth).max()) or 1.0
    return tinted(image, smooth / most, opacity)


def tinted(
    greys: NDArray[np.uint8], strength: NDArray[np.floating], opacity: float = OPACITY
) -> NDArray[np.uint8]:
    """Tint greys by strengths of -1 (against) to 1 (for): uint8 array [..., 3], RGB.

    Examples
    --------
    >>> tinted(np.array([100], np.uint8), np.array([0.0])).tolist()
    [[100, 100, 100]]
    """
    share = np.abs(strength)[..., None] ** 0.7 * opacity
    colour = np.where(strength[..., None] > 0, np.array(FOR, float), np.array(AGAINST, float))
    return np.asarray(np.rint(greys[..., None] * (1 - share) + colour * share), np.uint8)
