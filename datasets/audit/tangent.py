"""Which pairs may be laid on each other at all: a cheap look before each is searched in detail.

A small move changes a picture, to first order, by a sum of its slopes: along columns and rows, and
each of these times the place (Simard et al. 1993, "tangent distance"). So how much of one picture
is explained by another, however that is moved a little, is one projection of a coarse view. It is
no lower for copies and neighbours than `EXPLAINED`; most pairs that are alike by chance lie below.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import Image, sized
from gliaboost.datasets.audit.orientation import INVERSE, NAMES, turned

# Side and Gaussian of the view, in pixels: moves stay below the blur.
SIDE = 16
BLUR = 0.7
# Share of a picture's variance that the other explains. Of pairs that turn out to be one picture
# or neighbours fewer than 1 in 200 have less, all of them moved by 4 % or more.
EXPLAINED = 0.985
# Pictures whose slopes are held at once.
BLOCK = 1024


def may_align(
    mine: Sequence[Image],
    yours: Sequence[Image],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    orientation: NDArray[np.int8],
) -> NDArray[np.bool_]:
    """Tell which pairs are alike enough, up to a small move, to be compared in detail.

    Parameters
    ----------
    mine, yours : sequence of uint8 array [S, S]
        Pictures.
    a, b : int array [M]
        Pairs: rows of `mine` and of `yours`.
    orientation : int8 array [M]
        What turns a into b.

    Returns
    -------
    bool array [M]

    Examples
    --------
    >>> import cv2
    >>> x = cv2.GaussianBlur(np.random.default_rng(0).random((128, 128)) * 255, (0, 0), 9)
    >>> x = cv2.normalize(x, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    >>> both = [x, np.roll(x, 2, axis=1), x.T.copy()]
    >>> may_align(both, both, np.array([0, 0]), np.array([1, 2]), np.zeros(2, np.int8)).tolist()
    [True, False]
    """
    first = _views(mine)
    second = first if yours is mine else _views(yours)
    forth = _explained(first, second, a, b, orientation)
    back = _explained(second, first, b, a, INVERSE[orientation])
    return np.maximum(forth, back) >= EXPLAINED


def _views(details: Sequence[Image]) -> NDArray[np.float32]:
    import cv2

    views = np.empty((len(details), SIDE, SIDE), np.float32)
    for i, one in enumerate(details):
        views[i] = cv2.GaussianBlur(sized(one, SIDE).astype(np.float32), (0, 0), BLUR)
    return views


def _explained(
    seen: NDArray[np.float32],
    moving: NDArray[np.float32],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    orientation: NDArray[np.int8],
) -> NDArray[np.float32]:
    """Give the share of each turned a that b explains, moved and in another linear contrast."""
    share = np.empty(len(a), np.float32)
    block = b // BLOCK
    order = np.argsort(block, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        if not len(rows):
            continue
        start = int(block[rows[0]]) * BLOCK
        slopes = _slopes(moving[start : start + BLOCK])
        for g in range(len(NAMES)):
            some = rows[orientation[rows] == g]
            one = turned(seen[a[some]], g).reshape(len(some), SIDE * SIDE)
            one = one - one.mean(axis=1, keepdims=True)
            parts = np.matmul(one[:, None], slopes[b[some] - start])[:, 0]
            variance = np.maximum((one * one).sum(axis=1), 1e-6)
            share[some] = (parts * parts).sum(axis=1) / variance
    return share


def _slopes(views: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give what a picture and its small moves span, as orthonormal columns [N, SIDE * SIDE, 8]."""
    down, across = np.gradient(views, axis=(1, 2))
    place = (np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2) / SIDE
    x, y = place[None, None, :], place[None, :, None]
    parts = (
        np.ones_like(views),
        views,
        across,
        down,
        across * x,
        across * y,
        down * x,
        down * y,
    )
    columns = np.stack(parts, axis=-1).reshape(len(views), SIDE * SIDE, len(parts))
    return np.asarray(np.linalg.qr(columns)[0], np.float32)
