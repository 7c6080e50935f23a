"""Cropped copies: pictures that share keypoints, however much was cut from either's sides.

A crop has another frame, so nothing that describes the whole picture finds it. SIFT keypoints
(Lowe 2004) describe small places, each turned and scaled to its own measure; a mirrored picture's
are the same numbers in another order. Keypoints of all pictures are dealt into cells, compared
within a cell, and a pair's matches count the more the rarer they are.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gliaboost.datasets.audit.agreement import AGREEING, agreed
from gliaboost.datasets.audit.alignment import Image, Move, sized
from gliaboost.parallel import map_in_order

# Side at which keypoints are looked for, in pixels; how many a picture; how faint they may be.
SIDE = 80
KEYPOINTS = 80
CONTRAST = 0.004
EDGE = 15
# Components of a descriptor that are compared, and the cosine from which two are one place's.
COMPONENTS = 32
ALIKE = 0.84
# Keypoints a cell; a keypoint that this many others match is no sign of a copy.
CELL = 600
COMMON = 40
# So many that what they are compared to in a cell stays in a core's cache.
_AT_ONCE = 256
# Of each picture so many pairs by their matches, and of these so many by what agrees, are kept.
PARTNERS = 16
COMPARED = 3
_limiting = threading.Lock()
MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][:, :, -np.arange(8) % 8].ravel()


@dataclass(frozen=True, eq=False)
class Keypoints:
    """Keypoints of several pictures.

    Attributes
    ----------
    owner : int array [M]
        Which picture each belongs to.
    places : float32 array [M, 2]
        Column and row in a unit square.
    plain, mirrored : float32 array [M, COMPONENTS]
        Descriptors of norm 1, as the picture is and as if it were mirrored.
    """

    owner: NDArray[np.int64]
    places: NDArray[np.float32]
    plain: NDArray[np.float32]
    mirrored: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Crop:
    """A pair that may be one picture, one of the two cropped.

    Attributes
    ----------
    a, b : int
        Pictures.
    orientation : int
        Index into `gliaboost.datasets.audit.orientation.NAMES`: what turns a into b.
    move : float array [3, 3]
        Takes points of a, once turned, to those of b; roughly.
    """

    a: int
    b: int
    orientation: int
    move: Move


def find_keypoints(details: Sequence[Image], jobs: int | None = None) -> Keypoints:
    """Describe the keypoints of pictures, in threads."""
    raw = list(map_in_order(_described, details, jobs=jobs))
    owner = np.repeat(np.arange(len(raw)), [len(places) for places, _ in raw])
    places = np.concatenate([p for p, _ in raw] or [np.empty((0, 2), np.float32)])
    found = np.concatenate([d for _, d in raw] or [np.empty((0, 128), np.uint8)])
    if len(found) < AGREEING:  # no pair, and no directions that they spread in
        owner, places = owner[:0], places[:0]
        nothing = np.empty((0, COMPONENTS), np.float32)
        return Keypoints(owner, places, nothing, nothing)
    sample = _rooted(found[:: max(1, len(found) // 20_000)])
    middle = sample.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov(sample.T) + 1e-9 * np.eye(128))
    main = np.ascontiguousarray(axes[:, -COMPONENTS:], np.float32)
    return Keypoints(
        owner,
        places,
        _reduced(found, middle, main),
        _reduced(found[:, MIRRORED], middle, main),
    )


def parted(keypoints: Keypoints, first: int) -> tuple[Keypoints, Keypoints]:
    """Part the keypoints of the `first` pictures from those of the others, numbered anew."""
    mine = keypoints.owner < first

    def some(rows: NDArray[np.bool_], before: int) -> Keypoints:
        return Keypoints(
            keypoints.owner[rows] - before,
            keypoints.places[rows],
            keypoints.plain[rows],
            keypoints.mirrored[rows],
        )

    return some(mine, 0), some(~mine, first)


def _described(detail: Image) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    import cv2

    sift = cv2.SIFT.create(nfeatures=KEYPOINTS, contrastThreshold=CONTRAST, edgeThreshold=EDGE)
    found, descriptors = sift.detectAndCompute(sized(detail, SIDE), None)
    if descriptors is None:
        return np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8)
    places = np.array([point.pt for point in found], np.float32)
    return (places + np.float32(0.5)) / np.float32(SIDE), descriptors.astype(np.uint8)


def _rooted(descriptors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give descriptors so that their product is Hellinger's (Arandjelovic and Zisserman 2012)."""
    values = descriptors.astype(np.float32)
    values /= np.maximum(values.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.sqrt(values), np.float32)


def _reduced(
    descriptors: NDArray[np.uint8], middle: NDArray[np.float32], main: NDArray[np.float32]
) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(descriptors), 65_536):
        part = (_rooted(descriptors[start : start + 65_536]) - middle) @ main
        parts.append(part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6))
    return np.concatenate(parts)


