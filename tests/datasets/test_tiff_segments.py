from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets import tiff_segments
from gliaboost.datasets.tiff_directories import read_directories
from gliaboost.datasets.tiff_segments import SegmentLayout, UnreadKindError, read_segments


def layout(**changes: Any) -> SegmentLayout:
    plain = SegmentLayout(
        height=2,
        width=3,
        channels=1,
        bits=16,
        kind=np.dtype("u2"),
        big_endian=False,
        planar=False,
        segment_height=2,
        segment_width=3,
        tiled=False,
        offsets=(8,),
        sizes=(12,),
        compression=1,
        predictor=1,
        fill_order=1,
    )
    return replace(plain, **changes)


VALUES = np.array([[1, 2, 300], [4000, 5, 65535]], np.uint16)


def file(body: bytes) -> bytes:
    return bytes(8) + body


def packed(values: Any, bits: int) -> bytes:
    rows = [
        "".join(f"{v:0{bits}b}" for v in row).ljust(-(-len(row) * bits // 8) * 8, "0")
        for row in np.asarray(values).tolist()
    ]
    return b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)


@pytest.mark.parametrize("bits", [1, 2, 3, 5, 7, 9, 10, 12, 14, 15, 17, 20, 31, 33, 63])
def test_samples_of_any_bits_are_unpacked(bits: int) -> None:
    values = [[0, 1, 2**bits - 1], [2 ** (bits - 1), 0, 1]]
    kind = np.dtype(next(f"u{s}" for s in (1, 2, 4, 8) if 8 * s >= bits))
    read = read_segments(file(packed(values, bits)), layout(bits=bits, kind=kind))
    assert read[..., 0].tolist() == values


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("size", [3, 5, 6, 7])
def test_samples_of_odd_bytes_come_in_the_order_of_the_file(big: bool, size: int) -> None:
    values = [[0, 1, 2 ** (8 * size) - 1], [77, 2 ** (8 * size - 1), 5]]
    order = "big" if big else "little"
    body = b"".join(v.to_bytes(size, order) for row in values for v in row)
    kind = np.dtype("u4" if size == 3 else "u8")
    read = read_segments(file(body), layout(bits=8 * size, kind=kind, big_endian=big))
    assert read[..., 0].tolist() == values


def test_bits_may_come_lowest_first() -> None:
    turned = bytes(int(f"{b:08b}"[::-1], 2) for b in packed(VALUES, 16))
    read = read_segments(file(turned), layout(fill_order=2, big_endian=True))
    np.testing.assert_array_equal(read[..., 0], VALUES)


@pytest.mark.parametrize("planar", [False, True])
def test_one_high_strip_is_read_in_parts(monkeypatch: pytest.MonkeyPatch, planar: bool) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (50, 3, 2), np.uint16)
    stored = np.moveaxis(values, 2, 0) if planar else values
    changes = {"height": 50, "channels": 2, "segment_height": 2**31, "planar": planar}
    offsets = (8, 8 + 300) if planar else (8,)
    monkeypatch.setattr(tiff_segments, "_BLOCK", 100)
    given = layout(**changes, offsets=offsets, sizes=(1,) * len(offsets))
    read = read_segments(file(np.ascontiguousarray(stored).tobytes()), given)
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("sizes", [(0,), (5,), (10**9,)])
def test_a_wrong_count_of_unpacked_bytes_does_no_harm(sizes: tuple[int, ...]) -> None:
    read = read_segments(file(VALUES.tobytes()), layout(sizes=sizes))
    np.testing.assert_array_equal(read[..., 0], VALUES)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"offsets": ()}, "0 strips or tiles; expected 1"),
        ({"offsets": (0,)}, "outside of the file"),
        ({"offsets": (9,)}, "outside of the file"),
        ({"compression": 8, "sizes": (0,)}, "outside of the file"),
        ({"segment_height": 0}, "expected 0"),
        ({"predictor": 3}, "floats on integers"),
        (
            {"tiled": True, "segment_width": 10**6, "segment_height": 10**6, "sizes": (12,)},
            "outside of the file",
        ),
        (
            {
                "tiled": True,
                "segment_width": 10**6,
                "segment_height": 10**6,
                "compression": 8,
            },
            "strips or tiles of more than",
        ),
    ],
)
def test_damage_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_segments(file(VALUES.tobytes()), layout(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"compression": 6}, "compression 6"),
        ({"predictor": 9}, "predictor 9"),
        ({"predictor": 2, "bits": 12}, "12 bits"),
    ],
)
def test_what_is_not_read_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UnreadKindError, match=said):
        read_segments(file(VALUES.tobytes()), layout(**changes))


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "tiff_deflate", "zstd", "lzma"]
)
def test_each_packing_is_undone(compression: str) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (40, 50), np.uint16)
    stream = io.BytesIO()
    names = {"zstd": 50000, "lzma": 34925}
    Image.fromarray(values.view(np.uint8)).save(
        stream,
        "TIFF",
        compression=compression if compression not in names else "tiff_" + compression,
        tiffinfo={278: 16},
    )
    data = stream.getvalue()
    tags = next(read_directories(data))
    read = read_segments(
        data,
        layout(
            height=40,
            width=50,
            segment_width=50,
            segment_height=tags[278][0],
            offsets=tags[273],
            sizes=tags[279],
            compression=tags[259][0],
        ),
    )
    np.testing.assert_array_equal(read[..., 0], values)


def test_packed_strips_that_do_not_unpack_are_refused() -> None:
    with pytest.raises(Exception, match=r".") as caught:
        read_segments(file(b"not deflate!"), layout(compression=8))
    assert isinstance(caught.value, OSError | ValueError | SyntaxError)
