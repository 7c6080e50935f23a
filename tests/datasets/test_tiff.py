from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from gliaboost.datasets.samples import Samples
from gliaboost.datasets.tiff import (
    BITS,
    PALETTE,
    PHOTOMETRIC,
    palette_of_bytes,
    picture_page,
    plain_image,
    samples_of,
)
from gliaboost.datasets.tiff_segments import UnreadKindError

TYPES = ["u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
CAP = 10**6


def written(values: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    options.setdefault("photometric", "rgb" if values.shape[-1] in (3, 4) else "minisblack")
    tifffile.imwrite(file, values, metadata=None, **options)
    return file.getvalue()


def read(data: bytes) -> Samples:
    return samples_of(data, picture_page(data), CAP)


def values_of(dtype: str, channels: int) -> NDArray[Any]:
    rng = np.random.default_rng(0)
    if dtype[0] == "f":
        return rng.normal(size=(37, 53, channels)).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -1000), min(info.max, 4095), (37, 53, channels), dtype)


LAYOUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "strips": {"rowsperstrip": 5},
    "tiles": {"tile": (16, 32)},
    "deflate": {"compression": "zlib", "rowsperstrip": 7},
    "lzma": {"compression": "lzma"},
    "deflated tiles": {"compression": "zlib", "tile": (32, 16)},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", ["grey", "colour", "planes"])
def test_every_type_in_every_layout_is_what_was_written(
    layout: str, order: str, dtype: str, shape: str
) -> None:
    values = values_of(dtype, 1 if shape == "grey" else 3)
    given = values[..., 0] if shape == "grey" else values
    options = {"byteorder": order, **LAYOUTS[layout]}
    if shape == "planes":
        given = np.moveaxis(values, 2, 0)
        options |= {"planarconfig": "separate", "photometric": "rgb"}
    samples = read(written(given, **options))
    assert samples.values.dtype == values.dtype
    assert samples.alpha is None
    np.testing.assert_array_equal(samples.values, values)


@pytest.mark.parametrize("dtype", ["u2", "i2", "u4", "i1"])
@pytest.mark.parametrize("compression", ["zlib", "lzma"])
def test_predictors_are_undone(dtype: str, compression: str) -> None:
    values = values_of(dtype, 3)
    for options in ({}, {"tile": (16, 16)}, {"byteorder": ">"}):
        data = written(values, compression=compression, predictor=True, **options)
        np.testing.assert_array_equal(read(data).values, values)


