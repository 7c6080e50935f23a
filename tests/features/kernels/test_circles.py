from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import local_binary_pattern as pattern

from gliaboost.errors import UsageError
from gliaboost.features.kernels.circles import (
    VARIANCE_BINS,
    check_circle,
    histogram_bins,
    ror_classes,
    sampling,
)

local_binary_pattern: Any = pattern


@given(points=st.integers(1, 40), radius=st.floats(0.3, 30))
def test_neighbours_lie_on_the_circle_anticlockwise_from_the_right(
    points: int, radius: float
) -> None:
    circle = sampling(5, 6, points, radius)
    # Row and column 0: what is left of the upper left pixel's offset is the fraction.
    dy = circle.corners[:, 0] + circle.row_fractions[:, 0]
    dx = circle.corners[:, 1] + circle.column_fractions[:, 0]
    angles = 2 * math.pi * np.arange(points) / points
    np.testing.assert_allclose(dy, -radius * np.sin(angles), atol=1e-5)
    np.testing.assert_allclose(dx, radius * np.cos(angles), atol=1e-5)
    assert (np.abs(circle.corners[:, :2]) <= circle.border).all()
    assert (circle.corners[:, :2] + circle.corners[:, 2:] <= circle.border).all()
    assert circle.row_fractions.shape == (points, 5)
    assert circle.column_fractions.shape == (points, 6)


@given(points=st.integers(1, 40), radius=st.floats(0.3, 30))
def test_every_neighbour_is_on_a_pixel_or_in_one_group_of_a_column(
    points: int, radius: float
) -> None:
    circle = sampling(5, 6, points, radius)
    assert sorted([*circle.whole, *circle.members]) == list(range(points))
    for k in circle.whole:
        assert circle.row_fractions[k].max() == circle.column_fractions[k].max() == 0
    offsets = circle.corners[:, 1] + circle.column_fractions[:, 0]
    groups = [
        offsets[circle.members[a:b]]
        for a, b in zip(circle.starts[:-1], circle.starts[1:], strict=True)
    ]
    assert all(len(set(group.tolist())) == 1 for group in groups)
    assert len({group[0] for group in groups}) == len(groups)


def test_a_circle_of_four_lies_on_pixels() -> None:
    circle = sampling(3, 3, 4, 2)
    assert circle.whole.tolist() == [0, 1, 2, 3]
    assert circle.corners[:, :2].tolist() == [[0, 2], [-2, 0], [0, -2], [2, 0]]
    assert circle.border == 2


@pytest.mark.parametrize("points", range(1, 12))
def test_classes_are_the_orbits_of_rotation(points: int) -> None:
    classes = ror_classes(points)
    orbits: dict[int, set[str]] = {}
    for code in range(1 << points):
        orbits.setdefault(int(classes[code]), set()).add(f"{code:0{points}b}")
    for orbit in orbits.values():
        one = next(iter(orbit))
        assert orbit == {one[k:] + one[:k] for k in range(points)}
    assert sorted(orbits) == list(range(histogram_bins(points, "ror")))


@pytest.mark.parametrize("method", ["default", "uniform", "nri_uniform"])
@pytest.mark.parametrize("points", [4, 5, 8])
def test_bins_hold_every_code_of_scikit_image(points: int, method: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    codes = local_binary_pattern(image, points, 1, method)
    assert set(np.unique(codes)) == set(range(histogram_bins(points, method)))


def test_the_largest_variance_is_in_the_last_octave() -> None:
    most = np.var(np.array([0, 255], float))
    assert math.frexp(most)[1] == VARIANCE_BINS - 1 == histogram_bins(8, "var") - 1


@pytest.mark.parametrize(
    ("points", "method", "message"),
    [
        (17, "default", r"2 \*\* 17 'default' patterns, too many .* expected at most 16"),
        (17, "ror", "'ror' patterns"),
        (8, "mean", "no LBP method 'mean'; the methods are: default, ror, uniform"),
    ],
)
def test_patterns_that_cannot_be_counted_are_refused(
    points: int, method: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        histogram_bins(points, method)
    assert histogram_bins(16, "default") == 65536


@pytest.mark.parametrize(
    ("points", "radius", "method"), [(1, 1e-3, "ror"), (63, 1000, "default"), (64, 1, "uniform")]
)
def test_the_outermost_circles_are_taken(points: int, radius: float, method: str) -> None:
    check_circle(points, radius, method)


@pytest.mark.parametrize(
    ("points", "radius", "method", "message"),
    [
        (0, 1, "uniform", "0 LBP points .* expected 1 to 64"),
        (65, 1, "uniform", "expected 1 to 64"),
        (64, 1, "default", "expected 1 to 63"),
        (64, 1, "ror", "expected 1 to 63"),
        (8, 0, "uniform", "radius of 0 pixels"),
        (8, 1000.5, "uniform", "at most 1000"),
        (8, math.nan, "uniform", "radius of nan"),
        (8, 1, "median", "no LBP method 'median'"),
    ],
)
def test_circles_beyond_are_refused(points: int, radius: float, method: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_circle(points, radius, method)
