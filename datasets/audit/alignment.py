"""Where one picture lies in another: a small affine move of its detail, found and applied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# From its start the alignment may stretch by this share and shift by this share of a side.
STRETCH = 0.06
SHIFT = 1 / 16
# So many times that from where a few keypoints say it is.
ROUGHLY = 3
# Side of the Gaussian that smooths both for the alignment, in pixels, by the size of the pictures.
SMOOTH = {64: 3, 128: 5}
STEPS = {64: 15, 128: 10}

# A picture is smoothed before it is laid on a coarser one, from this spread in pixels.
COARSER = 0.2

Image = NDArray[np.uint8]
Move = NDArray[np.float64]
HERE = np.eye(3)


def aligned(a: Image, b: Image, size: int, begin: Move = HERE) -> Move | None:
    """Find the small affine move that lays `b` on `a` (Evangelidis and Psarakis 2008).

    Parameters
    ----------
    a, b : uint8 array [S, S]
        Two pictures in the same orientation.
    size : int
        Side at which they are looked at, of `SMOOTH`.
    begin : float array [3, 3]
        Where to begin, as returned.

    Returns
    -------
    float array [3, 3] or None
        Takes a point of `a` to that of `b`, both as columns and rows of a unit square; None where
        the search does not converge.
    """
    import cv2

    first, second = (sized(one, size).astype(np.float32) for one in (a, b))
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS[size], 1e-4)
    start = in_pixels(begin, size)[:2].astype(np.float32)
    everywhere = np.full(first.shape, 255, np.uint8)
    try:
        _, warp = cv2.findTransformECC(
            first, second, start, cv2.MOTION_AFFINE, stop, everywhere, SMOOTH[size]
        )
    except cv2.error:  # not the same picture
        return None
    return in_units(np.vstack([warp, [0, 0, 1]]).astype(np.float64), size)


def is_small(move: Move, begin: Move = HERE) -> bool:
    """Whether a move differs from where it began by no more than it may: more from a rough one."""
    change = move @ np.linalg.inv(begin)
    middle = np.array([0.5, 0.5, 1])
    shift = np.abs(change @ middle - middle).max()
    most = 1 if begin is HERE else ROUGHLY
    return bool(np.abs(change - HERE)[:2, :2].max() <= most * STRETCH and shift <= most * SHIFT)


def moved(b: Image, move: Move, shape: tuple[int, int]) -> tuple[NDArray[np.float32], Image]:
    """Lay a picture where another lies.

    Parameters
    ----------
    b : uint8 array [H, W]
        A picture.
    move : float array [3, 3]
        As from `aligned`.
    shape : (int, int)
        Height and width of what comes out.

    Returns
    -------
    float32 array [h, w]
        `b` as seen in the frame of the other picture, its edge continued.
    uint8 array [h, w]
        255 where `b` reaches, 0 elsewhere.
    """
    import cv2

    height, width = shape
    to = np.diag([b.shape[1], b.shape[0], 1.0]) @ move @ np.diag([1 / width, 1 / height, 1])
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    warp = (half @ to @ np.linalg.inv(half))[:2]
    # Where several of its pixels fall on one, their mean counts, as where pictures are shrunk.
    spread = [float(np.sqrt(max(0, step * step - 1) / 12)) for step in np.abs(warp[:, :2]).max(1)]
    values = b.astype(np.float32)
    if max(spread) > COARSER:
        across, down = (max(one, 0.01) for one in spread)
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), across, sigmaY=down), np.float32)
    # Lanczos: a bilinear shift by half a pixel would blur the copy below the threshold.
    seen = cv2.warpAffine(
        values,
        warp,
        (width, height),
        flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    reach = cv2.warpAffine(
        np.full(b.shape, 255, np.uint8),
        warp,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(seen, np.float32), np.where(reach > 250, 255, 0).astype(np.uint8)


def in_pixels(move: Move, size: int) -> Move:
    """Give a move of unit squares in pixels of `size` a side, the first pixel's middle at 0."""
    there = np.array([[size, 0, -0.5], [0, size, -0.5], [0, 0, 1]])
    return np.asarray(there @ move @ np.linalg.inv(there))


def in_units(move: Move, size: int) -> Move:
    """Undo `in_pixels`."""
    there = np.array([[size, 0, -0.5], [0, size, -0.5], [0, 0, 1]])
    return np.asarray(np.linalg.inv(there) @ move @ there)


def flat(move: Move) -> tuple[float, ...]:
    """Give a move as six numbers, row by row, to be kept in a table."""
    return tuple(round(float(v), 5) for v in move[:2].ravel())


def unflat(numbers: Sequence[float]) -> Move:
    """Undo `flat`."""
    return np.vstack([np.reshape(numbers, (2, 3)), [0, 0, 1]])


def sized(image: Image, size: int) -> Image:
    """Give a square picture at another size."""
    import cv2

    if len(image) == size:
        return image
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