def find_crops(
    mine: Keypoints, yours: Keypoints | None = None, jobs: int | None = None
) -> list[Crop]:
    """Find pairs of pictures whose keypoints agree on one move.

    Parameters
    ----------
    mine : Keypoints
        From `find_keypoints`.
    yours : Keypoints, optional
        Search these for each of `mine`, in place of `mine` themselves; described together with
        them, so that they are comparable.
    jobs : int, optional
        Threads.

    Returns
    -------
    list of Crop
        The surest `COMPARED` of each picture, ``a`` < ``b`` within one set.
    """
    base = mine if yours is None else yours
    if not len(mine.owner) or not len(base.owner):
        return []
    found: dict[tuple[int, int], tuple[float, Crop]] = {}
    for mirrored in (False, True):
        matched = _pairs(mine, base, mirrored, yours is None, jobs)
        moves = agreed(mine.places[matched.q], base.places[matched.b], matched.ends, mirrored)
        for n, move in moves.items():
            pair = int(matched.first[n]), int(matched.second[n])
            if pair not in found or found[pair][0] < move.score:
                found[pair] = move.score, Crop(*pair, move.orientation, move.there)
    return _surest(found, both_ends=yours is None)


def _surest(found: dict[tuple[int, int], tuple[float, Crop]], both_ends: bool) -> list[Crop]:
    """Keep of each picture the pairs on which most keypoints agree, ordered by their pictures."""
    seen = Counter[int]()
    kept = []
    for pair, (_, crop) in sorted(found.items(), key=lambda one: (-one[1][0], one[0])):
        ends = pair if both_ends else pair[:1]
        if min(seen[end] for end in ends) < COMPARED:
            kept.append(crop)
        seen.update(ends)
    return sorted(kept, key=lambda crop: (crop.a, crop.b))


@dataclass(frozen=True, eq=False)
class _Matched:
    """Pairs of pictures with matches: those of pair n are rows ``ends[n]`` to ``ends[n + 1]``."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    score: NDArray[np.float64]
    ends: NDArray[np.int64]
    q: NDArray[np.int64]
    b: NDArray[np.int64]


def _pairs(
    mine: Keypoints, base: Keypoints, mirrored: bool, within: bool, jobs: int | None
) -> _Matched:
    """Give each picture's best pairs, and the keypoints that match, the rarest first."""
    nothing = np.empty(0, np.int64)
    matched = [(nothing, nothing, nothing.astype(np.float32))]
    matched += _matches(mine.mirrored if mirrored else mine.plain, base.plain, jobs)
    q, b = (np.concatenate([m[i] for m in matched]) for i in (0, 1))
    weight = np.concatenate([m[2] for m in matched])
    if within:  # a pair is found from either side: both votes count
        kept = mine.owner[q] != base.owner[b]
        turn = mine.owner[q] > base.owner[b]
        q, b = np.where(turn, b, q)[kept], np.where(turn, q, b)[kept]
        weight = weight[kept]
    width = int(base.owner.max()) + 1
    pair, at = np.unique(mine.owner[q] * width + base.owner[b], return_inverse=True)
    count = np.bincount(at, minlength=len(pair))
    score = np.bincount(at, weight, len(pair)).astype(np.float64)
    sides = np.divmod(pair, width)
    best = np.zeros(len(pair), bool)
    for side in sides if within else sides[:1]:
        order = np.lexsort((-score, side))
        starts = np.flatnonzero(np.diff(side[order], prepend=-1))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff([*starts, len(order)]))
        best[order[rank < PARTNERS]] = True
    best &= count >= AGREEING
    rows = np.flatnonzero(best[at])
    rows = rows[np.lexsort((-weight[rows], at[rows]))]
    ends = np.concatenate([[0], np.cumsum(count[best])])
    return _Matched(sides[0][best], sides[1][best], score[best], ends, q[rows], b[rows])


_Matches = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]


def _matches(
    asked: NDArray[np.float32], base: NDArray[np.float32], jobs: int | None
) -> Iterator[_Matches]:
    """Match keypoints cell by cell; each one's matches share one vote."""
    cells = max(1, len(base) // CELL)
    chosen = np.random.default_rng(0).choice(len(base), cells, replace=False)
    centres = base[np.sort(chosen)].T
    own = _nearest(base, centres, 1)[:, 0]
    probes = _nearest(asked, centres, min(2, cells))
    order = np.argsort(own, kind="stable")
    bounds = np.searchsorted(own[order], np.arange(cells + 1))
    asking = np.argsort(probes.ravel(), kind="stable")
    asked_bounds = np.searchsorted(probes.ravel()[asking], np.arange(cells + 1))
    asking //= probes.shape[1]

    def matched(cell: int) -> list[_Matches]:
        b = order[bounds[cell] : bounds[cell + 1]]
        there = base[b].T
        found = []
        for start in range(asked_bounds[cell], asked_bounds[cell + 1], _AT_ONCE):
            q = asking[start : min(start + _AT_ONCE, asked_bounds[cell + 1])]
            rows, columns = np.divmod(np.flatnonzero(asked[q] @ there > ALIKE), max(1, len(b)))
            count = np.bincount(rows, minlength=len(q))[rows]
            rare = count <= COMMON
            weight = (1 / count[rare]).astype(np.float32)
            found.append((q[rows[rare]], b[columns[rare]], weight))
        return found

    # These products are small: threads within one wait for each other longer than they compute. The
    # limit is the whole process's, and two that put it back in turns would leave it at one.
    with _limiting, threadpool_limits(1, "blas"):
        for found in map_in_order(matched, range(cells), jobs=jobs):
            yield from found


def _nearest(rows: NDArray[np.float32], centres: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    found = np.empty((len(rows), k), np.int64)
    for start in range(0, len(rows), 8192):
        likeness = rows[start : start + 8192] @ centres
        for i in range(k):
            best = likeness.argmax(axis=1)
            found[start : start + len(best), i] = best
            likeness[np.arange(len(best)), best] = -2
    return found
