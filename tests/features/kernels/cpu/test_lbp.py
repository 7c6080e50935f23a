from __future__ import annotations

import itertools
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern

from gliaboost.errors import UsageError
from gliaboost.features.kernels.circles import METHODS, histogram_bins, ror_classes
from gliaboost.features.kernels.cpu.lbp import lbp_codes, lbp_histograms
from gliaboost.features.kernels.grid import grid_edges

Image = NDArray[np.uint8]
reference: Any = local_binary_pattern
CIRCLES = [(1, 1.0), (4, 1.0), (5, 4.1), (7, 1.5), (8, 1), (12, 2), (16, 2), (24, 3), (31, 8.7)]


@pytest.mark.integration
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("points", "radius"), CIRCLES)
def test_codes_are_scikit_images_on_adversarial_images(
    hard_image: Image, points: int, radius: float, method: str
) -> None:
    got = lbp_codes(hard_image[None], points, radius, method)
    np.testing.assert_array_equal(got[0], reference(hard_image, points, radius, method))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("points", "radius"), [(8, 1), (16, 2), (24, 3), (10, 0.5)])
def test_codes_are_scikit_images_on_real_slices(
    slices: Image, points: int, radius: float, method: str
) -> None:
    got = lbp_codes(slices, points, radius, method)
    for codes, image in zip(got, slices, strict=True):
        np.testing.assert_array_equal(codes, reference(image, points, radius, method))


@pytest.mark.integration
@pytest.mark.parametrize("method", ["uniform", "nri_uniform", "var"])
@pytest.mark.parametrize("points", [32, 40, 64])
def test_many_points_are_scikit_images_where_it_does_not_overflow(
    noise_batch: Image, points: int, method: str
) -> None:
    got = lbp_codes(noise_batch[:1], points, 5, method)
    np.testing.assert_array_equal(got[0], reference(noise_batch[0], points, 5, method))


def test_32_points_are_right_where_scikit_images_weights_overflow(noise_batch: Image) -> None:
    ours = lbp_codes(noise_batch[:1], 32, 5, "default")[0]
    theirs = reference(noise_batch[0], 32, 5, "default")
    assert theirs.min() < 0, "scikit-image no longer overflows: say so in the docstring"
    assert ours.min() >= 0
    np.testing.assert_array_equal(ours.astype(np.uint32).astype(np.int32), theirs)


def test_ties_fall_as_in_scikit_image_where_only_the_last_bit_decides() -> None:
    # Few levels, and a corner neighbour whose row and column fractions are complementary: many
    # interpolated values equal the pixel in theory, but not in floating point.
    image = np.random.default_rng(3).integers(100, 104, (200, 200), dtype=np.uint8)
    ours = lbp_codes(image[None], 8, 0.5, "default")[0]
    np.testing.assert_array_equal(ours, reference(image, 8, 0.5, "default"))
    exact = image.astype(np.int64)
    far, near = 35355, 64645  # hundred thousandths: of the pixels up and right, and of its own
    inner, upper = exact[1:-1, 1:-1], exact[:-2, 1:-1]
    right, corner = exact[1:-1, 2:], exact[:-2, 2:]
    value = near * (near * inner + far * right) + far * (near * upper + far * corner)
    theory = value >= inner * 100_000**2
    assert ((ours[1:-1, 1:-1] >> 1 & 1 == 1) != theory).any()


def counted(codes: NDArray[np.int64], bins: int, grid: tuple[int, int]) -> NDArray[np.int64]:
    ys, xs = grid_edges(codes.shape, grid)
    return np.concatenate(
        [
            np.bincount(codes[a:b, c:d].ravel(), minlength=bins)
            for a, b in itertools.pairwise(ys)
            for c, d in itertools.pairwise(xs)
        ]
    )


@pytest.mark.parametrize("grid", [(1, 1), (4, 4), (3, 7)])
@pytest.mark.parametrize("method", ["default", "uniform", "nri_uniform"])
@pytest.mark.parametrize("points", [4, 8, 12])
def test_histograms_count_the_codes(
    noise_batch: Image, points: int, method: str, grid: tuple[int, int]
) -> None:
    bins = histogram_bins(points, method)
    got = lbp_histograms(noise_batch, [points], [1.5], method, grid=grid)
    for row, codes in zip(got, lbp_codes(noise_batch, points, 1.5, method), strict=True):
        np.testing.assert_array_equal(row, counted(codes, bins, grid))


def test_rotation_invariant_histograms_count_classes(noise_batch: Image) -> None:
    got = lbp_histograms(noise_batch, [8], [1], "ror", grid=(2, 2))
    assert got.shape[1] == 4 * 36  # the 36 classes of Ojala's paper
    codes = lbp_codes(noise_batch, 8, 1, "ror")
    classes = ror_classes(8)
    for row, c in zip(got, codes, strict=True):
        np.testing.assert_array_equal(row, counted(classes[c], 36, (2, 2)))


