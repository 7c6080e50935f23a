"""A second look at two alike thumbnails: the same picture in another contrast, or trimmed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Normalised correlation from which two thumbnails are the same picture.
SAME = 0.99
# Asked of greys that were mapped one way alone: between neighbouring figshare slices, one of them
# with gamma 0.5, that reached 0.9932, and 0.9943 with alignment.
SAME_ONE_WAY = 0.995
# The alignment may stretch by this share and shift by so many thumbnail pixels.
STRETCH = 0.06
SHIFT = 4.0
# Side of the Gaussian that smooths both for the alignment, in thumbnail pixels.
SMOOTH = 3
ADJUSTMENTS = ("", "contrast", "alignment", "contrast and alignment")


def second_look(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[float, int] | None:
    """Tell whether two alike thumbnails are one picture in another contrast, or trimmed, or both.

    Parameters
    ----------
    a, b : float32 array [64, 64]
        Thumbnails in the same orientation.

    Returns
    -------
    similarity : float
        The correlation after the adjustment.
    adjusted : int
        Index into `ADJUSTMENTS`: the least that was needed. None in place of both if not the same.
    """
    similarity = _mapped_correlation(a, b)
    if similarity >= SAME:
        return similarity, ADJUSTMENTS.index("contrast")
    moved = aligned(a, b)
    if moved is None:
        return None
    similarity = _correlation(a, moved)
    if similarity >= SAME:
        return similarity, ADJUSTMENTS.index("alignment")
    similarity = _mapped_correlation(a, moved)
    if similarity >= SAME:
        return similarity, ADJUSTMENTS.index("contrast and alignment")
    return None


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def _mapped_correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlate after the monotone map that gives one picture the other's greys.

    The lower of both ways counts, as greys that are spread out or pressed together may hide a
    difference; but a clipped contrast can only be reproduced from the full one, not undone, so one
    way is enough from `SAME_ONE_WAY`.
    """
    x, y = a.ravel(), b.ravel()
    order_x, order_y = np.argsort(x), np.argsort(y)
    like_y, like_x = np.empty_like(x), np.empty_like(y)
    like_y[order_x] = y[order_y]
    like_x[order_y] = x[order_x]
    low, high = sorted((_correlation(like_y, y), _correlation(x, like_x)))
    return high if high >= SAME_ONE_WAY else low


def aligned(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Move `b` onto `a` by a small affine map (Evangelidis and Psarakis 2008), or return None."""
    import cv2

    start = np.eye(2, 3, dtype=np.float32)
    everywhere = np.ones(a.shape, np.uint8)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 1e-4)
    try:
        _, warp = cv2.findTransformECC(a, b, start, cv2.MOTION_AFFINE, stop, everywhere, SMOOTH)
    except cv2.error:  # it does not converge: not the same picture
        return None
    change = np.abs(warp - np.eye(2, 3))
    if change[:, :2].max() > STRETCH or change[:, 2].max() > SHIFT:
        return None
    # Lanczos: a bilinear shift by half a pixel would blur the copy below the threshold.
    moved = cv2.warpAffine(
        b,
        warp,
        b.shape[::-1],
        flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.float32)
