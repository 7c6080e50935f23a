"""The same picture twice: exact search among thumbnails, in all eight orientations.

Pictures whose 64 x 64 thumbnails correlate at `CLOSE` or above in one of the eight orientations of
a square are all found: a thumbnail's correlation is at most that of its `LOW` x `LOW` lowest cosine
frequencies plus the product of what these leave out (Cauchy-Schwarz), so a matrix product of short
descriptors discards almost every pair safely, and what remains is correlated whole. Of pairs
somewhat below each picture's most alike are found: copies in another contrast or with a trimmed
margin are among them. Whether a pair is one picture, `gliaboost.datasets.audit.likeness` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.audit.orientation import NAMES, ORIENTATIONS, turned
from gliaboost.datasets.audit.pictures import THUMBNAIL

# Normalised correlation from which two thumbnails are found whatever else there is.
CLOSE = 0.99
# Pairs whose COARSE x COARSE lowest frequencies correlate at ALIKE are looked at again, of each
# picture the PARTNERS most alike: so coarse a view survives a trimmed margin.
COARSE = 8
ALIKE = 0.93
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


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of pictures that may be the same.

    Attributes
    ----------
    a, b : int array [M]
        Rows; `a` < `b` within one set.
    similarity : float32 array [M]
        Normalised correlation of the thumbnails, or of their coarse view; -1 to 1.
    orientation : int8 array [M]
        Index into `NAMES`: what was done to `a` to become `b`; angles anticlockwise.
    close : bool array [M]
        Whether the thumbnails correlate at `CLOSE` or above as they are.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    similarity: NDArray[np.float32]
    orientation: NDArray[np.int8]
    close: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.a)

    def take(self, rows: NDArray[Any]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(
            self.a[rows],
            self.b[rows],
            self.similarity[rows],
            self.orientation[rows],
            self.close[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Return all pairs of several lists."""
        if not parts:
            nothing = np.empty(0, np.int64)
            few = np.empty(0, np.int8)
            return cls(nothing, nothing, np.empty(0, np.float32), few, few.astype(bool))
        return cls(
            np.concatenate([p.a for p in parts]),
            np.concatenate([p.b for p in parts]),
            np.concatenate([p.similarity for p in parts]),
            np.concatenate([p.orientation for p in parts]),
            np.concatenate([p.close for p in parts]),
        )


