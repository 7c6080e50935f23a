"""What a JPEG file says before its pixels, and whether it is all there."""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Frame headers (ITU-T T.81, table B.1): C0 to CF but for tables (C4, CC) and the reserved C8.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN, _END = 0xDA, 0xD9


@dataclass(frozen=True)
class JpegHeader:
    """The frame header of a JPEG.

    Attributes
    ----------
    height, width : int
        In pixels.
    components : int
        1 grey, 3 colour, 4 CMYK.
    precision : int
        Bits a sample.
    """

    height: int
    width: int
    components: int
    precision: int


def read_jpeg_header(data: bytes) -> JpegHeader:
    """Walk the segments up to the first scan, and check that the picture has an end.

    Decoders fill what is missing from a cut file with grey, and seldom say so. Inside a scan the
    byte FF is always followed by 00 or a restart marker, so an end marker after the start of the
    first scan is the true one; that of a preview in the header is passed over.

    Parameters
    ----------
    data : bytes
        The file's content.

    Returns
    -------
    JpegHeader

    Raises
    ------
    ValueError
        If the header is damaged, or there is no end marker behind it.
    """
    at, header = 2, None
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker == _END:
            raise ValueError("no picture in it")
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAMES and length >= 8 and at + 10 <= len(data):
            precision, height, width, components = struct.unpack_from(">BHHB", data, at + 4)
            header = JpegHeader(height, width, components, precision)
        at += 2 + length
        if marker == _SCAN:
            if header is None:
                raise ValueError("no frame header before the first scan")
            if data.find(b"\xff\xd9", at) < 0:
                raise ValueError("no end marker: the rest is missing")
            return header
    raise ValueError("it ends within its header")
