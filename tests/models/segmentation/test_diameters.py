from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops

from gliaboost.models.segmentation.diameters import Diameter, _edges, diameters

Mask = NDArray[np.bool_]


def ellipse(
    long: float,
    short: float,
    degrees: float,
    spacing: tuple[float, float] = (1.0, 1.0),
    side: int = 200,
) -> Mask:
    """An ellipse of these whole diameters in mm, its long axis turned from the columns' axis."""
    rows, columns = (np.indices((side, side)) - side / 2) * np.array(spacing)[:, None, None]
    turn = math.radians(degrees)
    along = columns * math.cos(turn) + rows * math.sin(turn)
    across = rows * math.cos(turn) - columns * math.sin(turn)
    return np.asarray((2 * along / long) ** 2 + (2 * across / short) ** 2 <= 1)


def lengths(mask: Mask, spacing: tuple[float, float] | None = None) -> tuple[float, float]:
    longest, perpendicular = diameters(mask, spacing)
    if spacing is None:
        return longest.pixels, perpendicular.pixels
    assert longest.mm is not None
    assert perpendicular.mm is not None
    return longest.mm, perpendicular.mm


def direction(line: Diameter, spacing: tuple[float, float] = (1.0, 1.0)) -> NDArray[np.float64]:
    return np.asarray((np.array(line.end) - np.array(line.start)) * spacing)


@pytest.mark.parametrize("degrees", range(0, 180, 15))
def test_an_ellipse_has_its_axes_however_it_is_turned(degrees: int) -> None:
    long, short = lengths(ellipse(120, 50, degrees))
    assert long == pytest.approx(120, abs=1.2)
    assert short == pytest.approx(50, abs=1.2)


@pytest.mark.parametrize("degrees", [0, 30, 45, 77, 90])
@pytest.mark.parametrize("spacing", [(0.5, 1.5), (2.0, 0.4)])
def test_an_ellipse_in_mm_is_the_same_on_any_grid(
    degrees: int, spacing: tuple[float, float]
) -> None:
    long, short = lengths(ellipse(70, 30, degrees, spacing), spacing)
    assert long == pytest.approx(70, abs=1.5 * max(spacing))
    assert short == pytest.approx(30, abs=1.5 * max(spacing))


def test_lines_in_mm_are_perpendicular_in_mm() -> None:
    spacing = (0.5, 1.5)
    first, second = diameters(ellipse(70, 30, 33, spacing), spacing)
    assert direction(first, spacing) @ direction(second, spacing) == pytest.approx(0, abs=1e-3)
    assert abs(direction(first) @ direction(second)) > 100
    assert first.mm == pytest.approx(np.linalg.norm(direction(first, spacing)))
    assert first.pixels == pytest.approx(np.linalg.norm(direction(first)))


def test_a_pixel_is_one_long_and_one_wide() -> None:
    dot = np.ones((1, 1), bool)
    assert lengths(dot) == (1, 1)
    assert lengths(dot, (0.5, 2.0)) == (2.0, 0.5)


def test_a_pixel_alone_is_as_one_with_room_around() -> None:
    for spacing in (None, (0.5, 2.0), (2.0, 0.5)):
        roomy = np.pad(np.ones((1, 1), bool), 3)
        assert lengths(np.ones((1, 1), bool), spacing) == pytest.approx(lengths(roomy, spacing))
        for line in diameters(np.ones((1, 1), bool), spacing):
            assert line.pixels == pytest.approx(np.linalg.norm(direction(line)))


def test_of_a_speckled_mask_the_outer_outline_counts() -> None:
    mask = np.random.default_rng(0).random((256, 256)) < 0.7
    filled = ndimage.binary_fill_holes(mask)
    assert filled.sum() > 1.2 * mask.sum()
    assert len(_edges(mask)) == len(_edges(filled))
    assert lengths(mask) == pytest.approx(lengths(filled))


