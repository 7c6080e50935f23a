"""One picture or two? Differences of a pair place by place, once it is aligned.

The whole picture's correlation cannot tell a copy from the next slice of the same head: on CT the
skull is most of it, and neighbours reach 0.998. So the two are correlated in small windows, each
with its own mean and spread: what recompressing, resizing, trimming or another contrast leave is
small everywhere, while between neighbours some places differ. Of thin slices seen in a wide window
these may be few: then their edges tell (see `gliaboost.datasets.audit.displacement`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import (
    HERE,
    SMOOTH,
    STRETCH,
    Image,
    Move,
    aligned,
    is_small,
    moved,
    sized,
)
from gliaboost.datasets.audit.displacement import displacement

# Local correlation that nine of ten places reach, from which a pair is one picture. Of planted
# copies the worst have 0.994; slices 2 mm apart in a brain window at most 0.991.
SAME = 0.992
# Bone in a wide window is that alike 1.5 mm apart too. So where one place in fifty agrees no better
# than this, and edges are apart by this part of a pixel, the two are neighbours all the same. Both
# were chosen on slices of one head CT and one T1: `benchmarks/neighbours.py` counts what they do.
WORST = 0.993
APART = 0.02
# Neighbours reach this correlation as a whole, and this one at eight of ten places: of slices of
# two patients the most alike have 0.54 there, of one patient hardly any less than 0.6.
ALIKE = 0.96
BESIDE = 0.6
# Pairs that correlate less after a rough alignment are not looked at in detail.
ROUGH = 0.95
# Of pairs that are no less alike than this as they are, an alignment may not be needed.
UNMOVED = 0.985
# Nor where what was found moves and stretches by less than this.
STILL = 0.02
# Gaussian that takes away what compression and resizing change, and side of a window, in pixels.
BLUR = 1.2
WINDOW = 9
# Pixels at the frame's edge that are left out.
EDGE = 2
# Variance in grey levels below which a window shows nothing but noise.
NOISE = 16.0
# Where the second shows less than this of the first's area a pixel, it is laid under the first:
# what was cropped has the finer pixels, and is seen as coarse as the whole.
SMALLER = 0.9
# Two pictures must share this part of the first.
LEAST = 1 / 8
# Where fewer windows show something, the whole picture's correlation must be this high.
WINDOWS = 60
SAME_AS_A_WHOLE = 0.995

ADJUSTMENTS = (
    "",
    "contrast",
    "alignment",
    "contrast and alignment",
    "crop",
    "contrast and crop",
)


@dataclass(frozen=True, eq=False)
class Likeness:
    """How alike two pictures are.

    Attributes
    ----------
    same : bool
        Whether they are one picture; if not, they are neighbours.
    similarity : float
        Correlation of the whole pictures after the adjustment, -1 to 1.
    agreement : float
        Local correlation that nine of ten places reach, -1 to 1: how sure it is.
    adjusted : int
        Index into `ADJUSTMENTS`: what the likeness needed.
    move : float array [3, 3]
        Takes points of the first to those of the second (see
        `gliaboost.datasets.audit.alignment.aligned`).
    """

    same: bool
    similarity: float
    agreement: float
    adjusted: int
    move: Move


def compare(a: Image, b: Image, start: Move = HERE) -> Likeness | None:
    """Tell whether two pictures are one, or neighbours, or neither.

    Parameters
    ----------
    a, b : uint8 array [S, S]
        Both in the same orientation.
    start : float array [3, 3]
        Where `b` roughly lies in `a`.

    Returns
    -------
    Likeness or None
        None if they are no more alike than pictures of two patients.
    """
    if start is not HERE and np.linalg.det(start) < SMALLER:
        seen = compare(b, a, np.asarray(np.linalg.inv(start)))
        return seen and replace(seen, move=np.asarray(np.linalg.inv(seen.move)))
    if start is HERE and correlation(a.astype(np.float32), b.astype(np.float32)) >= UNMOVED:
        seen = _looked_at(a, b, HERE)
        if seen is not None and seen.same:
            return seen
    rough, fine = sorted(SMOOTH)
    move = aligned(a, b, rough, start)
    if move is None or not is_small(move, start) or not _is_promising(a, b, rough, move):
        return None
    move = aligned(a, b, fine, move)
    if move is None or not is_small(move, start):
        return None
    seen = _looked_at(a, b, move)
    if seen is not None and not seen.same and seen.agreement >= SAME:
        # Another contrast draws an alignment aside: once more, in the other's greys.
        first, second, inside = _laid(a, b, move)
        greys = np.clip(np.rint(matched_greys(first, second, inside)[0][0]), 0, 255)
        again = aligned(greys.astype(np.uint8), b, fine, move)
        if again is not None and is_small(again, start):
            closer = _looked_at(a, b, again)
            seen = closer if closer is not None and closer.same else seen
    if seen is not None and _is_still(move):
        there = _looked_at(a, b, HERE)
        return there if there is not None and there.same else seen
    return seen


def _is_still(move: Move) -> bool:
    """Whether a move is so small that it may come from a change of contrast alone."""
    return bool(np.abs(move - HERE).max() < STILL)


def _is_promising(a: Image, b: Image, size: int, move: Move) -> bool:
    first, second, inside = _laid(sized(a, size), sized(b, size), move)
    if correlation(first[inside], second[inside]) >= ROUGH:
        return True
    mapped = matched_greys(first, second, inside)
    return any(correlation(x[inside], y[inside]) >= ROUGH for x, y in mapped)


def _looked_at(a: Image, b: Image, move: Move) -> Likeness | None:
    first, second, inside = _laid(a, b, move)
    if inside.mean() < LEAST:
        return None
    kept: tuple[bool, float, float, float, bool] | None = None
    for x, y in _ways(first, second, inside):
        whole = correlation(x[inside], y[inside])
        if whole < ALIKE:
            continue
        same, low, most = _places(x, y, inside, whole)
        if kept is None or (same, low) > kept[:2]:
            kept = same, low, most, whole, x is not first or y is not second
        if not kept[4] and same:
            break  # the greys need no mapping
    if kept is None:
        return None
    same, low, most, whole, mapped = kept
    if not same and most < BESIDE:
        return None
    scale = np.abs(np.linalg.norm(move[:2, :2], axis=0) - 1).max()
    how = 0 if move is HERE else 2 if scale <= STRETCH else 4
    return Likeness(same, min(1.0, whole), min(1.0, low), how + mapped, move)


def _ways(
    first: NDArray[np.float32], second: NDArray[np.float32], inside: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Give the pictures as they are; where that is not enough, each in the other's greys."""
    yield first, second
    yield from matched_greys(first, second, inside)


