"""CT windows against the published function, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.windows import WINDOWS, apply_sigmoid, apply_window, find_window, stretch
from gliaboost.errors import UsageError


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_is_the_linear_function_of_the_standard(name: str) -> None:
    centre, width = find_window(name)
    values = np.arange(-1024, 3072, dtype=np.int16).reshape(64, 64)
    expected = np.empty(values.shape)
    for i, x in np.ndenumerate(values):
        if x <= centre - 0.5 - (width - 1) / 2:
            expected[i] = 0
        elif x > centre - 0.5 + (width - 1) / 2:
            expected[i] = 255
        else:
            expected[i] = ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255
    np.testing.assert_array_equal(apply_window(values, centre, width), np.rint(expected))


@pytest.mark.parametrize("name", ["lung", "40", "40:x", "40:1", ""])
def test_no_window(name: str) -> None:
    with pytest.raises(UsageError, match="CENTRE:WIDTH"):
        find_window(name)


def ramp(dtype: Any = np.int32) -> NDArray[Any]:
    return np.linspace(100, 1100, 4096).reshape(64, 64).astype(dtype)


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_a_ramp_is_stretched_to_all_greys(dtype: Any) -> None:
    grey = stretch(ramp(dtype))
    expected = np.clip((ramp(np.float64) - 100) / 1000, 0, 1) * 255
    assert np.abs(grey - expected).max() <= 2
    assert set(np.unique(grey)) == set(range(256))


@pytest.mark.parametrize("odd", [-1e9, 1e9, np.nan, np.inf, -np.inf])
def test_a_few_odd_pixels_change_nothing_else(odd: float) -> None:
    values = ramp(np.float64)
    values[:2, 0] = odd
    grey = stretch(values)
    rest = np.ones(values.shape, bool)
    rest[:2, 0] = False
    assert np.abs(grey.astype(int) - stretch(ramp()))[rest].max() <= 2
    assert set(grey[:2, 0]) == {255 if odd > 0 else 0}


def test_of_few_pixels_one_does_not_count_either() -> None:
    values = np.arange(64.0).reshape(8, 8)
    values[7, 7] = 1e6
    assert stretch(values)[7, 5:].tolist() == [251, 255, 255]


@pytest.mark.parametrize("ground", [-2000, -32768, -1e6])
def test_a_ground_far_below_all_else_is_black_and_stretches_nothing(ground: float) -> None:
    values = ramp()
    values[:20] = ground
    grey = stretch(values)
    assert not grey[:20].any()
    expected = stretch(ramp()[20:])
    assert np.abs(grey[20:].astype(int) - expected).max() <= 2
    # A ground as far below as a head's usually lies stays part of the range.
    values[:20] = 0
    assert 20 <= stretch(values)[20, 0] <= 140


def test_pixels_that_are_not_valid_do_not_count() -> None:
    values = ramp()
    values[:, 32:] = 5000
    valid = np.ones(values.shape, bool)
    valid[:, 32:] = False
    assert stretch(values, valid)[:, :32].max() == 255
    assert stretch(values)[:, :32].max() < 70


@pytest.mark.parametrize(
    ("values", "greys"),
    [
        ([7, 7, 7, 7], [0, 0, 0, 0]),
        ([0, 0, 9, 9], [0, 0, 255, 255]),
        ([0, 0, 0, 9], [0, 0, 0, 255]),
        ([np.nan, np.nan], [0, 0]),
        ([-np.inf, np.inf], [0, 0]),
        ([-1.7e308, 1.7e308], [0, 0]),
    ],
)
def test_images_of_few_values(values: list[float], greys: list[int]) -> None:
    assert stretch(np.array([values])).tolist() == [greys]


def test_the_sigmoid_is_that_of_the_standard() -> None:
    values = np.array([[-1e300, -40.0, 0.0, 25.0, 40.0, 1e300]])
    expected = [[0, *(255 / (1 + np.exp(-4 * (x - 10) / 60)) for x in (-40, 0, 25, 40)), 255]]
    np.testing.assert_array_equal(apply_sigmoid(values, 10, 60), np.rint(expected))