def find_pairs(
    thumbnails: NDArray[np.float16],
    others: NDArray[np.float16] | None = None,
) -> Pairs:
    """Find every pair that may be the same picture.

    Parameters
    ----------
    thumbnails : float16 array [N, 64, 64]
        From `gliaboost.datasets.audit.pictures.thumbnail`.
    others : float16 array [M, 64, 64], optional
        Search these for each of `thumbnails`, in place of `thumbnails` themselves.

    Returns
    -------
    Pairs
        All pairs that correlate at `CLOSE` or above, each with its best orientation; and of the
        others each picture's `PARTNERS` most alike (within one set, of the later ones).
    """
    within = others is None
    base = thumbnails if others is None else others
    if not len(thumbnails) or not len(base):
        return Pairs.joined([])
    described = describe(base)
    frequencies = described[:, :-1].reshape(-1, LOW, LOW)
    searched = _Base(base, described, _coarse(frequencies))
    close: list[Pairs] = []
    alike: list[Pairs] = []
    size = max(16, min(BLOCK, PRODUCTS // len(base)))
    for start in range(0, len(thumbnails), size):
        block = thumbnails[start : start + size].astype(np.float32)
        first = start if within else 0
        found, rest = _search_block(block, searched.since(first), within=within)
        close.append(replace(found, a=found.a + start, b=found.b + first))
        alike.append(replace(rest, a=rest.a + start, b=rest.b + first))
        if sum(map(len, close)) > MANY:
            close = [thinned(Pairs.joined(close), within)]
    return Pairs.joined([best_of_each(Pairs.joined(close)), best_of_each(Pairs.joined(alike))])


@dataclass(frozen=True, eq=False)
class _Base:
    """What is searched: thumbnails, their descriptions for the bound, and their coarse view."""

    images: NDArray[np.float16]
    described: NDArray[np.float32]
    coarse: NDArray[np.float32]

    def since(self, row: int) -> _Base:
        """Leave the earlier rows out."""
        return _Base(self.images[row:], self.described[row:], self.coarse[row:])


def describe(thumbnails: NDArray[np.float16]) -> NDArray[np.float32]:
    """Describe thumbnails by their lowest cosine frequencies, and the norm of the rest.

    Returns
    -------
    float32 array [N, LOW * LOW + 1]
        The product of two rows is at least the correlation of their thumbnails.
    """
    rows = []
    for start in range(0, len(thumbnails), BLOCK):
        rows.append(_with_rest(_frequencies(thumbnails[start : start + BLOCK].astype(np.float32))))
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
    flat = low.reshape(len(low), -1)
    rest = np.sqrt(np.maximum(0, 1 - (flat * flat).sum(axis=1, keepdims=True)))
    return np.concatenate([flat, rest], axis=1)


def _coarse(low: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = low[:, :COARSE, :COARSE].reshape(len(low), -1)
    coarse: NDArray[np.float32] = flat / np.maximum(np.linalg.norm(flat, axis=1)[:, None], 1e-6)
    return coarse


def _turned_frequencies(low: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
    """Turn images by their frequencies: turning an axis over negates its odd ones."""
    transpose, rows, columns = ORIENTATIONS[NAMES[orientation]]
    if transpose:
        low = low.swapaxes(-1, -2)
    sign = np.where(np.arange(LOW) % 2, -1, 1).astype(np.float32)
    if rows:
        low = low * sign[:, None]
    return low * sign if columns else low


def _search_block(block: NDArray[np.float32], base: _Base, *, within: bool) -> tuple[Pairs, Pairs]:
    """Return the close pairs of a block, and its alike ones; `within`: the base begins with it."""
    low = _frequencies(block)
    every = [_turned_frequencies(low, g) for g in range(len(NAMES))]
    coarse = np.stack([_coarse(one) for one in every])
    # Within one set a row is compared with later ones alone.
    passed = np.tril_indices(len(block)) if within else ((), ())
    highest = np.full((len(block), len(base.images)), -1, np.float32)
    product = np.empty_like(highest)
    close = []
    for g, one in enumerate(every):
        np.matmul(_with_rest(one), base.described.T, out=product)
        product[passed] = -1
        rows, columns = np.divmod(np.flatnonzero(product >= CLOSE - SLACK), len(base.images))
        if len(rows):
            found = _correlated(block, base.images, rows, columns, g)
            close.append(found.take(found.similarity >= CLOSE))
        np.matmul(coarse[g], base.coarse.T, out=product)
        np.maximum(highest, product, out=highest)
    certain = Pairs.joined(close)
    highest[passed] = -1
    highest[certain.a, certain.b] = -1
    return certain, _most_alike(highest, coarse, base.coarse)


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
        np.ones(len(rows), bool),
    )


def _most_alike(
    highest: NDArray[np.float32], coarse: NDArray[np.float32], base_coarse: NDArray[np.float32]
) -> Pairs:
    """Keep each row's `PARTNERS` most alike, in the orientation in which they are."""
    k = min(PARTNERS, highest.shape[1])
    columns = np.argpartition(highest, highest.shape[1] - k, axis=1)[:, -k:]
    products = coarse.swapaxes(0, 1) @ base_coarse[columns].swapaxes(1, 2)  # [rows, 8, k]
    orientation = products.argmax(axis=1).astype(np.int8).ravel()
    similarity = np.take_along_axis(highest, columns, axis=1).ravel()
    rows = np.repeat(np.arange(len(highest)), k)
    pairs = Pairs(rows, columns.ravel(), similarity, orientation, np.zeros(len(rows), bool))
    return pairs.take(similarity >= ALIKE)


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
