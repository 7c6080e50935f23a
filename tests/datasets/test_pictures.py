from __future__ import annotations

import base64
import io
import struct
import time
import tracemalloc
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from gliaboost.datasets.image_kinds import kind_of
from gliaboost.datasets.pictures import read_grey, read_mask
from gliaboost.errors import DecodeError

CAP = 10**6
RNG = np.random.default_rng(0)
DEEP = RNG.integers(0, 4096, (21, 33), np.uint16)
GREY = RNG.integers(0, 256, (21, 33), np.uint8)
DRAWN = np.zeros((21, 33), bool)
DRAWN[4:15, 6:22] = True


def grey(data: bytes) -> NDArray[np.uint8]:
    kind = kind_of(data)
    assert kind is not None
    return read_grey(data, kind, "x", CAP)


def mask(data: bytes) -> NDArray[np.bool_]:
    kind = kind_of(data)
    assert kind is not None
    return read_mask(data, kind, "x", CAP)


def refusal(data: bytes) -> str:
    with pytest.raises(DecodeError) as caught:
        grey(data)
    return caught.value.reason


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(values: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, metadata=None, **options)
    return file.getvalue()


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    exact = values.astype(np.longdouble)
    low, high = exact.min(), exact.max()
    scaled: NDArray[np.uint8] = np.rint((exact - low) / (high - low) * 255).astype(np.uint8)
    return scaled


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunks(data: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    at = data.index(b"IDAT") - 4
    return data[:at] + before + data[at:-12] + after + data[-12:]


def deep_png(values: NDArray[np.uint16]) -> bytes:
    return bytes(cv2.imencode(".png", values)[1].tobytes())


DEEP_FILES: dict[str, bytes] = {
    "grey PNG": deep_png(DEEP),
    "colour PNG": deep_png(np.dstack([DEEP] * 3)),
    "colour PNG with alpha": deep_png(np.dstack([DEEP] * 3 + [np.full_like(DEEP, 65535)])),
    "colour TIFF": tiff(np.dstack([DEEP] * 3), photometric="rgb"),
    "planar TIFF": tiff(np.stack([DEEP] * 3), photometric="rgb", planarconfig="separate"),
    "tiled TIFF": tiff(np.dstack([DEEP] * 3), photometric="rgb", tile=(16, 16)),
    "large TIFF": tiff(DEEP, photometric="minisblack", bigtiff=True, byteorder=">"),
    **{
        f"{dtype} TIFF": tiff(DEEP.astype(dtype), photometric="minisblack")
        for dtype in ("i2", "u4", "i4", "u8", "i8", "f4", "f8")
    },
}


@pytest.mark.parametrize("name", DEEP_FILES)
def test_twelve_bits_in_deeper_pictures_keep_their_levels(name: str) -> None:
    np.testing.assert_array_equal(grey(DEEP_FILES[name]), stretched(DEEP))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pictures_stand_as_shallow_ones_do(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    shallow = grey(encoded(Image.fromarray(GREY), "PNG", exif=exif))
    wide = GREY.astype(np.uint16) * 257
    tagged = tiff(wide, photometric="minisblack", extratags=[(274, "H", 1, orientation)])
    np.testing.assert_array_equal(grey(tagged), stretched(shallow))
    block = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    deep = with_chunks(deep_png(np.dstack([wide] * 3)), block)
    np.testing.assert_array_equal(grey(deep), stretched(shallow))
    photo = encoded(Image.fromarray(GREY), "JPEG", exif=exif)
    turned = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(grey(photo), turned)


MALFORMED = {
    "Exif": chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"),
    "Exif of words": chunk(b"eXIf", b"words"),
    "an empty profile": chunk(b"iCCP", b""),
    "a profile of words": chunk(b"iCCP", b"x\0\0words"),
    "a compressed text of words": chunk(b"zTXt", b"k\0\0words"),
    "a text bomb": chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000))),
    "a huge text": chunk(b"tEXt", b"k\0" + b"x" * 5_000_000),
    "a wrong sum": chunk(b"tEXt", b"k\0v")[:-1] + b"\0",
    "an empty gamma": chunk(b"gAMA", b""),
    "no gamma": chunk(b"gAMA", bytes(4)),
    "half a resolution": chunk(b"pHYs", b"1"),
    "an empty international text": chunk(b"iTXt", b""),
    "half an animation": chunk(b"acTL", b"\0"),
    "an animation of nothing": chunk(b"acTL", bytes(8)),
    "half a frame": chunk(b"fcTL", b"1"),
    "half a time": chunk(b"tIME", b"1"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_beside_the_pixels_refuses_no_png(name: str) -> None:
    odd = MALFORMED[name]
    for data in (
        encoded(Image.fromarray(GREY), "PNG"),
        encoded(Image.fromarray(np.dstack([GREY] * 3)), "PNG"),
    ):
        np.testing.assert_array_equal(grey(with_chunks(data, before=odd)), GREY)
        np.testing.assert_array_equal(grey(with_chunks(data, after=odd)), GREY)
    np.testing.assert_array_equal(
        grey(with_chunks(DEEP_FILES["colour PNG"], odd, odd)), stretched(DEEP)
    )


def test_a_malformed_chunk_does_not_hide_exif() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(Image.fromarray(GREY), "PNG", exif=exif)
    odd = with_chunks(data, before=MALFORMED["an empty gamma"])
    np.testing.assert_array_equal(grey(odd), np.rot90(GREY, 3))


@pytest.mark.parametrize("name", ["grey", "colour"])
def test_damaged_pixels_refuse_a_png(name: str) -> None:
    image = Image.fromarray(GREY if name == "grey" else np.dstack([GREY] * 3))
    for data in (encoded(image, "PNG"), DEEP_FILES["colour PNG"]):
        broken = bytearray(data)
        broken[data.index(b"IDAT") + 200] ^= 8
        assert "truncated or damaged PNG" in refusal(bytes(broken))
        assert "truncated or damaged PNG" in refusal(data[: data.index(b"IDAT") + 200])


def test_apples_own_png_is_named() -> None:
    data = encoded(Image.fromarray(GREY), "PNG")
    assert "CgBI" in refusal(data[:8] + chunk(b"CgBI", bytes(4)) + data[8:])


def bmp(rows: bytes, bits: int, header: int = 40, packing: int = 0, masks: bytes = b"") -> bytes:
    info = struct.pack("<IiiHHIIiiII", header, 33, 21, 1, bits, packing, len(rows), 0, 0, 0, 0)
    info += masks if header == 40 else masks.ljust(16, b"\0") + bytes(header - 56)
    at = 14 + len(info)
    return b"BM" + struct.pack("<IHHI", at + len(rows), 0, 0, at) + info + rows


FIELDS = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)


