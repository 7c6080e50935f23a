from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.samples import Samples, grey_levels, mask_of

TYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


def values_of(dtype: str, shape: tuple[int, ...] = (7, 9, 1)) -> NDArray[Any]:
    rng = np.random.default_rng(0)
    if dtype[0] == "f":
        return rng.normal(size=shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -1000), min(info.max, 4095), shape, dtype)


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    exact = values.astype(np.longdouble)
    low, high = exact.min(), exact.max()
    scaled: NDArray[np.uint8] = np.rint((exact - low) / (high - low) * 255).astype(np.uint8)
    return scaled


@pytest.mark.parametrize("dtype", TYPES)
def test_every_number_type_is_scaled_from_its_own_range(dtype: str) -> None:
    values = values_of(dtype)
    np.testing.assert_array_equal(grey_levels(Samples(values)), stretched(values[..., 0]))


@pytest.mark.parametrize("dtype", TYPES)
def test_equal_channels_are_the_grey_that_they_show(dtype: str) -> None:
    values = values_of(dtype)
    if dtype[1] == "8":  # what luma does to numbers beyond a float's is not asked
        values = values // 2 if dtype[0] != "f" else values
    grey = grey_levels(Samples(values))
    np.testing.assert_array_equal(grey_levels(Samples(np.repeat(values, 3, axis=2))), grey)


def test_colour_becomes_luma_before_it_is_scaled() -> None:
    values = np.array([[[4000, 0, 0], [0, 4000, 0], [0, 0, 4000], [0, 0, 0]]], np.uint16)
    # 0.299, 0.587 and 0.114 of what green, the brightest, gives.
    assert grey_levels(Samples(values)).tolist() == [[130, 255, 50, 0]]


@pytest.mark.parametrize(
    ("dtype", "least"), [("u8", 2**63 + 5), ("i8", -(2**63)), ("u8", 2**64 - 256), ("i8", 2**60)]
)
def test_small_differences_of_large_numbers_are_kept(dtype: str, least: int) -> None:
    values = np.array([[[least], [least + 1], [least + 100], [least + 255]]], dtype)
    assert grey_levels(Samples(values)).tolist() == [[0, 1, 100, 255]]


def test_the_whole_span_of_64_bits_is_scaled() -> None:
    values = np.array([[[-(2**63)], [0], [2**63 - 1]]], np.int64)
    assert grey_levels(Samples(values)).tolist() == [[0, 128, 255]]


def test_alpha_is_composited_on_black() -> None:
    values = np.full((1, 4, 3), 40000, np.uint16)
    alpha = np.array([[0, 13107, 32768, 65535]], np.uint16)
    assert grey_levels(Samples(values, alpha)).tolist() == [[0, 51, 128, 255]]


def test_what_alpha_hides_counts_for_nothing() -> None:
    values = np.array([[[np.inf], [1.0], [2.0]]])
    alpha = np.array([[0.0, 1.0, 1.0]])
    assert grey_levels(Samples(values, alpha)).tolist() == [[0, 128, 255]]


def test_white_may_be_zero() -> None:
    values = np.array([[[3], [700]]], np.uint16)
    assert grey_levels(Samples(values, white_is_zero=True)).tolist() == [[255, 0]]


def test_what_is_no_number_is_black() -> None:
    values = np.array([[[np.nan], [-np.inf], [np.inf], [-1.0], [1.0]]], np.float32)
    assert grey_levels(Samples(values)).tolist() == [[0, 0, 255, 0, 255]]
    assert not grey_levels(Samples(np.full((2, 2, 1), np.nan))).any()


def test_floats_may_span_more_than_a_float() -> None:
    values = np.array([[[-1e308], [0.0], [1e308]]])
    assert grey_levels(Samples(values)).shape == (1, 3)


def test_memory_is_bounded_beside_the_picture() -> None:
    values = np.zeros((4000, 4000, 3), np.uint16)
    values[5, 5] = 9
    tracemalloc.start()
    grey = grey_levels(Samples(values))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grey.max() == 255
    assert peak < 250e6  # as floats at once it would be 384 MB for the samples alone


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channel", [0, 2])
def test_a_mask_of_small_numbers_is_seen_at_any_depth(dtype: str, channel: int) -> None:
    values = np.zeros((4, 5, 3), dtype)
    values[1, 2, channel], values[3, 3, channel] = 1, np.array(100, dtype)
    expected = np.zeros((4, 5), bool)
    expected[[1, 3], [2, 3]] = True
    np.testing.assert_array_equal(mask_of(Samples(values)), expected)
    np.testing.assert_array_equal(mask_of(Samples(values[..., channel : channel + 1])), expected)


def test_a_mask_of_one_number_is_full_or_empty() -> None:
    assert mask_of(Samples(np.full((2, 2, 1), 7, np.uint16))).all()
    assert not mask_of(Samples(np.zeros((2, 2, 1), np.uint16))).any()


def test_what_is_no_number_is_no_mask() -> None:
    assert mask_of(Samples(np.array([[[np.nan], [1.0]]]))).tolist() == [[False, True]]


def test_where_white_is_zero_the_darkest_is_no_mask() -> None:
    for values in ([[[0], [65535]]], [[[0], [1]]]):
        mask = mask_of(Samples(np.array(values, np.uint16), white_is_zero=True))
        assert mask.tolist() == [[True, False]]
    assert mask_of(Samples(np.zeros((1, 2, 1), np.uint16), white_is_zero=True)).all()


@pytest.mark.parametrize("colour", [0, 255])
def test_a_mask_may_be_drawn_in_alpha_alone(colour: int) -> None:
    alpha = np.array([[0, 255]], np.uint8)
    values = np.full((1, 2, 3), colour, np.uint8)
    assert mask_of(Samples(values, alpha)).tolist() == [[False, True]]


@pytest.mark.parametrize("alpha", [0, 255])
def test_an_alpha_of_one_value_says_nothing_of_a_mask(alpha: int) -> None:
    values = np.array([[[0], [1]]], np.uint8)
    flat = np.full((1, 2), alpha, np.uint8)
    assert mask_of(Samples(values, flat)).tolist() == [[False, True]]
    assert not mask_of(Samples(values * 0, flat)).any()


def test_what_is_transparent_is_no_mask() -> None:
    values = np.array([[[9], [9], [0]]], np.uint8)
    alpha = np.array([[0, 200, 200]], np.uint8)
    assert mask_of(Samples(values, alpha)).tolist() == [[False, True, False]]
