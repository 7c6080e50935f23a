"""The directories of a TIFF: what its pages say of themselves in whole numbers."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

# What a number takes, by its type in the file: bytes, shorts, longs and their like; the rest are
# texts, fractions and floats, which no picture needs to be found.
_TYPES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
# A picture in a file of many pages is among the first, or it is a film.
_PAGES = 64
_ENTRIES = 4096

Tags = Mapping[int, tuple[int, ...]]


def read_directories(data: bytes) -> Iterator[Tags]:
    """Read the tags of one page after the other, of classic and of large (BigTIFF) files.

    A tag whose numbers lie outside of the file is left out.

    Parameters
    ----------
    data : bytes
        The file's content.

    Yields
    ------
    mapping of int to tuple of int
        Of each page's tags those that are whole numbers.

    Raises
    ------
    ValueError
        If a directory is damaged.
    """
    order = ">" if data.startswith(b"MM") else "<"
    try:
        large = struct.unpack_from(f"{order}H", data, 2)[0] == 43
        at = struct.unpack_from(f"{order}Q" if large else f"{order}I", data, 8 if large else 4)[0]
        seen: set[int] = set()
        while at and at not in seen and len(seen) < _PAGES:
            seen.add(at)
            tags, at = _directory(data, at, order, large=large)
            yield tags
    except (struct.error, OverflowError) as error:
        raise ValueError("a directory of its pages lies outside of the file") from error


def _directory(data: bytes, at: int, order: str, *, large: bool) -> tuple[Tags, int]:
    count_format, entry, offset = ("Q", "HHQ", "Q") if large else ("H", "HHI", "I")
    (count,) = struct.unpack_from(order + count_format, data, at)
    if count > _ENTRIES:
        raise ValueError(f"a directory of {count:,} tags")
    at += struct.calcsize(order + count_format)
    room = struct.calcsize(order + offset)
    tags: dict[int, tuple[int, ...]] = {}
    left = len(data)
    for _ in range(count):
        tag, kind, numbers = struct.unpack_from(order + entry, data, at)
        at += struct.calcsize(order + entry)
        if kind in _TYPES and numbers:
            size = struct.calcsize(order + _TYPES[kind]) * numbers
            where = at
            if size > room:
                (where,) = struct.unpack_from(order + offset, data, at)
            # Else it is missed where it is needed. Many tags may point to the same large place.
            if where + size <= len(data) and size <= left:
                left -= size
                tags[tag] = struct.unpack_from(f"{order}{numbers}{_TYPES[kind]}", data, where)
        at += room
    if at + room > len(data):
        return tags, 0
    (following,) = struct.unpack_from(order + offset, data, at)
    return tags, following
