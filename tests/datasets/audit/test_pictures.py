from __future__ import annotations

import hashlib
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gliaboost.datasets.audit.pictures import (
    Header,
    border,
    detail,
    is_blank,
    is_coloured,
    read_header,
    read_pictures,
    thumbnail,
)
from gliaboost.datasets.decode import decode_with_picture


def grey(seed: int = 0, size: int = 96) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(size=(size, size))
    smooth = cv2.GaussianBlur(noise, (0, 0), 5)
    return np.asarray(np.clip(128 + 50 * smooth / smooth.std(), 0, 255), np.uint8)


def test_one_pass(tmp_path: Path, heard: Any) -> None:
    image = Image.fromarray(grey())
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png", compress_level=1)
    image.convert("RGB").save(tmp_path / "c.jpg", quality=80)
    (tmp_path / "d.jpg").write_bytes(b"\xff\xd8\xff no picture")
    Image.new("L", (96, 96), 7).save(tmp_path / "e.png")
    names = ["a.png", "b.png", "c.jpg", "d.jpg", "e.png", "absent.png"]
    a, b, c, d, e, absent = read_pictures([tmp_path / n for n in names], jobs=2, progress=heard)
    assert heard.steps == [("reading", i, 6) for i in range(1, 7)]
    assert a.bytes_hash != b.bytes_hash
    assert a.pixels_hash == b.pixels_hash != c.pixels_hash
    assert (a.height, a.width, a.header.kind, a.header.mode) == (96, 96, "PNG", "L")
    assert (c.header.kind, c.header.mode, c.coloured) == ("JPEG", "RGB", False)
    assert a.header.quantisation == ()
    assert len(c.header.quantisation) == 3
    assert d.error and d.detail is None
    assert e.blank and e.detail is None and not e.error
    assert "cannot be read" in absent.error


@pytest.mark.parametrize("shape", [(40, 300), (256, 256), (500, 130)])
def test_the_detail_is_of_one_size_and_the_means_of_its_places(shape: tuple[int, int]) -> None:
    image = np.kron(np.arange(4).reshape(2, 2) * 60, np.ones((8, 8))).astype(np.uint8)
    whole = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_NEAREST)
    small = detail(np.asarray(whole, np.uint8))
    assert small.shape == (128, 128) and small.dtype == np.uint8
    assert small[[20, 20, 100, 100], [20, 100, 20, 100]].tolist() == [0, 60, 120, 180]


def test_pixels_know_their_shape(tmp_path: Path) -> None:
    """The same bytes of pixels in another shape are another picture."""
    Image.fromarray(grey()[:64, :32].reshape(32, 64)).save(tmp_path / "a.png")
    Image.fromarray(grey()[:64, :32].reshape(64, 32)).save(tmp_path / "b.png")
    a, b = read_pictures([tmp_path / "a.png", tmp_path / "b.png"])
    assert a.pixels_hash != b.pixels_hash


def test_quality_shows_in_the_header(tmp_path: Path) -> None:
    tables = set()
    for quality in (50, 75, 95):
        for subsampling in (0, 2):
            path = tmp_path / f"{quality}-{subsampling}.jpg"
            Image.fromarray(grey()).convert("RGB").save(
                path, quality=quality, subsampling=subsampling
            )
            tables.add(read_header(path.read_bytes(), ".jpg").quantisation)
    assert len(tables) == 6


def test_header_of_no_image() -> None:
    assert read_header(b"no image", ".NII").kind == "nii"


@pytest.mark.parametrize("mode", ["RGB", "P", "CMYK"])
def test_colour(mode: str, tmp_path: Path) -> None:
    suffix = {"RGB": "jpg", "P": "png", "CMYK": "jpg"}[mode]
    coloured = np.dstack([grey(1), grey(2), grey(3)])
    Image.fromarray(coloured).convert(mode).save(tmp_path / f"colour.{suffix}")
    Image.fromarray(grey()).convert("RGB").convert(mode).save(tmp_path / f"grey.{suffix}")
    found = read_pictures([tmp_path / f"colour.{suffix}", tmp_path / f"grey.{suffix}"])
    assert [p.coloured for p in found] == [True, False]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LAB"])
@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_colour_of_what_was_decoded_is_that_of_the_file(
    mode: str, suffix: str, tmp_path: Path
) -> None:
    if mode == "LAB" and suffix != "tif":
        pytest.skip("no such file")
    for name, channels in (("colour", (1, 2, 3)), ("grey", (1, 1, 1))):
        path = tmp_path / f"{name}.{suffix}"
        picture = Image.fromarray(np.dstack([grey(c) for c in channels]))
        if mode == "LAB":
            picture = Image.merge("LAB", picture.split())
            if name == "grey":
                continue
        picture.convert(mode).save(path)
        decoded = decode_with_picture(path.read_bytes(), path)[1]
        assert decoded is not None
        there = is_coloured(path.read_bytes(), decoded)
        assert there is is_coloured(path.read_bytes())
        assert there is (name == "colour") or mode == "LAB"


def test_a_png_is_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.dstack([grey(1), grey(2), grey(3)])).save(tmp_path / "a.png")
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded again"))
    assert read_pictures([tmp_path / "a.png"])[0].coloured


@pytest.mark.parametrize(
    ("level", "share", "blank"),
    [(0, 0.0, True), (200, 0.0, True), (0, 0.004, True), (0, 0.005, False), (0, 0.006, False)],
)
def test_blank(level: int, share: float, blank: bool) -> None:
    image = np.full((100, 100), level, np.uint8)
    image.ravel()[: round(share * image.size)] = 120
    assert is_blank(image) is blank


