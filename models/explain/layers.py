"""An explanation over its picture, as strong as a reader wants it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.explain.attribution import Explanation
from gliaboost.models.explain.overlay import AGAINST, FOR, overlay
from gliaboost.models.explain.picture import HEAD, PART, trace

# Pixels of a side: small pictures are enlarged, so that a screen does not do it worse.
SIDE = 512


def layered(explanation: Explanation, opacity: float, *, side: int = SIDE) -> NDArray[np.uint8]:
    """Draw what speaks for the class and against it over the picture.

    Parameters
    ----------
    explanation : Explanation
        From `gliaboost.models.explain.attribution.explain`.
    opacity : float
        0 to 1; at 0 the picture alone, without any line.
    side : int
        Pixels.

    Returns
    -------
    uint8 array [side, side, 3]
        RGB. The head's outline is white, that of a part which the columns look at is yellow.
    """
    drawn = enlarged(overlay(explanation.image, explanation.heat, opacity), side)
    if opacity <= 0:
        return drawn
    if explanation.ground is not None and not explanation.ground.head.all():
        trace(drawn, explanation.ground.head, HEAD)
    for outline in explanation.outlines:
        trace(drawn, outline.mask, PART)
    return drawn


def enlarged(picture: NDArray[np.uint8], side: int = SIDE) -> NDArray[np.uint8]:
    """Scale a picture, ``[H, W]`` or ``[H, W, 3]``, so that its longer side is so many pixels.

    Examples
    --------
    >>> enlarged(np.zeros((4, 8), np.uint8), 16).shape
    (8, 16)
    """
    import cv2

    scale = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def key_of(explanation: Explanation) -> list[tuple[tuple[int, int, int], str]]:
    """Say what the colours mean, each red-green-blue, from one end of the key to the other.

    Examples
    --------
    >>> image, heat = np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.float32)
    >>> key_of(Explanation(image, heat, "glioma", {}, {"hog": 1.0}, 1.0))
    [((40, 110, 230), 'against glioma'), ((230, 130, 0), 'for glioma')]
    """
    said = explanation.predicted
    if not explanation.families:
        return [((70, 70, 70), "no weight"), (FOR, f"most weight for {said}")]
    return [(AGAINST, f"against {said}"), (FOR, f"for {said}")]
