"""What the LBP kernels of both devices share: circles, and how patterns are counted."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

METHODS = ("default", "ror", "uniform", "nri_uniform", "var")
MOST_POINTS = 64
# A table of codes by pattern serves up to here; beyond, 2 ** points is too many histogram bins.
MOST_TABLED_POINTS = 16
# Variances of uint8 lie below 2 ** 14.
VARIANCE_BINS = 15


def check_circle(points: int, radius: float, method: str) -> None:
    """Refuse circles and methods that have no pattern."""
    if method not in METHODS:
        raise UsageError(f"no LBP method {method!r}; the methods are: {', '.join(METHODS)}")
    most = MOST_POINTS - 1 if method in ("default", "ror") else MOST_POINTS
    if not 1 <= points <= most:
        raise UsageError(f"{points} LBP points with method {method!r}; expected 1 to {most}")
    if not 0 < radius <= 1000:
        raise UsageError(f"an LBP radius of {radius} pixels; expected more than 0, at most 1000")


class Circle(NamedTuple):
    """Where the neighbours of every row and column of an image lie.

    Attributes
    ----------
    border : int
        How far the circle reaches, in whole pixels.
    corners : int64 array [points, 4]
        Row and column offset of the upper left pixel, and how far (0 or 1) the lower right is.
    row_fractions, column_fractions : float64 arrays [points, H], [points, W]
        Weight of the lower, and of the right pixels. They differ in their last bits between rows,
        as scikit-image takes the fraction of ``row + offset``.
    whole : int64 array
        Neighbours that lie on a pixel.
    starts, members : int64 arrays
        The others, grouped by column offset: group g has ``members[starts[g]:starts[g + 1]]``.
    """

    border: int
    corners: NDArray[np.int64]
    row_fractions: NDArray[np.float64]
    column_fractions: NDArray[np.float64]
    whole: NDArray[np.int64]
    starts: NDArray[np.int64]
    members: NDArray[np.int64]


@functools.lru_cache(maxsize=32)
def sampling(height: int, width: int, points: int, radius: float) -> Circle:
    """Place the neighbours: anticlockwise from the right, rounded to five decimals."""
    angles = 2 * np.pi * np.arange(points, dtype=np.float64) / points
    dy, dx = np.round(-radius * np.sin(angles), 5), np.round(radius * np.cos(angles), 5)
    ys = np.arange(height) + dy[:, None]
    xs = np.arange(width) + dx[:, None]
    corners = [np.floor(dy), np.floor(dx), np.ceil(dy) - np.floor(dy), np.ceil(dx) - np.floor(dx)]
    between = (dy != np.floor(dy)) | (dx != np.floor(dx))
    members = np.argsort(dx, kind="stable")
    members = members[between[members]]
    starts = [i for i in range(len(members)) if i == 0 or dx[members[i]] != dx[members[i - 1]]]
    return Circle(
        int(np.ceil(np.abs([dy, dx])).max()),
        np.stack(corners, 1).astype(np.int64),
        ys - np.floor(ys),
        xs - np.floor(xs),
        np.flatnonzero(~between).astype(np.int64),
        np.array([*starts, len(members)], np.int64),
        members.astype(np.int64),
    )


def histogram_bins(points: int, method: str) -> int:
    """Count the bins of one cell's histogram.

    Raises
    ------
    UsageError
        If the method is unknown, or has too many patterns to count at this number of points.
    """
    if method in ("default", "ror") and points > MOST_TABLED_POINTS:
        raise UsageError(
            f"{points} points make 2 ** {points} {method!r} patterns, too many for a histogram; "
            f"expected at most {MOST_TABLED_POINTS}, or method 'uniform'"
        )
    if method == "default":
        return 1 << points
    if method == "ror":
        return int(ror_classes(points).max()) + 1
    if method == "uniform":
        return points + 2
    if method == "nri_uniform":
        return points * (points - 1) + 3
    if method == "var":
        return VARIANCE_BINS
    raise UsageError(f"no LBP method {method!r}; the methods are: {', '.join(METHODS)}")


@functools.lru_cache(maxsize=8)
def ror_classes(points: int) -> NDArray[np.int64]:
    """Give patterns that are rotations of one another one number: int64 [2 ** points]."""
    patterns = np.arange(1 << points, dtype=np.int64)
    least = patterns.copy()
    for k in range(1, points):
        rotated = (patterns >> k) | (patterns << (points - k)) & ((1 << points) - 1)
        least = np.minimum(least, rotated)
    return np.unique(least, return_inverse=True)[1].astype(np.int64)