def test_faint_noise_is_blank() -> None:
    noise = np.random.default_rng(0).integers(0, 5, (64, 64)).astype(np.uint8)
    assert is_blank(noise)


def test_border_sides() -> None:
    image = np.zeros((100, 200), np.uint8)
    image[:2], image[-2:], image[:, :2], image[:, -2:] = 10, 20, 30, 40
    top, bottom, left, right, largest = border(image)
    assert (left, right, largest) == (30, 40, 40)
    assert top == pytest.approx((10 * 196 + 30 * 2 + 40 * 2) / 200)
    assert bottom == pytest.approx((20 * 196 + 30 * 2 + 40 * 2) / 200)


@pytest.mark.parametrize("shape", [(512, 512), (300, 200), (64, 64), (40, 90), (8, 8)])
def test_thumbnail_is_normalised(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    small = thumbnail(image).astype(float)
    assert small.shape == (64, 64)
    assert abs(small.mean()) < 1e-2
    assert small.std() == pytest.approx(1, abs=1e-2)


def test_thumbnail_is_the_area_mean() -> None:
    image = grey(4, 256)
    small = image.reshape(64, 4, 64, 4).mean(axis=(1, 3))
    expected = (small - small.mean()) / small.std()
    np.testing.assert_allclose(thumbnail(image), expected, atol=2e-3)


@pytest.mark.parametrize(
    ("level", "other", "blank"),
    [(100, 108, True), (100, 92, True), (100, 109, False), (100, 91, False), (101, 109, True),
     (5, 0, True), (250, 255, True)],
)  # fmt: skip
def test_greys_close_to_the_commonest_are_one_with_it(level: int, other: int, blank: bool) -> None:
    image = np.full((20, 20), level, np.uint8)
    image[:, 11:] = other
    assert is_blank(image) is blank


def test_half_of_one_grey_and_half_of_another_is_not_blank() -> None:
    assert not is_blank(np.repeat(np.array([[10], [200]], np.uint8), 8, axis=1))


def encoded(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


@pytest.mark.parametrize(
    ("apart", "tiles", "coloured"), [(41, 101, True), (41, 100, False), (40, 10_000, False)]
)
def test_colours_are_strong_and_cover_some_of_the_picture(
    apart: int, tiles: int, coloured: bool
) -> None:
    image = np.full((100, 100, 3), 20, np.uint8)
    image.reshape(-1, 3)[:tiles, 1] += np.uint8(apart)
    assert is_coloured(encoded(np.kron(image, np.ones((8, 8, 1), np.uint8)))) is coloured


def test_what_cannot_be_decoded_has_no_colours() -> None:
    assert not is_coloured(b"no image")


def test_the_ring_is_a_pixel_wide_at_least() -> None:
    image = np.zeros((20, 24), np.uint8)
    image[1:-1, 1:-1] = 200
    assert border(image) == (0.0,) * 5
    # From 75 pixels on it has two.
    wide = np.zeros((75, 80), np.uint8)
    wide[2:-2, 2:-2] = 200
    assert border(wide) == (0.0,) * 5
    wide[1] = 80
    assert border(wide)[0] == 40.0


def test_a_header_has_the_sum_of_each_table_and_the_subsampling(tmp_path: Path) -> None:
    Image.fromarray(grey()).convert("RGB").save(tmp_path / "a.jpg", quality=80, subsampling=1)
    with Image.open(tmp_path / "a.jpg") as image:
        tables: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined]
    header = read_header((tmp_path / "a.jpg").read_bytes(), ".jpg")
    assert header == Header("JPEG", "RGB", (sum(tables[0]), sum(tables[1]), 1))
    assert len({header, Header("JPEG", "RGB"), header}) == 2
    with pytest.raises(FrozenInstanceError):
        header.kind = "PNG"  # type: ignore[misc]


def test_what_was_not_read_is_empty(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(encoded(grey())[:60])
    absent, cut = read_pictures([tmp_path / "absent.png", tmp_path / "cut.png"])
    assert absent.error == "cannot be read: no such file"
    # A record is itself alone: views have no single yes or no to be equal by.
    assert {absent, cut, absent} == {absent, cut}
    for record in (absent, cut):
        assert (record.height, record.width, record.pixels_hash) == (0, 0, "")
        assert not record.blank and not record.coloured
        assert record.border == () and record.detail is None
    assert cut.bytes_hash == hashlib.sha256((tmp_path / "cut.png").read_bytes()).hexdigest()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_side_of_64_keeps_its_pixels_and_twice_as_many_are_averaged(axis: int) -> None:
    image = np.random.default_rng(0).integers(0, 255, (64, 128)).astype(np.uint8)
    small = image.reshape(64, 64, 2).mean(axis=2)
    expected = (small - small.mean()) / small.std()
    if axis:
        image, expected = image.T, expected.T
    np.testing.assert_allclose(thumbnail(image), expected, atol=2e-3)


def test_a_small_picture_is_drawn_out_evenly() -> None:
    ramp = np.tile(np.arange(0, 240, 5, dtype=np.uint8), (48, 1))
    steps = np.diff(thumbnail(ramp).astype(float), axis=1)[:, 2:-2]
    assert steps.max() - steps.min() < 5e-3 < steps.min()


def test_a_picture_of_one_grey_has_no_thumbnail_to_divide_by() -> None:
    np.testing.assert_array_equal(thumbnail(np.full((128, 128), 9, np.uint8)), 0)


def test_a_faint_picture_is_brought_to_variance_1() -> None:
    image = np.zeros((64, 64), np.uint8)
    image.ravel()[::160] = 9
    assert not is_blank(image)
    assert image.std() < 1
    assert thumbnail(image).astype(float).std() == pytest.approx(1, abs=1e-2)
