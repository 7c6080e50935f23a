"""The strips and tiles of a TIFF page: unpacked, turned back, and put in their places."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

NONE = 1
# Those whose output is bytes, which Pillow's libtiff unpacks, whatever the bytes mean.
BYTEWISE = {
    5: "LZW",
    8: "Deflate",
    32946: "Deflate",
    32773: "PackBits",
    34925: "LZMA",
    50000: "Zstandard",
}
_HORIZONTAL, _FLOATING = 2, 3
# Bytes unpacked at once: bounds the memory beside the picture's own.
_BLOCK = 16 * 1024 * 1024
# A strip or tile takes three times its bytes until it is in its place.
_LARGEST = 256 * 1024 * 1024


class UnreadKindError(ValueError):
    """A page is whole, but of a kind that is not read."""


@dataclass(frozen=True)
class SegmentLayout:
    """How the samples of a page lie in its file.

    Attributes
    ----------
    height, width, channels : int
        Of the picture.
    bits : int
        A sample's, in the file.
    kind : numpy.dtype
        A sample's, in memory.
    big_endian : bool
        The file's byte order.
    planar : bool
        Whether each channel has segments of its own.
    segment_height, segment_width : int
        Of a strip or a tile, in pixels; the last strip may be lower, tiles are whole.
    tiled : bool
        Whether the segments are tiles.
    offsets, sizes : tuple of int
        Where each segment is, and how many bytes it has.
    compression, predictor, fill_order : int
        As in the tags.
    """

    height: int
    width: int
    channels: int
    bits: int
    kind: np.dtype[Any]
    big_endian: bool
    planar: bool
    segment_height: int
    segment_width: int
    tiled: bool
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    compression: int
    predictor: int
    fill_order: int

    @property
    def interleaved(self) -> int:
        """Channels in a segment."""
        return 1 if self.planar else self.channels

    @property
    def row_bytes(self) -> int:
        """Bytes of a segment's row."""
        return (self.segment_width * self.interleaved * self.bits + 7) // 8

    @property
    def grid(self) -> tuple[int, int, int]:
        """Planes, segments down and segments across."""
        down = -(-self.height // self.segment_height)
        across = -(-self.width // self.segment_width)
        return self.channels if self.planar else 1, down, across


def read_segments(data: bytes, layout: SegmentLayout) -> NDArray[Any]:
    """Read all samples.

    Returns
    -------
    array [H, W, C]

    Raises
    ------
    ValueError
        If segments are missing or damaged; an `UnreadKindError` if they are packed in a way that is
        not read.
    """
    layout = _in_low_strips(layout)
    _check(data, layout)
    planes, down, across = layout.grid
    picture = np.empty((layout.height, layout.width, layout.channels), layout.kind)
    together = max(1, _BLOCK // max(1, layout.row_bytes * layout.segment_height))
    count = planes * down * across
    first = 0
    while first < count:
        # A strip that ends a plane is lower than the others: no block goes on behind it.
        stop = min(first + together, count, (first // (down * across) + 1) * down * across)
        heights = [_height(layout, n) for n in range(first, stop)]
        packed = [_packed(data, n, layout) for n in range(first, stop)]
        rows = _unpacked(packed, heights, layout)
        samples = _samples(rows, layout)
        at = 0
        for number, height in zip(range(first, stop), heights, strict=True):
            _place(picture, samples[at : at + height], number, layout)
            at += height
        first = stop
    return picture


def _in_low_strips(layout: SegmentLayout) -> SegmentLayout:
    """Cut strips that hold a plane each and are not packed into lower ones: bounds the memory."""
    rows = max(1, _BLOCK // max(1, layout.row_bytes))
    planes = len(layout.offsets)
    whole = layout.segment_height >= layout.height > rows
    if layout.tiled or layout.compression != NONE or not whole:
        return layout
    down = -(-layout.height // rows)
    offsets = tuple(
        offset + n * rows * layout.row_bytes for offset in layout.offsets for n in range(down)
    )
    sizes = (rows * layout.row_bytes,) * (planes * down)
    return replace(layout, segment_height=rows, offsets=offsets, sizes=sizes)


def _check(data: bytes, layout: SegmentLayout) -> None:
    sized = layout.segment_height > 0 and layout.segment_width > 0
    planes, down, across = layout.grid if sized else (0, 0, 0)
    wanted = planes * down * across
    if not wanted or len(layout.offsets) < wanted or len(layout.sizes) < wanted:
        raise ValueError(
            f"{min(len(layout.offsets), len(layout.sizes))} strips or tiles; expected {wanted}"
        )
    # What is not packed needs no count of its bytes, which some programs get wrong.
    plain = layout.compression == NONE
    if any(
        offset <= 0
        or (size <= 0 and not plain)
        or offset + (_height(layout, n) * layout.row_bytes if plain else size) > len(data)
        for n, (offset, size) in enumerate(
            zip(layout.offsets[:wanted], layout.sizes[:wanted], strict=True)
        )
    ):
        raise ValueError("strips or tiles lie outside of the file: the rest is missing")
    if layout.row_bytes * layout.segment_height > _LARGEST:
        raise UnreadKindError(
            f"strips or tiles of more than {_LARGEST:,} bytes; save it with lower ones"
        )
    if layout.compression != NONE and layout.compression not in BYTEWISE:
        raise UnreadKindError(
            f"compression {layout.compression} of samples of {layout.bits} bits is not read; "
            "save it with LZW or Deflate"
        )
    if layout.predictor not in (1, _HORIZONTAL, _FLOATING):
        raise UnreadKindError(f"predictor {layout.predictor} is not read")
    whole = layout.bits == 8 * layout.kind.itemsize
    if layout.predictor == _HORIZONTAL and not whole:
        raise UnreadKindError(f"a predictor of samples of {layout.bits} bits is not read")
    if layout.predictor == _FLOATING and layout.kind.kind != "f":
        raise ValueError("a predictor for floats on integers")


def _height(layout: SegmentLayout, number: int) -> int:
    _, down, across = layout.grid
    last = (number // across) % down == down - 1
    if layout.tiled or not last:
        return layout.segment_height
    return layout.height - (down - 1) * layout.segment_height


def _packed(data: bytes, number: int, layout: SegmentLayout) -> bytes:
    size = layout.sizes[number]
    if layout.compression == NONE:
        size = _height(layout, number) * layout.row_bytes
    return data[layout.offsets[number] : layout.offsets[number] + size]


def _unpacked(packed: list[bytes], heights: list[int], layout: SegmentLayout) -> NDArray[np.uint8]:
    """Unpack segments to bytes [rows, row_bytes], one below the other."""
    rows, stride = sum(heights), layout.row_bytes
    if layout.compression == NONE:
        unpacked = np.frombuffer(b"".join(packed), np.uint8).reshape(rows, stride)
        return _bits_turned(unpacked) if layout.fill_order == 2 else unpacked
    from PIL import Image

    # A grey picture of 8 bits whose pixels are the bytes: each codec works on bytes alone.
    page = _byte_page(packed, rows, stride, max(heights), layout)
    with Image.open(io.BytesIO(page), formats=("TIFF",)) as image:
        return np.asarray(image)


def _byte_page(
    packed: list[bytes], rows: int, stride: int, each: int, layout: SegmentLayout
) -> bytes:
    """Write a TIFF of one 8-bit grey page around packed strips."""
    count = len(packed)
    at = 8 + 2 + 10 * 12 + 4
    offsets_at, sizes_at, body_at = at, at + 4 * count, at + 8 * count
    sizes = [len(p) for p in packed]
    offsets = (body_at + np.cumsum([0, *sizes[:-1]])).tolist()
    long, short = 4, 3
    entries = (
        (256, long, 1, stride),
        (257, long, 1, rows),
        (258, short, 1, 8),
        (259, short, 1, layout.compression),
        (262, short, 1, 1),
        (266, short, 1, layout.fill_order),
        (273, long, count, offsets_at if count > 1 else offsets[0]),
        (277, short, 1, 1),
        (278, long, 1, each),
        (279, long, count, sizes_at if count > 1 else sizes[0]),
    )
    parts = [struct.pack("<2sHIH", b"II", 42, 8, len(entries))]
    parts += [struct.pack("<HHII", *entry) for entry in entries]
    parts += [struct.pack("<I", 0), struct.pack(f"<{count}I", *offsets)]
    parts += [struct.pack(f"<{count}I", *sizes), *packed]
    return b"".join(parts)


def _bits_turned(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return np.packbits(bits[:, ::-1], axis=1)[:, 0][values]


def _samples(rows: NDArray[np.uint8], layout: SegmentLayout) -> NDArray[Any]:
    """Turn bytes [rows, row_bytes] into samples [rows, segment_width, interleaved]."""
    shape = (len(rows), layout.segment_width, layout.interleaved)
    if layout.predictor == _FLOATING:
        return _float_predicted(rows, shape, layout.kind)
    if layout.bits != 8 * layout.kind.itemsize:
        return _from_bits(rows, shape, layout)
    stored = layout.kind.newbyteorder(">" if layout.big_endian else "<")
    raw = np.ascontiguousarray(rows).view(stored)
    values = raw.astype(layout.kind).reshape(shape)
    if layout.predictor == _HORIZONTAL:
        whole = values.view(f"u{layout.kind.itemsize}")
        values = np.cumsum(whole, axis=1, dtype=whole.dtype).view(layout.kind)
    return values


def _from_bits(
    rows: NDArray[np.uint8], shape: tuple[int, int, int], layout: SegmentLayout
) -> NDArray[Any]:
    """Unpack samples that are no whole bytes: the first bit is the highest, rows begin anew."""
    count = shape[1] * shape[2]
    values = np.zeros((shape[0], count), layout.kind)
    if layout.bits % 8 == 0:  # 24, 40, 48 or 56 bits, in the file's byte order
        size = layout.bits // 8
        parts = rows.reshape(shape[0], count, size)
        for n in range(size):
            part = parts[..., n if layout.big_endian else size - 1 - n]
            values = (values << 8) | part.astype(layout.kind)
        return values.reshape(shape)
    for first in range(0, shape[0], 64):
        some = rows[first : first + 64]
        bits = np.unpackbits(some, axis=1)[:, : count * layout.bits]
        bits = bits.reshape(len(some), count, layout.bits)
        for n in range(layout.bits):
            part = bits[..., n].astype(layout.kind)
            values[first : first + 64] = (values[first : first + 64] << 1) | part
    return values.reshape(shape)


def _float_predicted(
    rows: NDArray[np.uint8], shape: tuple[int, int, int], kind: np.dtype[Any]
) -> NDArray[Any]:
    """Undo Adobe's predictor: bytes of like weight stand together, as differences."""
    size = kind.itemsize
    differences = np.ascontiguousarray(rows).reshape(shape[0], -1, shape[2])
    summed = np.cumsum(differences, axis=1, dtype=np.uint8)
    planes = summed.reshape(shape[0], size, shape[1] * shape[2])
    joined = np.ascontiguousarray(planes.transpose(0, 2, 1))
    return joined.view(kind.newbyteorder(">")).astype(kind).reshape(shape)


def _place(
    picture: NDArray[Any], segment: NDArray[Any], number: int, layout: SegmentLayout
) -> None:
    _, down, across = layout.grid
    plane, within = divmod(number, down * across)
    top = (within // across) * layout.segment_height
    left = (within % across) * layout.segment_width
    channels = slice(plane, plane + 1) if layout.planar else slice(None)
    place = picture[top : top + layout.segment_height, left : left + layout.segment_width, channels]
    place[...] = segment[: place.shape[0], : place.shape[1]]
