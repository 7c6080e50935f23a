"""Every filter against scipy, scikit-image or its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops, hessian_matrix_eigvals

from gliaboost.features.dense import filters

SHAPES = [(1, 1), (3, 40), (33, 20), (64, 64)]


def _image(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
def test_smooth_is_scipys_gaussian(shape: tuple[int, int], sigma: float) -> None:
    image = _image(shape)
    side = math.ceil(filters.REACH * sigma)
    theirs = ndimage.gaussian_filter(image.astype(float), sigma, mode="reflect", radius=side)
    assert filters.smooth(image, sigma) == pytest.approx(theirs, abs=2e-5)


@pytest.mark.parametrize("shape", [(8, 12), (9, 5), (1, 1), (30, 31)])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_smaller_averages_blocks(shape: tuple[int, int], factor: int) -> None:
    image = _image(shape)
    below, behind = (-side % factor for side in shape)
    padded = np.pad(image, ((0, below), (0, behind)), mode="edge").astype(float)
    height, width = padded.shape[0] // factor, padded.shape[1] // factor
    blocks = padded.reshape(height, factor, width, factor).mean(axis=(1, 3))
    assert filters.smaller(image, factor) == pytest.approx(blocks, abs=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_slopes_are_central_differences(shape: tuple[int, int]) -> None:
    image = _image(shape)
    for axis, ours in enumerate(filters.slopes(image)):
        theirs = ndimage.correlate1d(image.astype(float), [-0.5, 0, 0.5], axis, mode="nearest")
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_curvatures_are_the_hessians_eigenvalues(shape: tuple[int, int]) -> None:
    image = _image(shape).astype(float)
    second = [ndimage.correlate1d(image, [1, -2, 1], axis, mode="nearest") for axis in (0, 1)]
    first = ndimage.correlate1d(image, [-0.5, 0, 0.5], 0, mode="nearest")
    mixed = ndimage.correlate1d(first, [-0.5, 0, 0.5], 1, mode="nearest")
    theirs = hessian_matrix_eigvals([second[0], mixed, second[1]])  # type: ignore[no-untyped-call]
    low, high = filters.curvatures(image.astype(np.float32))
    assert low == pytest.approx(theirs[1], abs=1e-5)
    assert high == pytest.approx(theirs[0], abs=1e-5)


def test_a_bright_blob_curves_down_both_ways_and_a_ridge_one_way() -> None:
    y, x = np.mgrid[-16:17, -16:17].astype(np.float32)
    blob, ridge = np.exp(-(y**2 + x**2) / 32), np.exp(-(x**2) / 32)
    assert max(each[16, 16] for each in filters.curvatures(blob)) < -0.05
    low, high = (each[16, 16] for each in filters.curvatures(ridge))
    assert low < -0.05
    assert high == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("sigma", [1.0, 3.0])
def test_deviation_is_the_windows(sigma: float) -> None:
    image = _image((40, 30))
    mean = ndimage.gaussian_filter(image.astype(float), sigma, radius=math.ceil(4 * sigma))
    squares = ndimage.gaussian_filter(image.astype(float) ** 2, sigma, radius=math.ceil(4 * sigma))
    assert filters.deviation(image, sigma) == pytest.approx(
        np.sqrt(np.maximum(squares - mean**2, 0)), abs=1e-3
    )


def test_energies_of_a_grating_lie_along_its_slope() -> None:
    x = np.arange(64)
    across = np.tile(np.sin(x / 3), (64, 1)).astype(np.float32)
    at_0, at_45, at_90, at_135 = (e[32, 32] for e in filters.direction_energies(across, 6))
    assert at_0 > 1.9 * at_45
    assert at_45 == pytest.approx(at_135, rel=1e-4)
    assert at_90 == pytest.approx(0, abs=1e-6)
    down = filters.direction_energies(np.ascontiguousarray(across.T), 6)
    assert down[2][32, 32] == pytest.approx(at_0, rel=1e-4)


@pytest.mark.parametrize("distance", [1, 2, 4])
def test_contrasts_are_the_glcms(distance: int) -> None:
    # On a torus every pixel has both pairs; a window that takes in all averages them all.
    tile = np.random.default_rng(distance).integers(0, 8, (16, 16)).astype(np.uint8)
    around = np.tile(tile, (5, 5))
    contrast, homogeneity = filters.contrasts(around.astype(np.float32), distance, 16, 0.01)
    pairs = np.pad(tile, ((0, distance), (0, distance)), mode="wrap")
    wanted = {"contrast": 0.0, "homogeneity": 0.0}
    for part, angle in ((pairs[:16], 0.0), (pairs[:, :16], np.pi / 2)):
        table = graycomatrix(part, [distance], [angle], levels=8)  # type: ignore[no-untyped-call]
        for name in wanted:
            wanted[name] += graycoprops(table, name)[0, 0] / 2  # type: ignore[no-untyped-call]
    assert contrast[2, 2] == pytest.approx(wanted["contrast"], rel=1e-4)
    assert homogeneity[2, 2] == pytest.approx(wanted["homogeneity"], rel=1e-4)


def test_a_distance_beyond_the_image_finds_no_pairs() -> None:
    contrast, homogeneity = filters.contrasts(_image((3, 3)), 4, 8, 0.75)
    assert contrast.tolist() == [[0.0]]
    assert homogeneity.shape == (1, 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_shares_sum_to_one_and_entropy_has_its_bounds(height: int, width: int, seed: int) -> None:
    rank = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    shares = filters.level_shares(rank, 8, 8, 0.75)
    assert np.sum(shares, axis=0) == pytest.approx(1, abs=1e-5)
    bits = filters.entropy(shares)
    assert ((bits >= 0) & (bits <= 3 + 1e-5)).all()
    codes = filters.code_shares((rank * 255).astype(np.uint8), 8, 0.75)
    assert np.sum(codes, axis=0) == pytest.approx(1, abs=1e-5)


def test_entropy_of_known_shares() -> None:
    halves = np.full((1, 1), 0.5, np.float32)
    assert float(filters.entropy([halves, halves])[0, 0]) == pytest.approx(1)
    assert float(filters.entropy([halves * 2, halves * 0])[0, 0]) == pytest.approx(0)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(2, 30), st.integers(0, 9))
def test_mirroring_about_the_middle_turns_round_and_twice_is_nothing(
    height: int, width: int, seed: int
) -> None:
    image = _image((height, width), seed)
    axis = (width - 1) / 2
    once = filters.mirrored(image, axis)
    assert once == pytest.approx(image[:, ::-1], abs=1e-3)
    assert filters.mirrored(once, axis) == pytest.approx(image, abs=2e-3)


def test_mirroring_beyond_the_edge_goes_on_with_the_edge() -> None:
    image = np.array([[1, 2, 3, 4]], np.float32)
    assert filters.mirrored(image, axis=0).tolist() == [[1, 1, 1, 1]]
    assert filters.mirrored(image, axis=3).tolist() == [[4, 4, 4, 4]]


def test_shifting_shows_what_lies_further_down_and_across() -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert filters.shifted(image, 1, -1).tolist() == [[4, 4, 5, 6], [8, 8, 9, 10], [8, 8, 9, 10]]
    assert (filters.shifted(image, 9, 9) == 11).all()
