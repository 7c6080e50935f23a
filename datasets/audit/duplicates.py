"""Which files show the same picture: equal bytes, equal pixels, or alike place by place.

Pictures that are alike as a whole but not place by place are neighbours: slices beside each other
in one volume, most of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import HERE, flat
from gliaboost.datasets.audit.correlation import MANY, Pairs, find_pairs, thinned
from gliaboost.datasets.audit.keypoints import Crop, find_crops, find_keypoints, parted
from gliaboost.datasets.audit.likeness import ADJUSTMENTS, Likeness, compare
from gliaboost.datasets.audit.orientation import INVERSE, NAMES, in_first, turned
from gliaboost.datasets.audit.pictures import THUMBNAIL, ImageRecord, thumbnail
from gliaboost.datasets.audit.tangent import may_align
from gliaboost.parallel import map_in_order

# What makes two files one picture, the strongest first; and what does not.
KINDS = ("bytes", "pixels", "near")
NEIGHBOUR = "neighbour"
LINK_COLUMNS = (
    "a",
    "b",
    "kind",
    "similarity",
    "agreement",
    "orientation",
    "adjusted",
    "move",
)
# Of more close pairs than this, those are compared that hold the clusters together.
COMPARED = 100_000
# Pairs that a thread compares at a time.
BATCH = 32
UNMOVED = flat(HERE)


def link(
    pictures: Sequence[ImageRecord],
    others: Sequence[ImageRecord] | None = None,
    *,
    jobs: int | None = None,
) -> pd.DataFrame:
    """List the pairs of files that show the same picture, or neighbouring ones.

    Unreadable files and blank pictures have no pairs: they are faults of their own.

    Parameters
    ----------
    pictures : sequence of ImageRecord
        From `gliaboost.datasets.audit.pictures.read_pictures`.
    others : sequence of ImageRecord, optional
        Look among these for each of `pictures`, in place of `pictures` themselves.
    jobs : int, optional
        Threads.

    Returns
    -------
    pandas.DataFrame
        One row a pair, ordered by ``a`` and ``b`` (rows of `pictures`, and of `others` if given;
        else ``a`` < ``b``). Beyond a million pairs, those that hold the clusters together.

        ``kind``: the strongest of `KINDS` that holds, or `NEIGHBOUR`.
        ``similarity``: correlation of the two as a whole, -1 to 1.
        ``agreement``: local correlation that nine of ten places reach, -1 to 1; what sorts pairs
        from the surest to the least sure.
        ``orientation``: what turns a into b, of `gliaboost.datasets.audit.orientation.NAMES`.
        ``adjusted``: what the likeness needed, of
        `gliaboost.datasets.audit.likeness.ADJUSTMENTS`.
        ``move``: six numbers that take a point of a to that of b turned back, both as columns and
        rows of a unit square (`gliaboost.datasets.audit.orientation.turned_back` lays b on a).
    """
    own = _identities(pictures)
    theirs = own if others is None else _identities(others)
    rows: list[tuple[Any, ...]] = [
        (
            a,
            b,
            _kind(pictures[a], (pictures if others is None else others)[b]),
            1.0,
            1.0,
            NAMES[0],
            "",
            UNMOVED,
        )
        for a, b in _equal(own, None if others is None else theirs)
    ]
    mine = _details(pictures, own)
    yours = mine if others is None else _details(others or (), theirs)
    pairs = find_pairs(_thumbnails(mine), None if others is None else _thumbnails(yours))
    if pairs.close.sum() > COMPARED:
        close = thinned(pairs.take(pairs.close), others is None)
        pairs = Pairs.joined([close, pairs.take(~pairs.close)])
    hopeful = pairs.close | may_align(mine, yours, pairs.a, pairs.b, pairs.orientation)
    pairs = pairs.take(hopeful)
    seen = compared(mine, yours, pairs, jobs)
    crops, found = _cropped(mine, None if others is None else yours, pairs, seen, jobs)
    pairs, seen = Pairs.joined([pairs, crops]), [*seen, *found]
    rows += _near(pairs, seen, own, theirs, ordered=others is None)
    return (
        pd.DataFrame(rows, columns=list(LINK_COLUMNS))
        .sort_values(["a", "b"], kind="stable")
        .reset_index(drop=True)
    )


def compared(
    mine: Sequence[NDArray[np.uint8]],
    yours: Sequence[NDArray[np.uint8]],
    pairs: Pairs,
    jobs: int | None = None,
) -> list[Likeness | None]:
    """Compare the pictures of each pair, in threads; None for those that are not alike."""

    def look(start: int) -> list[Likeness | None]:
        return [
            compare(turned(mine[pairs.a[i]], int(pairs.orientation[i])), yours[pairs.b[i]])
            for i in range(start, min(start + BATCH, len(pairs)))
        ]

    looks = map_in_order(look, range(0, len(pairs), BATCH), jobs=jobs)
    return list(itertools.chain.from_iterable(looks))


def _cropped(
    mine: Sequence[NDArray[np.uint8]],
    yours: Sequence[NDArray[np.uint8]] | None,
    pairs: Pairs,
    seen: list[Likeness | None],
    jobs: int | None,
) -> tuple[Pairs, list[Likeness | None]]:
    """Find pairs of which one is cropped, among those not known as one picture.

    A pair that was taken for neighbours and is a crop is no longer in `seen`.
    """
    every = find_keypoints([*mine, *(yours or ())], jobs)
    here, there = (every, None) if yours is None else parted(every, len(mine))
    candidates = find_crops(here, there, jobs)
    at = {(int(a), int(b)): i for i, (a, b) in enumerate(zip(pairs.a, pairs.b, strict=True))}
    known = {pair for pair, i in at.items() if (one := seen[i]) is not None and one.same}
    candidates = [c for c in candidates if (c.a, c.b) not in known]
    base = mine if yours is None else yours

    def look(crop: Crop) -> Likeness | None:
        return compare(turned(mine[crop.a], crop.orientation), base[crop.b], crop.move)

    found: list[Likeness | None] = []
    kept: list[Crop] = []
    for crop, likeness in zip(candidates, map_in_order(look, candidates, jobs=jobs), strict=True):
        # What lies beside a crop is no neighbour that anyone could tell.
        if likeness is not None and likeness.same:
            kept.append(crop)
            found.append(likeness)
            if (crop.a, crop.b) in at:
                seen[at[crop.a, crop.b]] = None
    none = np.zeros(len(kept))
    return Pairs(
        np.array([c.a for c in kept], np.int64),
        np.array([c.b for c in kept], np.int64),
        none.astype(np.float32),
        np.array([c.orientation for c in kept], np.int8),
        none.astype(bool),
    ), found


def _identities(pictures: Sequence[ImageRecord]) -> dict[str, list[int]]:
    """Rows by what they show, pixel for pixel."""
    rows: dict[str, list[int]] = {}
    for i, picture in enumerate(pictures):
        if picture.detail is not None:
            rows.setdefault(picture.pixels_hash, []).append(i)
    return rows


def _details(
    pictures: Sequence[ImageRecord], identities: dict[str, list[int]]
) -> list[NDArray[np.uint8]]:
    found = [pictures[rows[0]].detail for rows in identities.values()]
    return [one for one in found if one is not None]


def _thumbnails(details: Sequence[NDArray[np.uint8]]) -> NDArray[np.float16]:
    stacked = np.empty((len(details), THUMBNAIL, THUMBNAIL), np.float16)
    for i, one in enumerate(details):
        stacked[i] = thumbnail(one)
    return stacked


def _kind(a: ImageRecord, b: ImageRecord) -> str:
    return "bytes" if a.bytes_hash == b.bytes_hash else "pixels"


def _equal(
    own: dict[str, list[int]], theirs: dict[str, list[int]] | None
) -> Iterator[tuple[int, int]]:
    """Pairs of rows that show the same pixels; beyond `MANY`, each with the first of its kind."""
    if theirs is None:
        many = sum(len(r) * (len(r) - 1) // 2 for r in own.values()) > MANY
        for rows in own.values():
            yield from ((rows[0], r) for r in rows[1:]) if many else itertools.combinations(rows, 2)
        return
    shared = [(own[key], theirs[key]) for key in own if key in theirs]
    many = sum(len(a) * len(b) for a, b in shared) > MANY
    for a, b in shared:
        yield from ((x, b[0]) for x in a) if many else itertools.product(a, b)


def _near(
    pairs: Pairs,
    seen: Sequence[Likeness | None],
    own: dict[str, list[int]],
    theirs: dict[str, list[int]],
    *,
    ordered: bool,
) -> list[tuple[Any, ...]]:
    """Give pairs of contents as pairs of rows; beyond `MANY`, the first rows of each content."""
    left, right = list(own.items()), list(theirs.items())
    wide = sum(len(left[i][1]) * len(right[j][1]) for i, j in zip(pairs.a, pairs.b, strict=True))
    stop = 1 if wide > MANY else None
    found: list[tuple[Any, ...]] = []
    for i, j, g, likeness in zip(pairs.a, pairs.b, pairs.orientation, seen, strict=True):
        (content, mine), (other, yours) = left[i], right[j]
        if likeness is None or content == other:  # equal ones are listed already
            continue
        moves = [in_first(likeness.move, int(g)), np.asarray(np.linalg.inv(likeness.move))]
        for a, b in itertools.product(mine[:stop], yours[:stop]):
            turn = ordered and a > b
            found.append(
                (
                    *((b, a) if turn else (a, b)),
                    "near" if likeness.same else NEIGHBOUR,
                    likeness.similarity,
                    likeness.agreement,
                    NAMES[INVERSE[g] if turn else g],
                    ADJUSTMENTS[likeness.adjusted],
                    flat(moves[turn]),
                )
            )
    return found
