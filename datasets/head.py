"""Where on a slice the head is, and what else is bright there: burnt-in text, markers, a scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.prepare import bright

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

# Gaps up to this share of the shorter side, as between scalp and brain, are closed.
GAP = 1 / 50
# Features at the rim look a little beyond it; so far the head is widened.
RIM = 1 / 64
# Marks are widened by about a cell of HOG: what it sees there are the letters, not the air.
AROUND = 1 / 16


def head(image: Image) -> Mask:
    """Find the head: the largest bright component with all that it encloses.

    Parameters
    ----------
    image : uint8 array [H, W]
        A slice on dark ground.

    Returns
    -------
    bool array [H, W]
        Widened by a rim; the whole picture where nothing stands out.

    Examples
    --------
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[16:48, 16:48] = 200
    >>> image[28:36, 28:36] = 0
    >>> bool(head(image)[20:44, 20:44].all()), bool(head(image)[:10].any())
    (True, False)
    """
    import cv2

    closed = _closed(bright(image))
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        return np.ones(image.shape, bool)
    largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    alone = (labels == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(alone, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(image.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return _widened(filled > 0, RIM)


def marks(image: Image, inside: Mask) -> Mask:
    """Find what is bright outside the head.

    Parameters
    ----------
    image : uint8 array [H, W]
        The slice.
    inside : bool array [H, W]
        From `head`.

    Returns
    -------
    bool array [H, W]
        With what lies close around; never within `inside`.
    """
    outside: Mask = ~inside
    return _widened((bright(image, smooth=False) > 0) & outside, AROUND) & outside


def _closed(mask: Image) -> Image:
    import cv2

    side = _odd(GAP * min(mask.shape))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # On a frame of darkness, or the closing would fill the picture's edge.
    padded = cv2.morphologyEx(np.pad(mask, side), cv2.MORPH_CLOSE, disc)
    return np.asarray(padded[side:-side, side:-side], np.uint8)


def _widened(mask: Mask, by: float) -> Mask:
    import cv2

    side = _odd(2 * by * min(mask.shape))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc), np.uint8) > 0


def _odd(length: float) -> int:
    return max(3, round(length) | 1)
