"""The one move that most matches of two pictures agree on: a crop, turned or mirrored.

A crop that lies in one of the eight orientations only stretches and shifts along either axis, so
two matches tell the whole move. All twos are tried, and the move that most others follow is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import Move
from gliaboost.datasets.audit.orientation import ORIENTATIONS

# Matches that must agree on one move, and how well, in unit squares.
AGREEING = 4
OFF = 0.02
# Of each pair so many matches are looked at, the rarest.
MOST = 24
# Two matches tell a stretch where they are this far apart along the axis.
APART = 0.06
# A cropped side keeps at least this part of the other's, and is stretched at most this much more
# along one axis than along the other.
SMALLEST = 0.4
ASPECT = 2.2
# Pairs at a time.
BLOCK = 1024
WAYS = list(ORIENTATIONS.values())


@dataclass(frozen=True, eq=False)
class Agreed:
    """What the matches of a pair agree on.

    Attributes
    ----------
    orientation : int
        Index into `gliaboost.datasets.audit.orientation.NAMES`: what turns the first picture.
    there : float array [3, 3]
        Takes points of the first, once turned, to those of the second, in unit squares.
    score : float
        How many matches agree, those that do so roughly counted in part.
    """

    orientation: int
    there: Move
    score: float


def agreed(
    a: NDArray[np.float32], b: NDArray[np.float32], ends: NDArray[np.int64], mirrored: bool
) -> dict[int, Agreed]:
    """Find the moves on which the matches of pairs agree.

    Parameters
    ----------
    a, b : float32 array [M, 2]
        Where the matches lie in the first picture and in the second; column and row.
    ends : int array [P + 1]
        Pair n has rows ``ends[n]`` to ``ends[n + 1]``, the most telling first.
    mirrored : bool
        Whether the second pictures are mirrored.

    Returns
    -------
    dict of int to Agreed
        By the pair's number; only pairs of which `AGREEING` places agree.

    Examples
    --------
    >>> a = np.array([[0.1, 0.2], [0.5, 0.3], [0.3, 0.9], [0.8, 0.6]], np.float32)
    >>> b = 1.25 * (a - [0.1, 0.1])
    >>> agreed(a, b, np.array([0, 4]), False)[0].there.round(3)[0]
    array([ 1.25 ,  0.   , -0.125])
    """
    counts = np.minimum(np.diff(ends), MOST)
    found: dict[int, Agreed] = {}
    order = np.argsort(counts, kind="stable")
    for start in range(0, len(order), BLOCK):
        pairs = order[start : start + BLOCK]
        width = int(counts[pairs[-1]])
        within = np.arange(width)
        rows = np.minimum(ends[pairs][:, None] + within, len(a) - 1)
        here = within < counts[pairs][:, None]
        found |= _best(a[rows], b[rows], here, mirrored, pairs)
    return found


def _best(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    here: NDArray[np.bool_],
    mirrored: bool,
    pairs: NDArray[np.int64],
) -> dict[int, Agreed]:
    """Try all twos of the matches [P, M] of pairs, and keep the best move of each pair."""
    tried = [_tried(a, b, here, transposed, mirrored) for transposed in (False, True)]
    pair, scale, shift = (np.concatenate([t[i] for t in tried]) for i in range(3))
    transposed = np.repeat([False, True], [len(t[0]) for t in tried])
    if not len(pair):
        return {}
    score = np.empty(len(pair), np.float32)
    for start in range(0, len(pair), 65_536):
        rows = slice(start, start + 65_536)
        off = _off(a, b, pair[rows], scale[rows], shift[rows], transposed[rows])
        score[rows] = (np.maximum(0, 1 - off / OFF) * here[pair[rows]]).sum(axis=1)
    order = np.lexsort((-score, pair))
    top = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
    off = _off(a, b, pair[top], scale[top], shift[top], transposed[top])
    close = (off < OFF) & here[pair[top]]
    found = {}
    for i in np.flatnonzero(close.sum(axis=1) >= AGREEING):
        n = int(pair[top[i]])
        ours = a[n, close[i]]
        if len({(round(float(x), 2), round(float(y), 2)) for x, y in ours}) < AGREEING:
            continue
        swapped = bool(transposed[top[i]])
        move = _fitted(ours[:, ::-1] if swapped else ours, b[n, close[i]], scale[top[i]])
        turned_over = scale[top[i]] < 0
        way = WAYS.index((swapped, bool(turned_over[1]), bool(turned_over[0])))
        found[int(pairs[n])] = Agreed(way, move, float(score[top[i]]))
    return found


def _tried(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    here: NDArray[np.bool_],
    transposed: bool,
    mirrored: bool,
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Give the moves that two matches tell and that a crop may have: pair, stretch, shift."""
    a = a[..., ::-1] if transposed else a
    i, j = np.triu_indices(a.shape[1], 1)
    apart, there = a[:, j] - a[:, i], b[:, j] - b[:, i]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = there / apart
    size = np.abs(scale)
    turned_over = (scale < 0).sum(axis=-1) % 2 == 1
    good = (
        here[:, j]
        & (np.abs(apart).min(axis=-1) > APART)
        & (size.min(axis=-1) > SMALLEST)
        & (size.max(axis=-1) < 1 / SMALLEST)
        & (size.max(axis=-1) < ASPECT * size.min(axis=-1))
        & (turned_over == (transposed != mirrored))
    )
    pair, which = np.nonzero(good)
    pair, scale = pair.astype(np.int64), np.asarray(scale[pair, which], np.float32)
    middle_a = (a[pair, i[which]] + a[pair, j[which]]) / 2
    middle_b = (b[pair, i[which]] + b[pair, j[which]]) / 2
    return pair, scale, np.asarray(middle_b - scale * middle_a, np.float32)


def _off(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    pair: NDArray[np.int64],
    scale: NDArray[np.float32],
    shift: NDArray[np.float32],
    transposed: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Give how far each match of a pair [H, M] lies from where a move takes it."""
    ours = a[pair]
    ours[transposed] = ours[transposed][..., ::-1]
    miss = np.abs(scale[:, None] * ours + shift[:, None] - b[pair])
    return np.asarray(miss.max(axis=-1))


def _fitted(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], scale: NDArray[np.float32]
) -> Move:
    """Fit stretch and shift to the matches that agree, as a move of the picture once turned."""
    move = np.eye(3)
    for axis in (0, 1):
        x, y = ours[:, axis].astype(np.float64), theirs[:, axis].astype(np.float64)
        if scale[axis] < 0:
            x = 1 - x
        spread = x - x.mean()
        size = float(spread @ y / (spread @ spread)) if spread @ spread > 1e-4 else 1.0
        # Few matches close together tell a stretch badly: then that of two far apart counts.
        if not 0.8 < size / abs(float(scale[axis])) < 1.25:
            size = abs(float(scale[axis]))
        move[axis, axis], move[axis, 2] = size, y.mean() - size * x.mean()
    return move