def _laid(
    a: Image, b: Image, move: Move
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Lay one picture on the other, and say where both are, edges left out."""
    if move is HERE:
        second, inside = b.astype(np.float32), np.ones(b.shape, bool)
    else:
        second, reach = moved(b, move, (a.shape[0], a.shape[1]))
        inside = reach > 0
    inside[:EDGE] = inside[-EDGE:] = inside[:, :EDGE] = inside[:, -EDGE:] = False
    return a.astype(np.float32), second, inside


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlate two arrays of one shape; 0 where one of them is even."""
    if not a.size:
        return 0.0
    x, y = a.ravel() - a.mean(), b.ravel() - b.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else 0.0


def _places(
    x: NDArray[np.float32], y: NDArray[np.float32], inside: NDArray[np.bool_], whole: float
) -> tuple[bool, float, float]:
    """Tell whether all places agree, and which correlation nine and eight of ten windows reach."""
    import cv2

    # A window that reaches beyond the second picture compares what is not there.
    reach = np.pad(inside[EDGE:-EDGE, EDGE:-EDGE], EDGE, mode="edge").astype(np.uint8)
    clear = cv2.erode(reach, np.ones((WINDOW + 4, WINDOW + 4), np.uint8)) > 0
    inside = inside & clear
    x, y = (np.asarray(cv2.GaussianBlur(one, (0, 0), BLUR), np.float32) for one in (x, y))

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        around = cv2.boxFilter(values, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_REFLECT)
        return np.asarray(around, np.float32)[inside]

    mean_x, mean_y = mean(x), mean(y)
    var_x = np.maximum(mean(x * x) - mean_x * mean_x, 0)
    var_y = np.maximum(mean(y * y) - mean_y * mean_y, 0)
    together = mean(x * y) - mean_x * mean_y
    spread = np.sqrt(var_x * var_y)
    # A place that shows something in one of the two alone counts too.
    shows = np.maximum(var_x, var_y) > 2.25 * NOISE
    if shows.sum() < WINDOWS:
        return (True, 1.0, 1.0) if whole >= SAME_AS_A_WHOLE else (False, 0.0, 0.0)
    local = (together[shows] + NOISE) / (spread[shows] + NOISE)
    worst, low, most = (float(one) for one in np.quantile(local, [0.02, 0.1, 0.2]))
    same = low >= SAME and (worst > WORST or displacement(x, y, inside) < APART)
    return same, low, most


def matched_greys(
    x: NDArray[np.float32], y: NDArray[np.float32], inside: NDArray[np.bool_]
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Give each picture the other's greys, in order of its own (a monotone change of contrast).

    A clipped contrast can be made from the full one but not undone: so both ways are given.

    Parameters
    ----------
    x, y : float32 array [H, W]
        Two pictures, grey levels of 0 to 255.
    inside : bool array [H, W]
        Where both are; nothing else is counted.

    Returns
    -------
    list of two pairs of float32 array [H, W]
        The first picture changed, beside the second; the first beside the second changed.
    """
    levels_x, levels_y = (np.clip(np.rint(one), 0, 255).astype(np.uint8) for one in (x, y))
    count_x, count_y = (
        np.bincount(one[inside], minlength=256).astype(np.float64) for one in (levels_x, levels_y)
    )
    return [
        (_greys_of(count_x, count_y)[levels_x], y),
        (x, _greys_of(count_y, count_x)[levels_y]),
    ]


def _greys_of(own: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give each of 256 levels the mean of the other picture's greys that have the same ranks."""
    edges = np.concatenate([[0], np.cumsum(own)])
    ranks = np.concatenate([[0], np.cumsum(others)])
    sums = np.concatenate([[0], np.cumsum(others * np.arange(256))])
    upto = np.interp(edges, ranks, sums)
    middles = np.interp((edges[:-1] + edges[1:]) / 2, ranks, np.arange(257) - 0.5)
    means = np.where(own > 0, np.diff(upto) / np.maximum(own, 1), middles)
    return np.asarray(means, np.float32)
