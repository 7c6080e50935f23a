from __future__ import annotations

import io
import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from gliaboost.datasets.decode import MAX_PIXELS, decode, decode_bytes, decode_mask
from gliaboost.errors import DecodeError

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
GREY = np.add.outer(np.arange(40) * 3, np.arange(60) * 2).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colour() -> Image.Image:
    y, x = np.mgrid[:40, :60]
    return Image.fromarray(np.stack([3 * y, 4 * x, 200 - 2 * x], axis=2).astype(np.uint8))


def png_header(width: int, height: int) -> bytes:
    """Build a PNG that promises more than it holds."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def jpeg_header(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.fromarray(GREY), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_lossless_grey_is_exact(kind: str) -> None:
    decoded = decode_bytes(encoded(Image.fromarray(GREY), kind))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, GREY)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits", "group4"])
def test_tiff_compressions(compression: str | None) -> None:
    image = Image.fromarray(GREY)
    expected = GREY
    if compression == "group4":
        image = image.point(lambda v: 255 * (v > 100), "1")
        expected = np.asarray(image).astype(np.uint8) * 255
    np.testing.assert_array_equal(
        decode_bytes(encoded(image, "TIFF", compression=compression)), expected
    )


def test_big_tiff() -> None:
    data = encoded(Image.fromarray(GREY), "TIFF", big_tiff=True)
    assert data[2] == 43
    np.testing.assert_array_equal(decode_bytes(data), GREY)


def test_first_page_of_several() -> None:
    pages = [Image.fromarray(np.full((4, 4), v, np.uint8)) for v in (10, 20)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert (decode_bytes(data) == 10).all()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_colour_becomes_luma(kind: str) -> None:
    red, green, blue = np.moveaxis(np.asarray(colour(), dtype=np.float64), 2, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert np.abs(decode_bytes(encoded(colour(), kind)) - luma).max() <= 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"subsampling": 2},
        {"keep_rgb": True},
        {"restart_marker_rows": 1},
        {"quality": 30},
    ],
)
@pytest.mark.parametrize("grey", [True, False])
def test_jpeg_agrees_with_pillow(options: dict[str, object], grey: bool) -> None:
    image = Image.fromarray(GREY) if grey else colour()
    data = encoded(image, "JPEG", **{"quality": 95, **options})
    with Image.open(io.BytesIO(data)) as opened:
        by_pillow = np.asarray(opened.convert("L"), dtype=np.int16)
    # OpenCV takes the file's own luma, Pillow goes by way of RGB: clipping there costs some levels.
    assert np.abs(decode_bytes(data) - by_pillow).max() <= (0 if grey else 3)


def test_cmyk_jpeg_is_not_inverted() -> None:
    ink = Image.new("CMYK", (16, 16), (0, 0, 0, 255))  # black
    assert decode_bytes(encoded(ink, "JPEG", quality=95)).max() <= 5
    paper = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    assert decode_bytes(encoded(paper, "JPEG", quality=95)).min() >= 250


def test_alpha_is_composited_on_black() -> None:
    rgba = np.zeros((1, 4, 4), np.uint8)
    rgba[0, :, :3] = 200
    rgba[0, :, 3] = [0, 51, 128, 255]
    expected = [[0, 40, 100, 200]]
    decoded = decode_bytes(encoded(Image.fromarray(rgba, "RGBA"), "PNG"))
    assert np.abs(decoded.astype(int) - expected).max() <= 1
    grey = Image.merge("LA", [Image.fromarray(rgba[..., i]) for i in (0, 3)])
    assert np.abs(decode_bytes(encoded(grey, "PNG")).astype(int) - expected).max() <= 1


def test_palette_is_looked_up() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image = image.convert("P")
    image.putpalette([10, 10, 10, 250, 250, 250, 90, 90, 90])
    assert decode_bytes(encoded(image, "PNG")).tolist() == [[10, 250, 90]]
    assert decode_bytes(encoded(image, "PNG", transparency=1)).tolist() == [[10, 0, 90]]


def test_transparent_grey_value_becomes_black() -> None:
    image = Image.fromarray(np.array([[7, 200]], np.uint8))
    assert decode_bytes(encoded(image, "PNG", transparency=200)).tolist() == [[7, 0]]


def test_one_bit() -> None:
    image = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    for kind in ("PNG", "BMP", "TIFF"):
        assert decode_bytes(encoded(image, kind)).tolist() == [[0, 255], [255, 0]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("low", "high"), [(0, 4095), (1000, 1010), (0, 65535), (300, 40000)])
def test_deep_grey_is_stretched_from_its_own_range(kind: str, low: int, high: int) -> None:
    values = np.linspace(low, high, 64).round().astype(np.uint16).reshape(8, 8)
    expected = np.rint((values - low) / (high - low) * 255)
    np.testing.assert_array_equal(decode_bytes(encoded(Image.fromarray(values), kind)), expected)


def test_deep_grey_with_white_as_zero_is_turned() -> None:
    values = np.array([[0, 65535]], np.uint16)
    data = encoded(Image.fromarray(values), "TIFF", tiffinfo={262: 0})
    assert decode_bytes(data).tolist() == [[255, 0]]


def test_float_tiff_without_a_number_is_black() -> None:
    values = np.array([[-1.0, np.nan, np.inf, 3.0]], np.float32)
    assert decode_bytes(encoded(Image.fromarray(values), "TIFF")).tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("value", [0, 700])
def test_flat_deep_grey_is_black(value: int) -> None:
    flat = Image.fromarray(np.full((3, 3), value, np.uint16))
    assert not decode_bytes(encoded(flat, "PNG")).any()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_exif_orientation_is_applied(kind: str, orientation: int, turns: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(GREY)
    upright = np.rot90(decode_bytes(encoded(image, kind)), turns)
    np.testing.assert_array_equal(decode_bytes(encoded(image, kind, exif=exif)), upright)


@pytest.mark.parametrize("name", ["slice.jpg", "slice", "slice.txt"])
def test_content_counts_not_the_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encoded(Image.fromarray(GREY), "PNG"))
    np.testing.assert_array_equal(decode(tmp_path / name), GREY)


def test_mask_is_what_is_not_black(tmp_path: Path) -> None:
    drawn = np.zeros((16, 16), np.uint8)
    drawn[4:12, 4:12] = 1
    Image.fromarray(drawn).save(tmp_path / "m.png")
    mask = decode_mask(tmp_path / "m.png")
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, drawn == 1)


def test_ringing_of_a_jpeg_mask_is_no_mask(tmp_path: Path) -> None:
    drawn = np.zeros((64, 64), np.uint8)
    drawn[20:43, 21:45] = 255
    Image.fromarray(drawn).save(tmp_path / "m.jpg", quality=60)
    assert (decode(tmp_path / "m.jpg")[drawn == 0] > 0).any()
    np.testing.assert_array_equal(decode_mask(tmp_path / "m.jpg"), drawn > 0)


def refused(path: Path) -> str:
    with pytest.raises(DecodeError) as caught:
        decode(path)
    assert caught.value.path == str(path)
    # A terminal would obey what cannot be printed.
    assert str(path).replace("\x00", r"\x00") in str(caught.value)
    return caught.value.reason


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", "empty"),
    "text.png": (b"these are words, not pixels\n" * 20, "no image of a known kind"),
    "web.jpg": (b"<html>404</html>", "no image of a known kind"),
    "gif.png": (encoded(Image.fromarray(GREY), "GIF"), "no image of a known kind"),
    "magic.png": (b"\x89PNG\r\n\x1a\n", "damaged PNG"),
    "magic.jpg": (b"\xff\xd8\xff", "ends within its header"),
    "magic.bmp": (b"BM", "damaged BMP"),
    "magic.tif": (b"II*\x00", "damaged TIFF"),
    "bomb.png": (png_header(30_000, 30_000), "the cap of 67,108,864"),
    "large.png": (png_header(9_000, 9_000), "9,000 x 9,000 pixels, more than the cap"),
    "bomb.jpg": (jpeg_header(30_000, 30_000), "30,000 x 30,000 pixels, more than the cap"),
    "flat.jpg": (jpeg_header(0, 30), "expected at least one"),
    "short.png": (png_header(500, 500), "truncated or damaged PNG"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(tmp_path: Path, name: str) -> None:
    data, reason = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    assert reason in refused(tmp_path / name)


def test_a_bomb_is_refused_before_decoding() -> None:
    # 28 MB of zeros compress to some 27 kB; decoding them would take longer by far.
    begun = time.perf_counter()
    with pytest.raises(DecodeError, match="cap"):
        decode_bytes(png_header(30_000, 30_000))
    assert time.perf_counter() - begun < 1
    with pytest.raises(DecodeError, match="60 x 40 pixels"):
        decode_bytes(encoded(Image.fromarray(GREY), "PNG"), max_pixels=60 * 40 - 1)
    assert decode_bytes(encoded(Image.fromarray(GREY), "PNG"), max_pixels=60 * 40).size == 2400
    assert 30_000**2 > MAX_PIXELS > 4096**2


def noisy(size: int = 96) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (size, size), dtype=np.uint8)
    return Image.fromarray(noise)


# A plain TIFF or BMP has no check: padded, it is another picture.
CUTS = [(kind, b"") for kind in ("JPEG", "PNG", "TIFF", "BMP")]
CUTS += [(kind, pad * 20_000) for kind in ("JPEG", "PNG") for pad in (b"\x00", b"\xff")]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize(("kind", "padding"), CUTS, ids=lambda v: f"{v[:1]!r}"[:8])
def test_truncated_files_are_refused_unless_whole(kind: str, share: float, padding: bytes) -> None:
    data = encoded(noisy(), kind)
    try:
        decoded = decode_bytes(data[: int(len(data) * share)] + padding)
    except DecodeError:
        return
    assert share > 0.9 and kind != "JPEG"
    np.testing.assert_array_equal(decoded, decode_bytes(data))  # all but the end marker was there


def test_progressive_jpeg_cut_between_scans_is_refused() -> None:
    data = encoded(noisy(), "JPEG", progressive=True)
    scans = [i for i in range(len(data) - 1) if data[i : i + 2] == b"\xff\xda"]
    assert len(scans) > 3
    with pytest.raises(DecodeError, match="no end marker"):
        decode_bytes(data[: scans[3]])


def test_end_marker_of_a_preview_does_not_hide_a_cut() -> None:
    whole = encoded(noisy(), "JPEG")
    preview = encoded(noisy(16), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(preview) + 2) + preview
    data = whole[:2] + segment + whole[2:]
    np.testing.assert_array_equal(decode_bytes(data), decode_bytes(whole))
    with pytest.raises(DecodeError, match="no end marker"):
        decode_bytes(data[: len(data) - 500])


def test_bytes_behind_the_end_are_ignored() -> None:
    for kind in ("JPEG", "PNG"):
        data = encoded(noisy(), kind)
        np.testing.assert_array_equal(decode_bytes(data + b"trailer" * 50), decode_bytes(data))


def test_missing_file_folder_and_pipe(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.png") == "no such file"
    assert "folder" in refused(tmp_path)
    assert "null byte" in refused(tmp_path / "nul\x00.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        assert "is a pipe, a file was expected" in refused(tmp_path / "pipe.png")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret.png"
    file.write_bytes(encoded(Image.fromarray(GREY), "PNG"))
    file.chmod(0)
    if os.access(file, os.R_OK):  # root reads everything

        def denied(*_: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", denied)
    assert "no permission" in refused(file)


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as f:
        f.truncate(2 * 1024**3)  # sparse: takes no space
    assert "2,147,483,648 bytes" in refused(tmp_path / "huge.png")


def test_pillow_that_hides_truncation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(DecodeError, match="LOAD_TRUNCATED_IMAGES"):
        decode_bytes(encoded(Image.fromarray(GREY), "PNG"))


SEEDS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encoded(noisy(32), "JPEG"),
    "progressive": lambda: encoded(colour(), "JPEG", progressive=True),
    "cmyk": lambda: encoded(Image.new("CMYK", (16, 16), (9, 80, 7, 60)), "JPEG"),
    "png": lambda: encoded(noisy(32), "PNG"),
    "palette": lambda: encoded(colour().quantize(16), "PNG"),
    "deep": lambda: encoded(
        Image.fromarray(np.arange(400, dtype=np.uint16).reshape(20, 20)), "PNG"
    ),
    "tiff": lambda: encoded(noisy(32), "TIFF"),
    "lzw": lambda: encoded(colour(), "TIFF", compression="tiff_lzw"),
    "bmp": lambda: encoded(colour(), "BMP"),
}


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it finds in broken metadata
@pytest.mark.parametrize("name", SEEDS)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_hostile_bytes_raise_nothing_but_decode_error(name: str, data: st.DataObject) -> None:
    broken = bytearray(SEEDS[name]())
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(4, len(broken) - 1), st.integers(0, 255)), max_size=8)
    ):
        broken[at] = value
    end = data.draw(st.integers(0, len(broken)))
    broken = broken[:end] + data.draw(st.binary(max_size=40))
    try:
        decoded = decode_bytes(bytes(broken), max_pixels=1_000_000)
    except DecodeError:
        return
    assert decoded.dtype == np.uint8
    assert decoded.ndim == 2
    assert 0 < decoded.size <= 1_000_000


@pytest.mark.parametrize("folder", ["figshare/images", "sartaj"])
def test_real_slices_decode_as_pillow_says(folder: str) -> None:
    if not (SHARED / folder).is_dir():
        pytest.skip(f"the real slices are not at {SHARED / folder}")
    files = sorted((SHARED / folder).rglob("*.jpg"))[::97]
    assert len(files) > 25
    for file in files:
        with Image.open(file) as image:
            expected = np.asarray(image.convert("L"), dtype=np.int16)
        assert np.abs(decode(file) - expected).mean() < 0.5


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (bytes(128) + b"DICM", "dicom"),
        (bytes(344) + b"n+1\0", "nifti"),
        (b"\x1f\x8b\x08" + bytes(20), "nifti"),
        (b"MATLAB 7.3 MAT-file" + bytes(500), "figshare"),
        (b"nothing that is known" * 50, None),
    ],
)
def test_containers_of_slices_name_their_source(data: bytes, source: str | None) -> None:
    with pytest.raises(DecodeError, match="is no image of a known kind") as caught:
        decode_bytes(data)
    if source is None:
        assert "gliaboost manifest" not in caught.value.reason
    else:
        assert f"gliaboost manifest {source} FOLDER" in caught.value.reason