@pytest.mark.parametrize("alpha", [0, 255])
@pytest.mark.parametrize(
    ("header", "packing", "masks"),
    [(40, 0, b""), (40, 3, FIELDS[:12]), (56, 3, FIELDS), (108, 3, FIELDS), (124, 3, FIELDS)],
)
def test_bmp_of_32_bits_is_seen_with_an_empty_alpha(
    alpha: int, header: int, packing: int, masks: bytes
) -> None:
    pixels = np.dstack([GREY] * 3 + [np.full_like(GREY, alpha)])[::-1]
    np.testing.assert_array_equal(grey(bmp(pixels.tobytes(), 32, header, packing, masks)), GREY)


def test_bmp_of_other_packings_is_named() -> None:
    assert "not read" in refusal(bmp(b"", 24, packing=4))


def test_the_palette_of_a_tiff_in_bytes_is_looked_up() -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint16)[::-1], (3, 1))
    for factor in (1, 257):
        data = tiff(GREY, photometric="palette", colormap=ramp * factor)
        np.testing.assert_array_equal(grey(data), 255 - GREY)


def test_the_preview_of_a_tiff_is_not_its_picture() -> None:
    for values, expected in ((GREY, GREY), (DEEP, stretched(DEEP))):
        file = io.BytesIO()
        with tifffile.TiffWriter(file) as writer:
            writer.write(values[::4, ::4], subfiletype=1, metadata=None)
            writer.write(values, metadata=None)
        np.testing.assert_array_equal(grey(file.getvalue()), expected)


