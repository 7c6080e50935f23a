"""The loops of LBP at their seams: strips, black margins, lanes of histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from gliaboost.features.kernels.circles import METHODS, histogram_bins, ror_classes, sampling
from gliaboost.features.kernels.cpu.patterns import (
    MOST_BINS_OF_LANES,
    codes_batch,
    histograms_batch,
)
from gliaboost.features.kernels.cpu.room import STRIP, room_for

Image = NDArray[np.uint8]
reference: Any = local_binary_pattern


def codes(image: Image, points: int, radius: float, method: str) -> NDArray[np.int64]:
    height, width = image.shape
    circle = sampling(height, width, points, radius)
    out = np.full((1, height, width), -1, np.int64)
    room = room_for(width, circle.border, points)
    codes_batch(image[None], circle, room, METHODS.index(method), out)
    first: NDArray[np.int64] = out[0]
    return first


@pytest.mark.parametrize("height", [STRIP - 1, STRIP, STRIP + 1, 2 * STRIP + 1])
@pytest.mark.parametrize(("points", "radius"), [(8, 1), (12, 4.5)])
def test_strips_join_without_a_seam(height: int, points: int, radius: float) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, 21), dtype=np.uint8)
    for method in ("default", "uniform"):
        got = codes(image, points, radius, method)
        np.testing.assert_array_equal(got, reference(image, points, radius, method))


def test_the_four_neighbours_on_pixels_may_be_the_diagonal_ones() -> None:
    image = np.random.default_rng(6).integers(0, 256, (20, 21), dtype=np.uint8)
    for radius in (2**0.5, 8**0.5):
        assert sampling(20, 21, 8, radius).whole.tolist() == [1, 3, 5, 7]
        got = codes(image, 8, radius, "default")
        np.testing.assert_array_equal(got, reference(image, 8, radius, "default"))


@given(
    top=st.integers(0, 12),
    left=st.integers(0, 30),
    size=st.tuples(st.integers(0, 9), st.integers(0, 12)),
    radius=st.sampled_from([1.0, 2.7]),
)
@settings(max_examples=60)
def test_black_margins_are_passed_over_rightly(
    top: int, left: int, size: tuple[int, int], radius: float
) -> None:
    image = np.zeros((20, 41), np.uint8)
    rng = np.random.default_rng(top + left)
    bright = image[top : top + size[0], left : left + size[1]]
    bright[:] = rng.integers(0, 256, bright.shape)
    got = codes(image, 9, radius, "default")
    np.testing.assert_array_equal(got, reference(image, 9, radius, "default"))


@pytest.mark.parametrize("points", [2, 10, 11])
def test_histograms_count_the_codes_with_lanes_and_without(points: int) -> None:
    bins = histogram_bins(points, "default")
    assert (bins <= MOST_BINS_OF_LANES) == (points <= 10)
    images = np.random.default_rng(1).integers(0, 256, (2, STRIP + 3, 18), dtype=np.uint8)
    height, width = images.shape[1:]
    circle = sampling(height, width, points, 1.5)
    rows, columns = np.arange(height) // 40, np.arange(width) // 7
    counts = np.zeros((2, 2, 3, bins), np.uint32)
    table = np.zeros(1, np.int64)
    room = room_for(width, circle.border, points)
    histograms_batch(images, circle, room, 0, table, rows, columns, counts)
    for image, count in zip(images, counts, strict=True):
        code = codes(image, points, 1.5, "default")
        for r in range(2):
            for c in range(3):
                own = code[rows == r][:, columns == c].ravel()
                np.testing.assert_array_equal(count[r, c], np.bincount(own, minlength=bins))


@pytest.mark.parametrize("method", ["ror", "uniform", "nri_uniform"])
@pytest.mark.parametrize("points", [1, 2, 3, 8])
def test_every_pattern_has_scikit_images_code(points: int, method: str) -> None:
    # A pixel amid noise has every pattern of eight neighbours sooner or later.
    image = np.random.default_rng(2).integers(0, 4, (120, 120), dtype=np.uint8)
    got = codes(image, points, 1, method)
    np.testing.assert_array_equal(got, reference(image, points, 1, method))
    if method == "ror" and points == 8:
        assert len(np.unique(got)) == ror_classes(8).max() + 1