@pytest.mark.parametrize("compression", ["LZW", "PACKBITS", "ADOBE_DEFLATE"])
@pytest.mark.parametrize(("dtype", "predictor"), [("u2", 1), ("u2", 2), ("f4", 1), ("f4", 3)])
def test_what_opencv_writes_is_read(compression: str, dtype: str, predictor: int) -> None:
    values = values_of(dtype, 3)
    chosen = getattr(cv2, f"IMWRITE_TIFF_COMPRESSION_{compression}")
    options = [cv2.IMWRITE_TIFF_COMPRESSION, chosen, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    done, data = cv2.imencode(".tif", values[..., ::-1], options)
    assert done
    np.testing.assert_array_equal(read(data.tobytes()).values, values)


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha", "unspecified"])
def test_alpha_is_what_the_file_calls_so(kind: str) -> None:
    values = values_of("u2", 4)
    samples = read(written(values, extrasamples=[kind]))
    np.testing.assert_array_equal(samples.values, values[..., :3])
    # Associated alpha is in the colours already.
    assert (samples.alpha is not None) == (kind == "unassalpha")


def test_an_empty_alpha_is_none() -> None:
    values = values_of("u2", 4)
    values[..., 3] = 0
    assert read(written(values, extrasamples=["unassalpha"])).alpha is None


def test_white_may_be_zero() -> None:
    values = values_of("u2", 1)[..., 0]
    assert read(written(values, photometric="miniswhite")).white_is_zero
    assert not read(written(values)).white_is_zero


def test_a_deep_palette_is_looked_up() -> None:
    index = values_of("u2", 1)[..., 0]
    colours = np.random.default_rng(1).integers(0, 65536, (3, 65536), np.uint16)
    data = written(index, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(read(data).values, np.moveaxis(colours[:, index], 0, 2))


def test_ink_becomes_light() -> None:
    ink = np.zeros((1, 3, 4), np.uint16)
    ink[0, 1, 3], ink[0, 2, :3] = 65535, [65535, 0, 32768]
    light = read(written(ink, photometric="separated")).values
    np.testing.assert_allclose(light, np.array([[[1, 1, 1], [0, 0, 0], [0, 1, 0.5]]]), atol=1e-4)


def test_previews_and_masks_are_not_the_picture() -> None:
    values = values_of("u2", 1)[..., 0]
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(values[::4, ::4], subfiletype=1, metadata=None)
        writer.write(values > 9, subfiletype=4, metadata=None)
        writer.write(values, metadata=None)
        writer.write(values[::-1], metadata=None)
    page = picture_page(file.getvalue())
    assert page.number == 2
    np.testing.assert_array_equal(read(file.getvalue()).values[..., 0], values)


def test_a_preview_alone_is_the_picture() -> None:
    data = written(values_of("u2", 1)[..., 0], subfiletype=1)
    assert picture_page(data).number == 0


@pytest.mark.parametrize("dtype", ["u1", "bool"])
def test_bytes_and_bits_are_plain(dtype: str) -> None:
    assert picture_page(written(np.zeros((4, 5), dtype))).is_plain
    assert not picture_page(written(np.zeros((4, 5), "i1"))).is_plain


def test_plain_samples_become_a_picture_without_scaling() -> None:
    values = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    data = written(values, photometric="minisblack", planarconfig="contig")
    image = plain_image(read(data), picture_page(data))
    assert image is not None
    np.testing.assert_array_equal(np.asarray(image), values[..., 0])
    data = written(values[..., 0], photometric="miniswhite")
    image = plain_image(read(data), picture_page(data))
    assert image is not None
    np.testing.assert_array_equal(np.asarray(image), 255 - values[..., 0])
    data = written(values.astype(np.uint16))
    assert plain_image(read(data), picture_page(data)) is None


def test_palettes_in_bytes_are_told() -> None:
    index = np.arange(20, dtype=np.uint8).reshape(4, 5)
    colours = np.tile(np.arange(256, dtype=np.uint16), (3, 1))
    data = written(index, photometric="palette", colormap=colours)
    assert palette_of_bytes(picture_page(data)) == bytes(np.repeat(np.arange(256), 3).tolist())
    data = written(index, photometric="palette", colormap=colours * 257)
    assert palette_of_bytes(picture_page(data)) is None
    assert PALETTE in picture_page(data).tags


def test_kinds_that_are_not_read_are_named() -> None:
    for data, said in (
        (written(np.zeros((4, 5), np.complex64)), "complex numbers"),
        (retagged(PHOTOMETRIC, 32803), "photometric interpretation 32803"),
        (retagged(259, 7), "compression 7 of samples of 16 bits"),
        (retagged(BITS, 65), "samples of 65 bits"),
    ):
        with pytest.raises(UnreadKindError, match=said):
            read(data)


def retagged(tag: int, value: int) -> bytes:
    file = io.BytesIO(written(np.zeros((4, 5), np.uint16)))
    with tifffile.TiffFile(file, mode="r+") as tiff:
        tiff.pages[0].tags[tag].overwrite(value)  # type: ignore[union-attr]
    return file.getvalue()


def test_more_than_the_cap_is_refused_before_it_is_read() -> None:
    data = written(np.zeros((10, 10, 3), np.uint64))
    with pytest.raises(ValueError, match="more than the cap"):
        samples_of(data, picture_page(data), 299)
    assert samples_of(data, picture_page(data), 300).values.shape == (10, 10, 3)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_pages_are_refused(compression: str | None, share: float) -> None:
    rng = np.random.default_rng(0)
    data = written(rng.integers(0, 65535, (64, 64, 3), np.uint16), compression=compression)
    with pytest.raises(ValueError, match=r"outside of the file|0 strips"):
        read(data[: int(len(data) * share)])
