"""The chunks of a PNG: what its pixels need, and what else may be in it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.samples import Samples

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_FILTERS = 5
# Bytes that are inflated at once.
_BLOCK = 4 * 1024 * 1024
# Bytes that are taken in at once.
_PIECE = 64 * 1024
# Adam7: first column, first row, and the steps of each pass.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True)
class PngHeader:
    """What IHDR says.

    Attributes
    ----------
    height, width : int
        In pixels.
    depth : int
        Bits a sample.
    colour : int
        0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha.
    interlaced : bool
        Whether the rows come in seven passes.
    apple : bool
        Whether it is Apple's own variant (CgBI), which no other program reads.
    """

    height: int
    width: int
    depth: int
    colour: int
    interlaced: bool
    apple: bool

    @property
    def channels(self) -> int:
        """Samples a pixel; of an unknown colour type the most there are."""
        return _CHANNELS.get(self.colour, 4)


def read_png_header(data: bytes) -> PngHeader | None:
    """Read IHDR, None where it is not the first chunk of a PNG."""
    apple = data[12:16] == b"CgBI"
    at = 16 + (struct.unpack_from(">I", data, 8)[0] + 12 if apple else 0)
    if data[at - 4 : at] != b"IHDR" or len(data) < at + 13:
        return None
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, at)
    return PngHeader(height, width, depth, colour, interlace == 1, apple)


def is_transparent(data: bytes) -> bool:
    """Whether one of its colours is transparent (tRNS)."""
    return any(name == b"tRNS" for name, _ in _chunks(data))


def check_chunks(data: bytes) -> None:
    """Hold the chunks that pixels are made of against their check values, as Pillow does not.

    Raises
    ------
    ValueError
        If one was altered, so that pixels may be wrong though they decode.
    """
    for name, chunk in _chunks(data):
        # One that is cut short is told as that by the decoder.
        whole = len(chunk) == 12 + int.from_bytes(chunk[:4], "big")
        if name in _PIXELS and whole and zlib.crc32(chunk[4:-4]).to_bytes(4, "big") != chunk[-4:]:
            raise ValueError(f"the check value of its {name.decode()} is wrong")


def exif_of(data: bytes) -> bytes | None:
    """Return the Exif block, None where there is none."""
    return _body(b"eXIf", data) or None


def only_pixels(data: bytes, *, also: tuple[bytes, ...] = ()) -> bytes:
    """Copy a PNG without the chunks that its pixels do not need, which may be malformed.

    Parameters
    ----------
    data : bytes
        The file's content.
    also : tuple of bytes
        Further chunks to keep.

    Returns
    -------
    bytes
        The header, palette, transparency and pixels; bytes behind the end are left out, too.
    """
    kept = [SIGNATURE]
    for name, chunk in _chunks(data):
        if name in _PIXELS or name in also:
            kept.append(chunk)
    return b"".join(kept)


def deep_png(data: bytes, header: PngHeader) -> Samples:
    """Read a PNG of 16 bits a sample, of any colour type, without loss.

    Raises
    ------
    ValueError
        If its pixels are damaged, or some are missing.
    """
    import cv2

    _check_pixels(data, header)
    # OpenCV would apply transparency and colour profiles, and fills what is missing.
    kept = [c for name, c in _chunks(data) if name in (b"IHDR", b"IDAT", b"IEND")]
    kept[1:-1] = [_chunk(b"IDAT", _body(b"IDAT", data))]
    decoded = cv2.imdecode(
        np.frombuffer(SIGNATURE + b"".join(kept), np.uint8), cv2.IMREAD_UNCHANGED
    )
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("the decoder gives no pixels")
    pixels = decoded.reshape(header.height, header.width, -1)
    alpha = None
    if header.colour in (GREY_ALPHA, COLOUR_ALPHA):
        alpha = pixels[..., -1]
    values = pixels[..., 2::-1] if pixels.shape[2] >= 3 else pixels[..., :1]
    if header.colour in (GREY, GREY_ALPHA):
        values = values[..., :1]
    key = _transparent(data, header)
    if key is not None:
        alpha = np.where((values == key).all(axis=2), np.uint16(0), np.uint16(65535))
    return Samples(values, alpha)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, data[at : at + 12 + length]
        if name == b"IEND":
            return
        at += 12 + length
    yield b"IEND", _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _body(wanted: bytes, data: bytes) -> bytes:
    return b"".join(
        chunk[8 : 8 + struct.unpack_from(">I", chunk)[0]]
        for name, chunk in _chunks(data)
        if name == wanted
    )


def _transparent(data: bytes, header: PngHeader) -> NDArray[np.uint16] | None:
    body = _body(b"tRNS", data)
    channels = {GREY: 1, COLOUR: 3}.get(header.colour)
    if channels is None or len(body) < 2 * channels:
        return None
    return np.frombuffer(body[: 2 * channels], ">u2").astype(np.uint16)


def _check_pixels(data: bytes, header: PngHeader) -> None:
    """Inflate the rows, no further than they should go, and check that all are there."""
    channels = _CHANNELS.get(header.colour)
    if channels is None:
        raise ValueError(f"unknown colour type {header.colour}")
    shapes = _shapes(header, channels * header.depth)
    stream = _Inflated(_body(b"IDAT", data))
    try:
        for count, stride in shapes:
            together = max(1, _BLOCK // (1 + stride))
            for first in range(0, count, together):
                wanted = min(together, count - first) * (1 + stride)
                rows = stream.read(wanted)
                if len(rows) < wanted:
                    raise ValueError("it ends within its pixels")
                filters = np.frombuffer(rows, np.uint8)[:: 1 + stride]
                if filters.max() >= _FILTERS:
                    raise ValueError(f"unknown filter {int(filters.max())}")
        stream.read(1)  # behind the pixels is their checksum
    except zlib.error as error:
        raise ValueError(f"its pixels do not inflate: {error}") from error


class _Inflated:
    """Inflates as much as is asked for, in the memory that this takes."""

    def __init__(self, packed: bytes) -> None:
        self._packed, self._at = packed, 0
        self._inflater = zlib.decompressobj()

    def read(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0 and not self._inflater.eof:
            given = self._inflater.unconsumed_tail
            if not given:
                given = self._packed[self._at : self._at + _PIECE]
                self._at += len(given)
            part = self._inflater.decompress(given, count)
            if not given and not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _shapes(header: PngHeader, bits: int) -> list[tuple[int, int]]:
    """Rows and bytes a row of each pass that has pixels."""
    if not header.interlaced:
        return [(header.height, (header.width * bits + 7) // 8)]
    shapes = []
    for left, top, across, down in _PASSES:
        columns = -(-(header.width - left) // across)
        rows = -(-(header.height - top) // down)
        if columns > 0 and rows > 0:
            shapes.append((rows, (columns * bits + 7) // 8))
    return shapes
