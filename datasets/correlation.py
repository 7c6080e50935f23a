"""The same picture twice: exact search among thumbnails, in all eight orientations.

Two pictures are the same when their 64 x 64 thumbnails correlate at `SAME` or above in one of the
eight orientations of a square. All such pairs are found: a thumbnail's correlation is at most
that of its `LOW` x `LOW` lowest cosine frequencies plus the product of what these leave out
(Cauchy-Schwarz), so a matrix product of short descriptors discards almost every pair safely, and
what remains is correlated whole. Pairs somewhat below are looked at again: with one picture's greys
mapped monotonously onto the other's (a changed contrast), and after a small affine alignment (a
trimmed margin).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost._compat import available_cores
from gliaboost.datasets.alignment import SAME, second_look
from gliaboost.datasets.pictures import THUMBNAIL

# From here to SAME a pair is looked at again.
ALIKE = 0.90
# So many alike pictures of each are looked at again, the most alike first.
PARTNERS = 4
# Lowest cosine frequencies a side that describe a thumbnail.
LOW = 12
# Rows taken at once, and products of rows: they bound the memory.
BLOCK = 256
PRODUCTS = 2_560_000
# What float16 thumbnails and float32 products may lose.
SLACK = 1e-3
# Beyond so many pairs only those are kept that hold the clusters together.
MANY = 1_000_000

# Orientation of b seen from a: (transpose, then turn rows over, then turn columns over).
ORIENTATIONS: dict[str, tuple[bool, bool, bool]] = {
    "same": (False, False, False),
    "mirrored": (False, False, True),
    "upside down": (False, True, False),
    "rotated 180": (False, True, True),
    "transposed": (True, False, False),
    "rotated 90": (True, True, False),
    "rotated 270": (True, False, True),
    "transposed over the other diagonal": (True, True, True),
}
NAMES = tuple(ORIENTATIONS)
INVERSE = np.array([0, 1, 2, 3, 4, 6, 5, 7], np.int8)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of the same picture.

    Attributes
    ----------
    a, b : int array [M]
        Rows; `a` < `b` within one set.
    similarity : float32 array [M]
        Normalised correlation of the thumbnails, -1 to 1.
    orientation : int8 array [M]
        Index into `NAMES`: what was done to `a` to become `b`; angles anticlockwise.
    adjusted : int8 array [M]
        Index into `gliaboost.datasets.alignment.ADJUSTMENTS`: what the similarity needed.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    similarity: NDArray[np.float32]
    orientation: NDArray[np.int8]
    adjusted: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.a)

    def take(self, rows: NDArray[Any]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(
            self.a[rows],
            self.b[rows],
            self.similarity[rows],
            self.orientation[rows],
            self.adjusted[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Return all pairs of several lists."""
        if not parts:
            nothing = np.empty(0, np.int64)
            few = np.empty(0, np.int8)
            return cls(nothing, nothing, np.empty(0, np.float32), few, few)
        return cls(
            np.concatenate([p.a for p in parts]),
            np.concatenate([p.b for p in parts]),
            np.concatenate([p.similarity for p in parts]),
            np.concatenate([p.orientation for p in parts]),
            np.concatenate([p.adjusted for p in parts]),
        )


