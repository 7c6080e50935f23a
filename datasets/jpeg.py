"""What a JPEG file says before its pixels, and whether it is all there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

# Frame headers (ITU-T T.81, table B.1): C0 to CF but for tables (C4, CC) and the reserved C8.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# What may follow a segment: tables, frames, scans, application data and comments.
_SEGMENTS = frozenset(range(0xC0, 0xD0)) | frozenset(range(0xDA, 0xF0)) | {0xF7, 0xF8, 0xFE}
_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
_JFIF, _EXIF, _ADOBE = 0xE0, 0xE1, 0xEE
_APPLICATION = frozenset(range(0xE0, 0xF0))
_SPECTRUM = 64
# Frames by their number, as far as any decoder here knows them.
BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS = 0xC0, 0xC1, 0xC2, 0xC3
ARITHMETIC, ARITHMETIC_PROGRESSIVE = 0xC9, 0xCA
JPEG_LS = 0xF7


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
    frame : int
        The marker of the frame: 0xC0 baseline, 0xC2 progressive, 0xC3 lossless...
    exif : bytes or None
        The first Exif block, from ``Exif`` on.
    scan : int
        Where the first scan's marker is.
    """

    height: int
    width: int
    components: int
    precision: int
    frame: int = field(default=BASELINE, compare=False)
    exif: bytes | None = field(default=None, compare=False, repr=False)
    scan: int = field(default=0, compare=False)


@dataclass(frozen=True)
class _Segment:
    marker: int
    start: int
    end: int


def has_end(data: bytes, header: JpegHeader) -> bool:
    """Whether an end marker follows the first scan.

    Inside a scan the byte FF is always followed by 00 or a restart marker, so an end marker after
    the start of the first scan is the true one; that of a preview in the header is passed over.
    """
    return data.find(b"\xff\xd9", header.scan) >= 0


def frame_header(data: bytes) -> JpegHeader:
    """Walk the segments up to the first scan; whether the picture has an end is not asked.

    Stray bytes between two segments are passed over, as by every decoder.

    Raises
    ------
    ValueError
        If the header is damaged.
    """
    frame: tuple[int, ...] | None = None
    exif = None
    for segment in _segments(data):
        body = data[segment.start + 4 : segment.end]
        if segment.marker in _FRAMES | {JPEG_LS} and len(body) >= 6:
            frame = (segment.marker, *struct.unpack_from(">BHHB", body))
        elif segment.marker == _EXIF and exif is None and body.startswith(b"Exif\0"):
            exif = body
        elif segment.marker == _SCAN:
            if frame is None:
                raise ValueError("no frame header before the first scan")
            marker, precision, height, width, components = frame
            return JpegHeader(height, width, components, precision, marker, exif, segment.start)
    raise ValueError("it ends within its header")


def without_metadata(data: bytes) -> bytes:
    """Copy a JPEG without stray bytes in its header, and without what does not change its pixels.

    What JFIF and Adobe say of the colours is kept, in a form that no decoder warns of.

    Raises
    ------
    ValueError
        If the header is damaged.
    """
    kept = [data[:2]]
    for segment in _segments(data):
        body = data[segment.start : segment.end]
        if segment.marker == _SCAN:
            kept.append(data[segment.start :])
            break
        if segment.marker == _JFIF and body[4:9] == b"JFIF\0":
            kept.append(b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\1\0\1\0\0")
        elif segment.marker == _ADOBE and body[4:9] == b"Adobe" and len(body) >= 16:
            if body[15] <= 2:
                kept.append(body)
        elif segment.marker != _COMMENT and segment.marker not in _APPLICATION:
            kept.append(body)
    return b"".join(kept)


def scans_are_complete(data: bytes) -> bool:
    """Whether the scans give every bit of every coefficient of every component.

    A progressive file that is cut between two scans is a whole file with a coarse picture.

    Raises
    ------
    ValueError
        If the header is damaged.
    """
    components: list[int] = []
    # The lowest bit that is known of each coefficient; as many as a sample has, if none is.
    known: dict[tuple[int, int], int] = {}
    progressive = False
    for segment in _segments(data, scans=True):
        body = data[segment.start + 4 : segment.end]
        if segment.marker in _FRAMES and len(body) >= 6:
            components = list(body[6 : 6 + 3 * body[5] : 3])
            progressive = segment.marker in (PROGRESSIVE, ARITHMETIC_PROGRESSIVE)
        elif segment.marker == _SCAN and body and len(body) >= 4 + 2 * body[0]:
            low, high, bits = body[1 + 2 * body[0] :][:3]
            span = range(low, high + 1) if progressive else range(_SPECTRUM)
            for component in body[1 : 1 + 2 * body[0] : 2]:
                known.update({(component, k): bits & 15 if progressive else 0 for k in span})
    return bool(components) and all(
        known.get((component, k)) == 0 for component in components for k in range(_SPECTRUM)
    )


def _segments(data: bytes, *, scans: bool = False) -> Iterator[_Segment]:
    """Give the segments in order, up to the first scan, or with `scans` to the end."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] == 0:
            at = _next_segment(data, at)
            continue
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        if marker == _END:
            if scans:
                return
            raise ValueError("no picture in it")
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        yield _Segment(marker, at, end)
        if marker == _SCAN:
            if not scans:
                return
            end = _scan_end(data, end)
        at = end


def _next_segment(data: bytes, at: int) -> int:
    """Find where the next segment begins behind stray bytes."""
    found = data.find(b"\xff", at)
    while 0 <= found < len(data) - 1:
        if data[found + 1] in _SEGMENTS:
            return found
        found = data.find(b"\xff", found + 1)
    raise ValueError(f"no marker at byte {at}, nor behind it")


def _scan_end(data: bytes, at: int) -> int:
    """Find the marker that ends a scan: not a restart, nor FF as data (FF 00)."""
    found = data.find(b"\xff", at)
    while 0 <= found < len(data) - 1:
        if data[found + 1] not in {0, 0xFF, *range(0xD0, 0xD8)}:
            return found
        found = data.find(b"\xff", found + 1)
    return len(data)
