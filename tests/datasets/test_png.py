from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.png import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    GREY_ALPHA,
    PngHeader,
    deep_png,
    is_transparent,
    only_pixels,
    read_png_header,
)

CHANNELS = {GREY: 1, COLOUR: 3, GREY_ALPHA: 2, COLOUR_ALPHA: 4}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
PASSES += [(0, 1, 1, 2)]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def rows_of(values: NDArray[Any]) -> bytes:
    return b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)


def png(
    values: NDArray[Any], colour: int, *, interlaced: bool = False, before: bytes = b""
) -> bytes:
    """Write a PNG of 16 bits by hand, without filters."""
    height, width = values.shape[:2]
    parts = [values]
    if interlaced:
        parts = [values[top::down, left::across] for left, top, across, down in PASSES]
    body = b"".join(rows_of(part) for part in parts if part.size)
    head = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + before
        + chunk(b"IDAT", zlib.compress(body))
        + chunk(b"IEND", b"")
    )


def read(data: bytes) -> Any:
    header = read_png_header(data)
    assert header is not None
    return deep_png(data, header)


def values_of(colour: int, height: int = 21, width: int = 33) -> NDArray[np.uint16]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 65536, (height, width, CHANNELS[colour]), np.uint16)


@pytest.mark.parametrize("colour", CHANNELS)
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("shape", [(21, 33), (1, 1), (3, 2), (9, 1)])
def test_sixteen_bits_are_what_was_written(
    colour: int, interlaced: bool, shape: tuple[int, int]
) -> None:
    values = values_of(colour, *shape)
    samples = read(png(values, colour, interlaced=interlaced))
    shown = values[..., :1] if colour in (GREY, GREY_ALPHA) else values[..., :3]
    np.testing.assert_array_equal(samples.values, shown)
    if colour in (GREY_ALPHA, COLOUR_ALPHA):
        np.testing.assert_array_equal(samples.alpha, values[..., -1])
    else:
        assert samples.alpha is None


@pytest.mark.parametrize("colour", [GREY, COLOUR])
def test_a_transparent_colour_becomes_alpha(colour: int) -> None:
    values = values_of(colour)
    values[3, 4] = values[0, 0]
    key = struct.pack(f">{CHANNELS[colour]}H", *values[0, 0].tolist())
    data = png(values, colour, before=chunk(b"tRNS", key))
    assert is_transparent(data) and not is_transparent(png(values, colour))
    alpha = read(data).alpha
    assert np.argwhere(alpha == 0).tolist() == [[0, 0], [3, 4]]
    assert set(alpha.ravel()) == {0, 65535}


def test_only_what_pixels_need_is_kept() -> None:
    extras = chunk(b"tEXt", b"k\0v") + chunk(b"eXIf", b"junk") + chunk(b"iCCP", b"junk")
    plain = png(values_of(COLOUR), COLOUR)
    odd = png(values_of(COLOUR), COLOUR, before=extras)
    assert only_pixels(odd + b"trailer") == plain
    assert chunk(b"eXIf", b"junk") in only_pixels(odd, also=(b"eXIf",))
    assert only_pixels(plain[:-12]) == plain  # the end alone was missing


def test_the_header_is_read() -> None:
    data = png(values_of(GREY_ALPHA), GREY_ALPHA, interlaced=True)
    assert read_png_header(data) == PngHeader(21, 33, 16, GREY_ALPHA, True, False)
    apple = data[:8] + chunk(b"CgBI", b"\x50\0\x20\2") + data[8:]
    assert read_png_header(apple) == PngHeader(21, 33, 16, GREY_ALPHA, True, True)
    assert read_png_header(data[:20]) is None
    assert read_png_header(data[:8] + chunk(b"IDAT", bytes(20))) is None


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_is_refused(interlaced: bool, share: float) -> None:
    data = png(values_of(COLOUR), COLOUR, interlaced=interlaced)
    with pytest.raises(ValueError, match="ends within its pixels"):
        read(data[: int(len(data) * share)])


def test_damaged_pixels_are_refused() -> None:
    data = bytearray(png(values_of(COLOUR), COLOUR))
    data[len(data) // 2] ^= 4
    with pytest.raises(ValueError, match="do not inflate"):
        read(bytes(data))


def test_an_unknown_filter_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 1, 1, 16, COLOUR, 0, 0, 0)
    body = zlib.compress(b"\7" + bytes(6))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body)
    with pytest.raises(ValueError, match="unknown filter 7"):
        read(data)


def test_a_bomb_is_inflated_no_further_than_its_size() -> None:
    head = struct.pack(">IIBBBBB", 2, 2, 16, COLOUR, 0, 0, 0)
    body = zlib.compress(bytes(50_000_000))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body)
    assert read(data).values.tolist() == [[[0, 0, 0]] * 2] * 2