def test_a_row_of_pixels_is_as_long_as_they_are_many() -> None:
    row = np.zeros((5, 30), bool)
    row[2, 3:24] = True
    first, second = diameters(row, (1.0, 0.25))
    assert (first.pixels, first.mm, second.pixels, second.mm) == (21, 5.25, 1, 1)
    assert sorted([first.start, first.end]) == [(2.0, 2.5), (2.0, 23.5)]
    assert lengths(row.T) == (21, 1)


def test_ends_lie_on_halves_and_wholes_without_stray_digits() -> None:
    for line in diameters(ellipse(70, 30, 0) & ellipse(90, 60, 40), (0.49, 0.49)):
        for value in (*line.start, *line.end):
            assert value == round(value, 6)
    longest, _ = diameters(ellipse(70, 30, 33), (0.49, 0.49))
    assert all(2 * v == round(2 * v) for v in (*longest.start, *longest.end))


def test_a_diagonal_of_pixels_is_one_line() -> None:
    long, _ = lengths(np.eye(10, dtype=bool))
    assert long == pytest.approx(math.hypot(10, 9))


def test_a_rectangle_is_measured_from_side_to_side() -> None:
    long, _ = lengths(np.ones((3, 40), bool))
    # From the middle of a first pixel's end to that of a last one, of the opposite row.
    assert long == pytest.approx(math.hypot(40, 2))


def test_a_hole_is_crossed() -> None:
    disc = ellipse(80, 80, 0)
    ring = disc & ~ellipse(50, 50, 0)
    assert lengths(ring) == pytest.approx(lengths(disc))


def test_a_perpendicular_ends_on_the_outline_and_not_across_a_bay() -> None:
    arms = np.zeros((40, 60), bool)
    arms[20, :] = True
    arms[5:20, 10] = True
    arms[21:33, 50] = True
    longest, perpendicular = diameters(arms)
    assert longest.pixels == 60
    # The longer arm with the line it stands on; the convex hull would be wider, where nothing is.
    assert perpendicular.pixels == 16


def brute(mask: Mask, spacing: tuple[float, float]) -> float:
    places = np.argwhere(mask)
    ends = np.concatenate([places + d for d in ([0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5])])
    ends = np.unique(ends * spacing, axis=0)
    return float(max(np.linalg.norm(a - b) for a, b in combinations(ends, 2)))


BLOBS = arrays(np.bool_, st.tuples(st.integers(1, 7), st.integers(1, 7)))
SPACINGS = st.tuples(st.sampled_from([0.5, 1.0, 3.0]), st.sampled_from([0.5, 1.0, 3.0]))


@settings(max_examples=80, deadline=None)
@given(BLOBS, SPACINGS)
def test_the_longest_is_the_longest_of_all(mask: Mask, spacing: tuple[float, float]) -> None:
    if not mask.any():
        return
    long, across = lengths(mask, spacing)
    assert long == pytest.approx(brute(mask, spacing))
    assert 0 < across <= long + 1e-6


@settings(max_examples=80, deadline=None)
@given(BLOBS, SPACINGS)
def test_turning_shifting_and_mirroring_change_no_length(
    mask: Mask, spacing: tuple[float, float]
) -> None:
    if not mask.any():
        return
    want = pytest.approx(lengths(mask, spacing), abs=1e-5)
    assert lengths(np.rot90(mask), spacing[::-1]) == want
    assert lengths(mask[::-1], spacing) == want
    assert lengths(mask[:, ::-1], spacing) == want
    assert lengths(np.pad(mask, ((3, 0), (0, 5))), spacing) == want


def test_the_longest_of_convex_shapes_is_scikit_images() -> None:
    for degrees in (0, 20, 45, 70):
        (known,) = regionprops(label(ellipse(90, 40, degrees)))  # type: ignore[no-untyped-call]
        # Which measures the hull, whose pixels are a few more.
        assert lengths(known.image_convex)[0] == pytest.approx(known.feret_diameter_max)