@pytest.mark.parametrize("channels", [2, 5])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_bytes_in_odd_channels_are_not_scaled(channels: int, planes: str) -> None:
    values = np.stack([GREY // 2] * channels, 2 if planes == "contig" else 0)
    data = tiff(values, photometric="minisblack", planarconfig=planes)
    np.testing.assert_array_equal(grey(data), GREY // 2)


def test_tiff_of_kinds_that_are_not_read_is_named() -> None:
    reason = refusal(tiff(DEEP.astype(np.complex64), photometric="minisblack"))
    assert reason == (
        "is a TIFF of a kind that is not read: complex numbers are not read; save their magnitude"
    )


@pytest.mark.parametrize(
    ("marker", "precision", "components", "named"),
    [
        (0xC1, 12, 1, "a JPEG of 12 bits a sample"),
        (0xC3, 16, 1, "a JPEG of 16 bits a sample"),
        (0xC7, 8, 1, "hierarchical or lossless arithmetic"),
        (0xF7, 8, 1, "a JPEG-LS"),
        (0xC0, 8, 2, "a JPEG of 2 components"),
    ],
)
def test_jpeg_of_kinds_that_are_not_read_is_named(
    marker: int, precision: int, components: int, named: str
) -> None:
    data = bytearray(encoded(Image.fromarray(GREY), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4], data[at + 9] = marker, precision, components
    assert named in refusal(bytes(data))


def test_a_jpeg_of_scans_without_end_is_refused_before_it_is_decoded() -> None:
    data = encoded(Image.fromarray(np.zeros((900, 900), np.uint8)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert grey(data).shape == (900, 900)
    begun = time.perf_counter()
    assert "scans of 900 x 900 pixels" in refusal(data[:-2] + data[last:-2] * 5000 + data[-2:])
    assert time.perf_counter() - begun < 1


# 0 to 15 in 4 x 4 pixels, and 0 to 47 in as many of three channels, as libjpeg-turbo 3 writes them.
LOSSLESS = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALCAAEAAQBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAAAQMI/9oACAEBAAEAAM/q0VorRX"
    "//2Q=="
)
LOSSLESS_COLOUR = (
    "/9j/7gAOQWRvYmUAZAAAAAAA/8MAEQgABAAEA1IRAEcRAEIRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAIEBwj/2gAMA1IARwBC"
    "AAEAAOf8AwFtttt2WWNtttuyyxtttt2WWNtttv8A/9k="
)


def test_lossless_jpeg_of_8_bits_is_exact() -> None:
    np.testing.assert_array_equal(
        grey(base64.b64decode(LOSSLESS)), np.arange(16, dtype=np.uint8).reshape(4, 4)
    )
    colours = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    luma = np.asarray(Image.fromarray(colours).convert("L"))
    np.testing.assert_array_equal(grey(base64.b64decode(LOSSLESS_COLOUR)), luma)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_damaged_jpeg_is_named_so(mode: str) -> None:
    noise = RNG.integers(0, 256, (120, 120), np.uint8)
    data = encoded(Image.fromarray(noise).convert(mode), "JPEG", quality=95)
    at = (data.index(b"\xff\xda") + len(data)) // 2
    for broken in (data[:at] + b"\xff\xd9", data[:at], data[:at] + data[at + 1000 :]):
        assert "damaged, partly decoded" in refusal(broken)


def test_stray_bytes_refuse_no_cmyk_jpeg() -> None:
    data = encoded(Image.fromarray(GREY).convert("RGB").convert("CMYK"), "JPEG", quality=95)
    at = data.index(b"\xff\xda")
    for odd in (data[:at] + b"\x12\x34" + data[at:], data[:-2]):
        np.testing.assert_array_equal(grey(odd), grey(data))


COLOURS = np.where(DRAWN[..., None], np.array([0, 0, 1], np.uint8), np.uint8(0))


@pytest.mark.parametrize(
    "data",
    [
        encoded(Image.fromarray(COLOURS), "PNG"),
        encoded(Image.fromarray(COLOURS), "BMP"),
        encoded(Image.fromarray(COLOURS), "TIFF"),
        deep_png(COLOURS[..., ::-1].astype(np.uint16)),
        deep_png(DRAWN.astype(np.uint16)),
        deep_png(DRAWN.astype(np.uint16) + 40000 * (np.arange(33) == 9) * DRAWN),
        tiff(COLOURS.astype(np.uint16), photometric="rgb"),
        tiff(np.where(DRAWN, 0, 65535).astype(np.uint16), photometric="miniswhite"),
        tiff(DRAWN.astype(np.float32), photometric="minisblack"),
        encoded(Image.fromarray(COLOURS * 255), "JPEG", quality=95, subsampling=0),
        encoded(Image.fromarray(DRAWN * np.uint8(255)), "JPEG", quality=80),
    ],
    ids=range(11),
)
def test_masks_of_any_kind_are_what_was_drawn(data: bytes) -> None:
    np.testing.assert_array_equal(mask(data), DRAWN)


def test_a_black_jpeg_is_an_empty_mask() -> None:
    for mode in ("L", "RGB"):
        assert not mask(encoded(Image.new(mode, (16, 16)), "JPEG")).any()
    assert mask(encoded(Image.new("CMYK", (16, 16)), "JPEG")).all()  # paper is white


@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_a_bomb_of_strips_is_refused_before_it_is_unpacked(dtype: str) -> None:
    data = tiff(np.zeros((2000, 2000), dtype), compression="zlib", photometric="minisblack")
    begun = time.perf_counter()
    tracemalloc.start()
    assert "more than the cap" in refusal(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e6
    assert time.perf_counter() - begun < 1
