from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gliaboost.datasets.jpeg import (
    PROGRESSIVE,
    JpegHeader,
    frame_header,
    has_end,
    scans_are_complete,
    without_metadata,
)


def encoded(height: int = 9, width: int = 14, colour: bool = False, option: str = "") -> bytes:
    rng = np.random.default_rng(0)
    shape = (height, width, 3) if colour else (height, width)
    flags = [getattr(cv2, option), 1] if option else []
    done, data = cv2.imencode(".jpg", rng.integers(0, 256, shape, dtype=np.uint8), flags)
    assert done
    return data.tobytes()


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


@given(height=st.integers(1, 60), width=st.integers(1, 60), colour=st.booleans())
def test_the_size_is_the_encoders(height: int, width: int, colour: bool) -> None:
    header = frame_header(encoded(height, width, colour))
    assert header == JpegHeader(height, width, 3 if colour else 1, 8)


@pytest.mark.parametrize("option", ["IMWRITE_JPEG_PROGRESSIVE", "IMWRITE_JPEG_RST_INTERVAL"])
def test_other_ways_to_encode_are_read(option: str) -> None:
    assert frame_header(encoded(option=option)) == JpegHeader(9, 14, 1, 8)


def test_the_preview_in_the_header_is_passed_over() -> None:
    whole, preview = encoded(), encoded(3, 4)
    inside = whole[:2] + segment(0xE1, preview) + whole[2:]
    assert frame_header(inside) == JpegHeader(9, 14, 1, 8)
    cut = whole[:2] + segment(0xE1, preview) + whole[2:-2]
    assert has_end(inside, frame_header(inside)) and not has_end(cut, frame_header(cut))


def test_fill_bytes_and_markers_without_content_are_passed_over() -> None:
    whole = encoded()
    for between in (b"\xff" * 3, b"\xff\x01", b"\xff\xd0"):
        assert frame_header(whole[:2] + between + whole[2:]) == JpegHeader(9, 14, 1, 8)


def test_tables_are_no_frames() -> None:
    # C4 holds Huffman tables, C8 is reserved, CC sets arithmetic coding: none has a size.
    whole = encoded()
    for marker in (0xC4, 0xC8, 0xCC):
        extra = segment(marker, b"\x08\x00\x01\x00\x01\x01\x00\x00")
        scan = whole.index(b"\xff\xda")
        assert frame_header(whole[:scan] + extra + whole[scan:]).height == 9


@given(share=st.floats(0, 1))
def test_a_cut_is_seen_wherever_it_is(share: float) -> None:
    whole = encoded()
    cut = whole[: int(share * (len(whole) - 1))]
    if len(cut) < frame_header(whole).scan + 4:
        with pytest.raises(ValueError, match=r"within its header|no marker"):
            frame_header(cut)
    else:
        assert not has_end(cut, frame_header(cut))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xd8" + segment(0xE0, b"JFIF") + b"\x00\x00\x00\x00", "no marker at byte 10"),
        (b"\xff\xd8\xff\xd9\x00\x00", "no picture in it"),
        (b"\xff\xd8" + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\xff\xd9", "no frame header"),
        (b"\xff\xd8", "ends within its header"),
        (b"", "ends within its header"),
    ],
)
def test_damage_is_named(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frame_header(data)


def test_twelve_bits_and_four_components_are_told() -> None:
    frame = segment(0xC1, struct.pack(">BHHB", 12, 700, 800, 4) + bytes(12))
    data = b"\xff\xd8" + frame + segment(0xDA, bytes(12)) + b"\x00\xff\xd9"
    assert frame_header(data) == JpegHeader(700, 800, 4, 12)


def coloured(**options: object) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    Image.fromarray(noise).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("stray", [b"\x12\x34", b"\x00", b"\xff\x00\xff\x00", b"JFIF\xff\x02"])
def test_stray_bytes_between_segments_are_passed_over(stray: bytes) -> None:
    whole = encoded()
    for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xda"):
        at = whole.index(marker)
        odd = whole[:at] + stray + whole[at:]
        assert frame_header(odd) == JpegHeader(9, 14, 1, 8)
        assert without_metadata(odd) == without_metadata(whole)


def test_the_end_is_asked_for_by_one_function_alone() -> None:
    whole = encoded()
    assert frame_header(whole[:-2]) == frame_header(whole)
    assert has_end(whole, frame_header(whole))
    assert not has_end(whole[:-2], frame_header(whole))


def test_the_frame_the_exif_and_the_scan_are_told() -> None:
    whole = coloured(progressive=True)
    exif = b"Exif\0\0MM\0*"
    header = frame_header(whole[:2] + segment(0xE1, b"http") + segment(0xE1, exif) + whole[2:])
    assert (header.frame, header.exif) == (PROGRESSIVE, exif)
    assert whole[frame_header(whole).scan :].startswith(b"\xff\xda")


def test_metadata_is_left_out_and_colours_are_kept() -> None:
    whole = coloured(keep_rgb=True)
    extras = segment(0xE1, b"Exif") + segment(0xFE, b"words") + segment(0xE2, b"ICC_PROFILE\0")
    plain = without_metadata(whole[:2] + extras + whole[2:])
    assert plain == without_metadata(whole)
    assert b"Adobe" in plain
    assert not any(name in plain for name in (b"Exif", b"words", b"ICC"))
    odd = segment(0xEE, b"Adobe\0\x64" + bytes(4) + b"\x09")
    assert without_metadata(encoded()[:2] + odd + encoded()[2:]) == without_metadata(encoded())


def test_scans_are_complete_when_every_bit_is_there() -> None:
    kinds: tuple[dict[str, object], ...] = ({}, {"progressive": True}, {"restart_marker_blocks": 2})
    for options in kinds:
        whole = coloured(**options)
        assert scans_are_complete(whole)
        assert scans_are_complete(whole[:-2])
    starts = [i for i in range(len(whole)) if whole[i : i + 2] == b"\xff\xda"]
    assert len(starts) == 1
    whole = coloured(progressive=True)
    starts = [i for i in range(len(whole)) if whole[i : i + 2] == b"\xff\xda"]
    assert len(starts) > 5
    assert not any(scans_are_complete(whole[:at]) for at in starts)
