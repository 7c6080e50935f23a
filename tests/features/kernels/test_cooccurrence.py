from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import graycomatrix as matrix

from gliaboost.errors import UsageError
from gliaboost.features.kernels.cooccurrence import (
    HARALICK,
    PROPERTIES,
    check_levels,
    check_masks,
    check_properties,
    glcm_offsets,
    quantise,
)

graycomatrix: Any = matrix


@given(distance=st.floats(0, 9), angle=st.floats(-7, 7))
def test_an_offset_is_where_scikit_image_looks(distance: float, angle: float) -> None:
    ((dy, dx),) = glcm_offsets([distance], [angle]).tolist()
    assert abs(dy) <= 9
    assert abs(dx) <= 9
    image = np.zeros((19, 19), np.uint8)
    image[9 + dy, 9 + dx] = 2
    image[9, 9] = 1
    # The one pair of the middle with the marked pixel, unless they are one.
    counts = graycomatrix(image, [distance], [angle], levels=3)[:, :, 0, 0]
    assert counts[1, 1 if dy == dx == 0 else 2] == 1


def test_offsets_are_by_distance_then_angle() -> None:
    offsets = glcm_offsets([1, 3], [0, math.pi / 2, math.pi])
    assert offsets.tolist() == [[0, 1], [1, 0], [0, -1], [0, 3], [3, 0], [0, -3]]
    assert glcm_offsets([], [0]).shape == (0, 2)


def test_halves_round_away_from_zero() -> None:
    assert glcm_offsets([2.5], [0, math.pi]).tolist() == [[0, 3], [0, -3]]


@pytest.mark.parametrize("levels", [2, 8, 31, 32, 64, 255, 256])
def test_quantisation_makes_equal_steps(levels: int) -> None:
    every = np.arange(256, dtype=np.uint8)
    got = quantise(every, levels)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, np.arange(256) * levels // 256)
    assert set(np.bincount(got)) <= {256 // levels, -(-256 // levels)}


def test_haralicks_order_is_his_papers() -> None:
    assert len(HARALICK) == 13
    assert set(HARALICK) < set(PROPERTIES)
    assert HARALICK[8] == "haralick_entropy"
    assert len(set(PROPERTIES)) == len(PROPERTIES)


def test_levels_properties_and_masks_are_checked() -> None:
    for levels in (2, 256):
        check_levels(levels)
    for levels in (1, 257):
        with pytest.raises(UsageError, match=f"{levels} grey levels; expected 2 to 256"):
            check_levels(levels)
    check_properties(PROPERTIES)
    with pytest.raises(UsageError, match="no GLCM property 'shine'; they are: contrast, diss"):
        check_properties(["contrast", "shine"])
    images = np.zeros((2, 4, 5), np.uint8)
    check_masks(images, None)
    check_masks(images, images > 0)
    with pytest.raises(
        UsageError, match=r"masks of shape \[4, 5\] for images of shape \[2, 4, 5\]"
    ):
        check_masks(images, images[0] > 0)
