"""Which files show the same picture: equal bytes, equal pixels, or thumbnails that correlate."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import ADJUSTMENTS
from gliaboost.datasets.audit.correlation import INVERSE, MANY, NAMES, Pairs, find_pairs
from gliaboost.datasets.audit.pictures import THUMBNAIL, ImageRecord

KINDS = ("bytes", "pixels", "near")
LINK_COLUMNS = ("a", "b", "kind", "similarity", "orientation", "adjusted")


def link(
    pictures: Sequence[ImageRecord],
    others: Sequence[ImageRecord] | None = None,
    *,
    jobs: int | None = None,
) -> pd.DataFrame:
    """List the pairs of files that show the same picture.

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
        else ``a`` < ``b``), with ``kind`` (`KINDS`; the strongest that holds), ``similarity``
        (-1 to 1), ``orientation`` (what turns a into b, of
        `gliaboost.datasets.audit.correlation.NAMES`) and ``adjusted`` (what the similarity needed,
        of `gliaboost.datasets.audit.alignment.ADJUSTMENTS`).
        Beyond a million pairs, those that hold the clusters together.
    """
    own = _identities(pictures)
    theirs = own if others is None else _identities(others)
    rows = [
        (a, b, _kind(pictures[a], (pictures if others is None else others)[b]), 1.0, NAMES[0], "")
        for a, b in _equal(own, None if others is None else theirs)
    ]
    pairs = find_pairs(
        _thumbnails(pictures, own),
        None if others is None else _thumbnails(others, theirs),
        jobs=jobs,
    )
    rows += _near(pairs, own, theirs, ordered=others is None)
    return (
        pd.DataFrame(rows, columns=list(LINK_COLUMNS))
        .sort_values(["a", "b"], kind="stable")
        .reset_index(drop=True)
    )


def _identities(pictures: Sequence[ImageRecord]) -> dict[str, list[int]]:
    """Rows by what they show, pixel for pixel."""
    rows: dict[str, list[int]] = {}
    for i, picture in enumerate(pictures):
        if picture.thumbnail is not None:
            rows.setdefault(picture.pixels_hash, []).append(i)
    return rows


def _thumbnails(
    pictures: Sequence[ImageRecord], identities: dict[str, list[int]]
) -> NDArray[np.float16]:
    first = [pictures[rows[0]].thumbnail for rows in identities.values()]
    stacked = np.empty((len(first), THUMBNAIL, THUMBNAIL), np.float16)
    for i, thumbnail in enumerate(first):
        stacked[i] = thumbnail
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
    pairs: Pairs, own: dict[str, list[int]], theirs: dict[str, list[int]], *, ordered: bool
) -> list[tuple[int, int, str, float, str, str]]:
    """Give pairs of contents as pairs of rows; beyond `MANY`, the first rows of each content."""
    left, right = list(own.items()), list(theirs.items())
    wide = sum(len(left[i][1]) * len(right[j][1]) for i, j in zip(pairs.a, pairs.b, strict=True))
    stop = 1 if wide > MANY else None
    found = []
    for i, j, similarity, g, adjusted in zip(
        pairs.a, pairs.b, pairs.similarity, pairs.orientation, pairs.adjusted, strict=True
    ):
        (content, mine), (other, yours) = left[i], right[j]
        if content == other:  # listed as equal already
            continue
        for a, b in itertools.product(mine[:stop], yours[:stop]):
            turn = ordered and a > b
            first, second = (b, a) if turn else (a, b)
            orientation = NAMES[INVERSE[g] if turn else g]
            found.append(
                (
                    first,
                    second,
                    "near",
                    min(1.0, float(similarity)),
                    orientation,
                    ADJUSTMENTS[adjusted],
                )
            )
    return found