def turned(images: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn square images ``[..., S, S]`` into an orientation (index into `NAMES`).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4).reshape(2, 2)
    >>> turned(x, NAMES.index("rotated 90")).tolist() == np.rot90(x).tolist()
    True
    """
    transpose, rows, columns = ORIENTATIONS[NAMES[orientation]]
    if transpose:
        images = images.swapaxes(-1, -2)
    if rows:
        images = images[..., ::-1, :]
    return images[..., ::-1] if columns else images


def find_pairs(
    thumbnails: NDArray[np.float16],
    others: NDArray[np.float16] | None = None,
    *,
    jobs: int | None = None,
) -> Pairs:
    """Find every pair of the same picture.

    Parameters
    ----------
    thumbnails : float16 array [N, 64, 64]
        From `gliaboost.datasets.pictures.thumbnail`.
    others : float16 array [M, 64, 64], optional
        Search these for each of `thumbnails`, in place of `thumbnails` themselves.
    jobs : int, optional
        Threads for the second look.

    Returns
    -------
    Pairs
        All pairs that correlate at 0.99 or above as they are, each with its best orientation; and
        those of each picture's `PARTNERS` most alike that do so after a change of contrast or a
        small alignment.
    """
    within = others is None
    base = thumbnails if others is None else others
    if not len(thumbnails) or not len(base):
        return Pairs.joined([])
    base_low = describe(base)
    sure: list[Pairs] = []
    alike: list[Pairs] = []
    size = max(16, min(BLOCK, PRODUCTS // len(base)))
    for start in range(0, len(thumbnails), size):
        block = thumbnails[start : start + size].astype(np.float32)
        found, rest = _search_block(block, base, base_low, start, within)
        sure.append(found)
        alike.append(rest)
        if sum(map(len, sure)) > MANY:
            sure = [thinned(Pairs.joined(sure), within)]
    certain = best_of_each(Pairs.joined(sure))
    doubtful = _less(best_of_each(Pairs.joined(alike)), certain)
    return Pairs.joined([certain, _confirmed(thumbnails, base, doubtful, jobs)])


def describe(thumbnails: NDArray[np.float16]) -> NDArray[np.float32]:
    """Describe thumbnails by their lowest cosine frequencies, and the norm of the rest.

    Returns
    -------
    float32 array [N, LOW * LOW + 1]
        The product of two rows is at least the correlation of their thumbnails.
    """
    rows = []
    for start in range(0, len(thumbnails), BLOCK):
        low = _frequencies(thumbnails[start : start + BLOCK].astype(np.float32))
        rows.append(_with_rest(low.reshape(len(low), -1)))
    return np.concatenate(rows)


def _frequencies(thumbnails: NDArray[np.float32]) -> NDArray[np.float32]:
    """Orthonormal DCT-II of thumbnails of norm 1, lowest `LOW` x `LOW` frequencies."""
    k, x = np.arange(LOW)[:, None], np.arange(THUMBNAIL)[None]
    basis = np.cos(np.pi * k * (2 * x + 1) / (2 * THUMBNAIL)) * np.sqrt(2 / THUMBNAIL)
    basis[0] /= np.sqrt(2)
    basis = (basis / np.sqrt(THUMBNAIL)).astype(np.float32)  # thumbnails have norm 64
    low: NDArray[np.float32] = basis @ thumbnails @ basis.T
    return low


def _with_rest(low: NDArray[np.float32]) -> NDArray[np.float32]:
    rest = np.sqrt(np.maximum(0, 1 - (low * low).sum(axis=1, keepdims=True)))
    return np.concatenate([low, rest], axis=1)


def _turned_frequencies(low: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
    """Turn images by their frequencies: turning an axis over negates its odd ones."""
    transpose, rows, columns = ORIENTATIONS[NAMES[orientation]]
    if transpose:
        low = low.swapaxes(-1, -2)
    sign = np.where(np.arange(LOW) % 2, -1, 1).astype(np.float32)
    if rows:
        low = low * sign[:, None]
    return low * sign if columns else low


def _search_block(
    block: NDArray[np.float32],
    base: NDArray[np.float16],
    base_low: NDArray[np.float32],
    start: int,
    within: bool,
) -> tuple[Pairs, Pairs]:
    """Return the sure pairs of a block that begins at row `start`, and its alike ones."""
    low = _frequencies(block)
    every = [_turned_frequencies(low, g).reshape(len(block), -1) for g in range(len(NAMES))]
    described = np.stack([_with_rest(turned_low) for turned_low in every])
    own = np.arange(len(block))
    highest = np.full((len(block), len(base)), -1, np.float32)
    bound = np.empty_like(highest)
    sure = []
    for g in range(len(NAMES)):
        np.matmul(described[g], base_low.T, out=bound)
        if within:
            bound[own, start + own] = -1
        rows, columns = np.divmod(np.flatnonzero(bound >= SAME - SLACK), len(base))
        if len(rows):
            found = _correlated(block, base, rows, columns, g)
            sure.append(found.take(found.similarity >= SAME))
        np.maximum(highest, bound, out=highest)
    certain = Pairs.joined(sure)
    highest[certain.a, certain.b] = -1
    alike = _most_alike(block, base, highest, described, base_low)
    if not within:
        return _placed(certain, start), _placed(alike, start)
    # Within one set the earlier block has found the pair already.
    later = certain.b > start + certain.a
    return _placed(certain.take(later), start), _ordered(_placed(alike, start))


def _correlated(
    block: NDArray[np.float32],
    base: NDArray[np.float16],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    orientation: int,
) -> Pairs:
    """Correlate candidates whole: the rows and columns that occur, as one product."""
    r, at_r = np.unique(rows, return_inverse=True)
    c, at_c = np.unique(columns, return_inverse=True)
    similarity = np.empty(len(rows), np.float32)
    turned_rows = turned(block[r], orientation).reshape(len(r), -1)
    for begin in range(0, len(c), 4 * BLOCK):
        there = (at_c >= begin) & (at_c < begin + 4 * BLOCK)
        some = base[c[begin : begin + 4 * BLOCK]].astype(np.float32).reshape(-1, THUMBNAIL**2)
        products = turned_rows @ some.T / THUMBNAIL**2
        similarity[there] = products[at_r[there], at_c[there] - begin]
    return Pairs(
        rows,
        columns,
        similarity,
        np.full(len(rows), orientation, np.int8),
        np.zeros(len(rows), np.int8),
    )


def _most_alike(
    block: NDArray[np.float32],
    base: NDArray[np.float16],
    highest: NDArray[np.float32],
    described: NDArray[np.float32],
    base_low: NDArray[np.float32],
) -> Pairs:
    """Keep each row's `PARTNERS` highest bounds if they really correlate at `ALIKE` or above."""
    k = min(PARTNERS, highest.shape[1])
    columns = np.argpartition(highest, highest.shape[1] - k, axis=1)[:, -k:]
    bounds = described.swapaxes(0, 1) @ base_low[columns].swapaxes(1, 2)  # [rows, orientations, k]
    orientation = bounds.argmax(axis=1).astype(np.int8).ravel()
    rows, columns = np.repeat(np.arange(len(block)), k), columns.ravel()
    likely = highest[rows, columns] >= ALIKE
    rows, columns, orientation = rows[likely], columns[likely], orientation[likely]
    found = []
    for g in np.unique(orientation):
        mine = orientation == g
        a = turned(block[rows[mine]], int(g)).reshape(-1, THUMBNAIL**2)
        b = base[columns[mine]].reshape(-1, THUMBNAIL**2)
        similarity = np.einsum("ij,ij->i", a, b, dtype=np.float32) / THUMBNAIL**2
        untouched = np.zeros(len(a), np.int8)
        found.append(Pairs(rows[mine], columns[mine], similarity, orientation[mine], untouched))
    pairs = Pairs.joined(found)
    return pairs.take(pairs.similarity >= ALIKE)