def test_variance_histograms_count_octaves(noise_batch: Image) -> None:
    images = noise_batch.copy()
    images[0, :20, :20] = 50
    got = lbp_histograms(images, [8], [1], "var")
    edges = [0, *(2.0**k for k in range(14)), np.inf]
    for row, variances in zip(got, lbp_codes(images, 8, 1, "var"), strict=True):
        want = np.histogram(np.nan_to_num(variances), edges)[0]
        np.testing.assert_array_equal(row, want)


def test_the_largest_variance_has_a_bin() -> None:
    checkers = (np.indices((9, 9)).sum(0) % 2 * 255).astype(np.uint8)
    columns = np.tile(np.array([0, 255], np.uint8), (8, 4))
    for image in (checkers, columns):
        counts = lbp_histograms(image[None], [4], [1], "var")
        assert counts.sum() == image.size


def test_circles_stand_side_by_side(noise_batch: Image) -> None:
    both = lbp_histograms(noise_batch, [8, 16], [1, 2], grid=(2, 2))
    apart = [lbp_histograms(noise_batch, [p], [r], grid=(2, 2)) for p, r in ((8, 1), (16, 2))]
    np.testing.assert_array_equal(both, np.concatenate(apart, axis=1))


small = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20))


@given(
    image=small,
    points=st.integers(1, 12),
    radius=st.floats(0.3, 30),
    method=st.sampled_from(METHODS),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_histograms_sum_to_the_pixel_count(
    image: Image, points: int, radius: float, method: str, data: st.DataObject
) -> None:
    grid = tuple(data.draw(st.integers(1, side)) for side in image.shape)
    got = lbp_histograms(image[None], [points], [radius], method, grid=(grid[0], grid[1]))
    assert got.sum() == image.size
    shares = lbp_histograms(
        image[None], [points], [radius], method, grid=(grid[0], grid[1]), normed=True
    )
    np.testing.assert_allclose(shares.sum(), grid[0] * grid[1], rtol=1e-5)


@given(image=small, points=st.integers(1, 31), radius=st.floats(0.3, 30))
@settings(max_examples=80, deadline=None)
def test_codes_are_scikit_images_for_any_circle(image: Image, points: int, radius: float) -> None:
    got = lbp_codes(image[None], points, radius, "default")
    np.testing.assert_array_equal(got[0], reference(image, points, radius, "default"))


@pytest.mark.parametrize("method", METHODS)
def test_batch_threads_and_order_change_nothing(noise_batch: Image, method: str) -> None:
    whole = lbp_histograms(noise_batch, [8], [1], method, grid=(3, 2))
    singles = [lbp_histograms(i[None], [8], [1], method, grid=(3, 2)) for i in noise_batch]
    np.testing.assert_array_equal(whole, np.concatenate(singles))
    np.testing.assert_array_equal(
        whole, lbp_histograms(noise_batch, [8], [1], method, grid=(3, 2), jobs=3)
    )
    np.testing.assert_array_equal(
        whole[::-1], lbp_histograms(noise_batch[::-1], [8], [1], method, grid=(3, 2))
    )
    codes = lbp_codes(noise_batch, 8, 1, method)
    np.testing.assert_array_equal(codes, lbp_codes(noise_batch, 8, 1, method, jobs=2))


@pytest.mark.parametrize(
    ("points", "radii", "method", "message"),
    [
        ([0], [1], "uniform", "0 LBP points with method 'uniform'; expected 1 to 64"),
        ([65], [1], "uniform", "65 LBP points"),
        ([17], [1], "default", "too many for a histogram"),
        ([8], [0], "uniform", "an LBP radius of 0 pixels"),
        ([8], [1], "mean", "no LBP method 'mean'; the methods are: default, ror"),
        ([8, 16], [1], "uniform", "2 numbers of points for 1 radii"),
    ],
)
def test_wrong_parameters_are_refused(
    points: list[int], radii: list[float], method: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        lbp_histograms(np.zeros((1, 9, 9), np.uint8), points, radii, method)


def test_a_grid_finer_than_the_image_is_refused() -> None:
    with pytest.raises(UsageError, match="a grid of 10 x 1 cells on images of 9 x 9 pixels"):
        lbp_histograms(np.zeros((1, 9, 9), np.uint8), [8], [1], grid=(10, 1))


def test_no_images_give_no_rows() -> None:
    assert lbp_histograms(np.zeros((0, 9, 9), np.uint8), [8], [1]).shape == (0, 10)
    assert lbp_codes(np.zeros((0, 9, 9), np.uint8), 8, 1).shape == (0, 9, 9)


@pytest.mark.parametrize("shape", [(48, 20), (20, 48)])
def test_histograms_of_tall_and_of_wide_images_are_those_of_the_codes(
    shape: tuple[int, int],
) -> None:
    image = np.random.default_rng(3).integers(0, 256, shape).astype(np.uint8)
    got = lbp_histograms(image[None], [8], [2.5])[0]
    codes = reference(image, 8, 2.5, "uniform").astype(int)
    np.testing.assert_array_equal(got.ravel(), np.bincount(codes.ravel(), minlength=10))
