"""Masks and maps go where the prepared image shows the picture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gliaboost.datasets.placement import placement
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError


def _picture(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a grey head with a white tumour, and the tumour's mask."""
    y, x = np.mgrid[:height, :width]
    head = ((y / height - 0.5) / 0.4) ** 2 + ((x / width - 0.5) / 0.35) ** 2 < 1
    tumour = (y - 0.4 * height) ** 2 + (x - 0.6 * width) ** 2 < (0.1 * min(height, width)) ** 2
    return (head * 90 + tumour * 160).astype(np.uint8), tumour


@pytest.mark.parametrize(
    ("crop", "keep_aspect", "shape"),
    list(
        itertools.product(["none", "foreground"], [False, True], [(512, 512), (300, 420), (90, 64)])
    ),
)
def test_a_mask_lies_on_the_tumour_of_the_prepared_image_and_back(
    crop: str, keep_aspect: bool, shape: tuple[int, int]
) -> None:
    image, tumour = _picture(*shape)
    preparation = Preparation(size=128, crop=crop, keep_aspect=keep_aspect)
    where = placement(preparation, image)
    mask = where.mask(tumour)
    seen = preparation(image) > 170
    assert _dice(mask, seen) > 0.95
    assert _dice(where.restored(mask.astype(float)) >= 0.5, tumour) > 0.93


def test_what_is_not_shown_has_no_probability() -> None:
    image = np.zeros((100, 100), np.uint8)
    image[20:60, 30:70] = 200
    where = placement(Preparation(size=64, crop="foreground"), image)
    back = where.restored(np.ones((64, 64)))
    assert back.shape == (100, 100)
    assert where.cut == (19, 29, 61, 71)
    assert (back[19:61, 29:71] == 1).all() and back.sum() == 42 * 42


def test_a_mask_of_another_size_is_refused() -> None:
    where = placement(Preparation(size=16), np.zeros((32, 32), np.uint8))
    with pytest.raises(UsageError, match="a mask of 32 x 31 pixels for a picture of 32 x 32"):
        where.mask(np.zeros((32, 31), bool))


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))