def _placed(pairs: Pairs, start: int) -> Pairs:
    return replace(pairs, a=pairs.a + start)


def _ordered(pairs: Pairs) -> Pairs:
    """Put the earlier row of each pair first."""
    turn = pairs.a > pairs.b
    return replace(
        pairs,
        a=np.where(turn, pairs.b, pairs.a),
        b=np.where(turn, pairs.a, pairs.b),
        orientation=np.where(turn, INVERSE[pairs.orientation], pairs.orientation).astype(np.int8),
    )


def best_of_each(pairs: Pairs) -> Pairs:
    """Keep one orientation a pair, the most similar; ordered by `a`, then `b`."""
    # Rounded: a symmetric picture should not count as turned by the last digit.
    order = np.lexsort((pairs.orientation, -pairs.similarity.round(4), pairs.b, pairs.a))
    pairs = pairs.take(order)
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs.a[1:] != pairs.a[:-1]) | (pairs.b[1:] != pairs.b[:-1])
    return pairs.take(first)


def thinned(pairs: Pairs, within: bool = True) -> Pairs:
    """Keep a spanning forest of the most similar pairs: the same clusters, far fewer pairs."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    pairs = best_of_each(pairs)
    offset = 0 if within else int(pairs.a.max(initial=-1)) + 1
    n = max(int(pairs.a.max(initial=-1)), int(pairs.b.max(initial=-1)) + offset) + 1
    # Costs must not be 0: that would be no edge.
    cost = 3.0 - pairs.similarity.astype(np.float64)
    places = (pairs.a, pairs.b + offset)
    tree = minimum_spanning_tree(coo_array((cost, places), (n, n)).tocsr()).tocoo()
    order = coo_array((np.arange(1, len(pairs) + 1), places), (n, n)).tocsr()
    return pairs.take(np.sort(np.asarray(order[tree.row, tree.col]).ravel() - 1))


def _less(pairs: Pairs, known: Pairs) -> Pairs:
    width = int(max(pairs.b.max(initial=0), known.b.max(initial=0))) + 1
    return pairs.take(~np.isin(pairs.a * width + pairs.b, known.a * width + known.b))


def _confirmed(
    thumbnails: NDArray[np.float16], base: NDArray[np.float16], pairs: Pairs, jobs: int | None
) -> Pairs:
    """Confirm alike pairs after a change of contrast or a small alignment, or let them go."""

    def look(i: int) -> tuple[float, int] | None:
        a = turned(thumbnails[pairs.a[i]], int(pairs.orientation[i])).astype(np.float32)
        return second_look(a, base[pairs.b[i]].astype(np.float32))

    with ThreadPoolExecutor(jobs or available_cores()) as pool:
        looks = list(pool.map(look, range(len(pairs))))
    kept = [i for i, seen in enumerate(looks) if seen is not None]
    seen = [look for look in looks if look is not None]
    return replace(
        pairs.take(np.array(kept, np.int64)),
        similarity=np.array([similarity for similarity, _ in seen], np.float32),
        adjusted=np.array([adjusted for _, adjusted in seen], np.int8),
    )
