from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.pillow_images import (
    HeaderError,
    grey_of,
    loaded,
    mask_of_image,
    reason_of,
)
from gliaboost.datasets.samples import Samples
from gliaboost.errors import DecodeError

DRAWN = np.zeros((12, 16), np.uint8)
DRAWN[3:9, 4:11] = 1


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def fits(height: int, width: int) -> None:
    assert (height, width) == DRAWN.shape


def test_the_first_copy_that_can_be_read_is_taken() -> None:
    good = encoded(Image.fromarray(DRAWN))
    for copies in ([good], [good[:30], good], [b"junk", good[:60], good]):
        image = loaded(copies, "PNG", fits)
        np.testing.assert_array_equal(np.asarray(image), DRAWN)


def test_of_several_damaged_copies_the_pixels_say_what_is_wrong() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (12, 16), np.uint8)
    cut = encoded(Image.fromarray(noise))[:100]
    with pytest.raises(HeaderError):
        loaded([b"junk"], "PNG", fits)
    for copies in ([b"junk", cut], [cut, b"junk"]):
        with pytest.raises(OSError, match="truncated"):
            loaded(copies, "PNG", fits)


def test_a_size_that_is_refused_ends_the_search() -> None:
    sizes = []

    def refuse(height: int, width: int) -> None:
        sizes.append((height, width))
        raise DecodeError("x", "too large")

    good = encoded(Image.fromarray(DRAWN))
    with pytest.raises(DecodeError, match="too large"):
        loaded([good, good], "PNG", refuse)
    assert sizes == [(12, 16)]


def test_deep_greys_are_left_to_be_scaled() -> None:
    image = loaded([encoded(Image.fromarray(DRAWN * np.uint16(900)))], "PNG", fits)
    samples = grey_of(image, "PNG")
    assert isinstance(samples, Samples)
    np.testing.assert_array_equal(samples.values[..., 0], DRAWN * np.uint16(900))


@pytest.mark.parametrize(("kind", "shown"), [("BMP", 90), ("TIFF", 90), ("PNG", 0)])
def test_an_empty_alpha_is_none_where_programs_leave_it_so(kind: str, shown: int) -> None:
    image = Image.new("RGBA", (2, 2), (90, 90, 90, 0))
    grey = grey_of(image, kind)
    assert isinstance(grey, np.ndarray)
    assert (grey == shown).all()
    image.putpixel((0, 0), (90, 90, 90, 255))
    partly = grey_of(image, kind)
    assert isinstance(partly, np.ndarray)
    assert partly.tolist() == [[90, 0], [0, 0]]


def palette(*colours: tuple[int, int, int]) -> Image.Image:
    image = Image.fromarray(DRAWN).convert("P")
    image.putpalette([v for colour in colours for v in colour])
    return image


@pytest.mark.parametrize(
    ("image", "inside"),
    [
        (Image.fromarray(DRAWN), True),
        (Image.fromarray(DRAWN * 255).convert("1"), True),
        (Image.fromarray(DRAWN.astype(np.uint16)), True),
        (Image.fromarray(DRAWN.astype(np.int32)), True),
        (Image.fromarray(DRAWN.astype(np.float32)), True),
        (Image.fromarray(np.dstack([DRAWN * 0, DRAWN * 0, DRAWN])), True),
        (Image.fromarray(np.dstack([DRAWN * 0] * 3 + [DRAWN * 255])), True),
        (Image.fromarray(np.dstack([DRAWN, DRAWN * 255]), "LA"), True),
        (palette((0, 0, 0), (0, 0, 1)), True),
        (palette((0, 0, 0), (0, 0, 0)), True),
        (palette((9, 9, 9), (200, 0, 0)), True),
        (palette((255, 255, 255), (0, 0, 0)), False),
        (Image.fromarray(DRAWN).convert("LAB"), True),
    ],
    ids=lambda v: v.mode if isinstance(v, Image.Image) else "",
)
def test_a_mask_is_what_is_not_black_in_any_channel(image: Image.Image, inside: bool) -> None:
    np.testing.assert_array_equal(mask_of_image(image), (DRAWN == 1) == inside)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "F"])
def test_a_black_mask_is_empty(mode: str) -> None:
    image = Image.new("RGBA" if mode == "RGBA" else mode, (4, 4))
    assert not mask_of_image(image).any()


def test_a_reason_is_one_line() -> None:
    assert reason_of(ValueError("one\ntwo")) == "one"
    assert reason_of(ValueError()) == "ValueError"
