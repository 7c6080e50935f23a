"""A second look at two alike thumbnails: the same picture in another contrast, or trimmed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAME = 0.99
# The alignment may stretch by this share and shift by so many thumbnail pixels.
STRETCH = 0.06
SHIFT = 4.0
# Side of the Gaussian that smooths both for the alignment, in thumbnail pixels.
SMOOTH = 3
ADJUSTMENTS = ("", "contrast", "alignment")


def adjusted_similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, int]:
    """Correlate two thumbnails after mapping the greys of one, then after aligning them too.

    Parameters
    ----------
    a, b : float32 array [64, 64]
        Thumbnails in the same orientation.

    Returns
    -------
    similarity : float
        The correlation of the first adjustment that reaches `SAME`, else the highest.
    adjusted : int
        Index into `ADJUSTMENTS`.
    """
    by_contrast = _mapped_similarity(a, b)
    if by_contrast >= SAME:
        return by_contrast, 1
    moved = aligned(a, b)
    if moved is None:
        return by_contrast, 1
    by_place = max(_correlation(a, moved), _mapped_similarity(a, moved))
    return max((by_contrast, 1), (by_place, 2))


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def _mapped_similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlate after the monotone map that gives one picture the other's greys, either way.

    Either way, for a clipped contrast can be reproduced from the full one, not undone.
    """
    x, y = a.ravel(), b.ravel()
    order_x, order_y = np.argsort(x), np.argsort(y)
    like_y, like_x = np.empty_like(x), np.empty_like(y)
    like_y[order_x] = y[order_y]
    like_x[order_y] = x[order_x]
    return max(_correlation(like_y, y), _correlation(x, like_x))


def aligned(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Move `b` onto `a` by a small affine map (Evangelidis and Psarakis 2008), or return None."""
    import cv2

    start = np.eye(2, 3, dtype=np.float32)
    everywhere = np.ones(a.shape, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, warp = cv2.findTransformECC(a, b, start, cv2.MOTION_AFFINE, stop, everywhere, SMOOTH)
    except cv2.error:  # it does not converge: not the same picture
        return None
    change = np.abs(warp - np.eye(2, 3))
    if change[:, :2].max() > STRETCH or change[:, 2].max() > SHIFT:
        return None
    moved = cv2.warpAffine(
        b,
        warp,
        b.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return moved.astype(np.float32, copy=False)
