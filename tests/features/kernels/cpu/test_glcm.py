from __future__ import annotations

import itertools
import math
from typing import Any

import hypothesis.extra.numpy as hnp
import mahotas.features.texture as mahotas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.feature import graycomatrix as matrix
from skimage.feature import graycoprops as props

from gliaboost.errors import UsageError
from gliaboost.features.kernels.cooccurrence import HARALICK, PROPERTIES, glcm_offsets, quantise
from gliaboost.features.kernels.cpu.glcm import glcm_counts, glcm_properties
from gliaboost.features.kernels.grid import grid_edges

Image = NDArray[np.uint8]
graycomatrix: Any = matrix
graycoprops: Any = props
SKIMAGE = PROPERTIES[:10]
ANGLES = [0, math.pi / 4, math.pi / 2, 3 * math.pi / 4]


def reference_counts(
    image: Image, distances: list[float], angles: list[float], levels: int, symmetric: bool
) -> NDArray[np.uint32]:
    counts = graycomatrix(
        quantise(image, levels), distances, angles, levels=levels, symmetric=symmetric
    )
    in_order: NDArray[np.uint32] = np.moveaxis(counts, (2, 3), (0, 1))
    return in_order.reshape(-1, levels, levels)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("levels", [2, 8, 32, 100, 256])
def test_counts_are_scikit_images_on_adversarial_images(
    hard_image: Image, levels: int, symmetric: bool
) -> None:
    distances: list[float] = [1, 2, 5, 2.5, 60]
    angles = [*ANGLES, 0.3, -1.0, math.pi, 5.5]
    got = glcm_counts(
        hard_image[None], glcm_offsets(distances, angles), levels=levels, symmetric=symmetric
    )
    want = reference_counts(hard_image, distances, angles, levels, symmetric)
    np.testing.assert_array_equal(got[0, 0], want)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("levels", [2, 8, 32, 100, 256])
def test_properties_are_scikit_images_on_adversarial_images(
    hard_image: Image, levels: int, symmetric: bool
) -> None:
    check_properties(hard_image, [1, 3, 60], levels, symmetric)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("levels", [16, 32, 256])
def test_properties_are_scikit_images_on_real_slices(
    slices: Image, levels: int, symmetric: bool
) -> None:
    for image in slices:
        check_properties(image, [1, 2, 4], levels, symmetric)


def check_properties(image: Image, distances: list[float], levels: int, symmetric: bool) -> None:
    got = glcm_properties(
        image[None], glcm_offsets(distances, ANGLES), SKIMAGE, levels=levels, symmetric=symmetric
    )
    counts = graycomatrix(
        quantise(image, levels), distances, ANGLES, levels=levels, symmetric=symmetric
    )
    want = np.stack([graycoprops(counts, p).ravel() for p in SKIMAGE], axis=-1)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("distance", [1, 2, 5])
@pytest.mark.parametrize("levels", [8, 32, 256])
def test_haralicks_thirteen_are_mahotas(noise_batch: Image, levels: int, distance: int) -> None:
    diagonal = [(0, distance), (distance, distance), (distance, 0), (distance, -distance)]
    got = glcm_properties(
        noise_batch[:2], np.array(diagonal), HARALICK, levels=levels, symmetric=True
    ).reshape(-1, 4, 13)
    for row, image in zip(got, noise_batch[:2], strict=True):
        want = mahotas.haralick(
            quantise(image, levels), distance=distance, use_x_minus_y_variance=True
        )
        np.testing.assert_allclose(row, want, rtol=1e-6, atol=1e-6)


def test_mahotas_difference_variance_depends_on_the_number_of_levels(noise_batch: Image) -> None:
    # So ours follows the paper, and its switch; this fails the day mahotas changes its default.
    counts = glcm_counts(noise_batch[:1], np.array([[0, 1]]), levels=8, symmetric=True)[0, 0]
    padded = np.pad(counts, ((0, 0), (0, 8), (0, 8)))
    narrow, wide = (mahotas.haralick_features(c)[0, 9] for c in (counts, padded))
    assert narrow != pytest.approx(wide, rel=0.01)
    narrow, wide = (
        mahotas.haralick_features(c, use_x_minus_y_variance=True)[0, 9] for c in (counts, padded)
    )
    assert narrow == pytest.approx(wide)


def test_asymmetric_information_measures_follow_the_definition(noise_batch: Image) -> None:
    offsets = np.array([[0, 1], [2, -1]])
    got = glcm_properties(
        noise_batch[:1], offsets, ["imc1", "imc2"], levels=16, symmetric=False
    ).reshape(2, 2)
    counts = glcm_counts(noise_batch[:1], offsets, levels=16)[0, 0]
    for row, c in zip(got, counts, strict=True):
        p = c / c.sum()
        product = np.outer(p.sum(1), p.sum(0))
        hx, hy = (-np.sum(q[q > 0] * np.log2(q[q > 0])) for q in (p.sum(1), p.sum(0)))
        hxy = -np.sum(p[p > 0] * np.log2(p[p > 0]))
        hxy1 = -np.sum(p[p > 0] * np.log2(product[p > 0]))
        hxy2 = -np.sum(product[product > 0] * np.log2(product[product > 0]))
        want = [(hxy - hxy1) / max(hx, hy), np.sqrt(1 - np.exp(-2 * (hxy2 - hxy)))]
        np.testing.assert_allclose(row, want, atol=1e-6)


def pairs_inside(
    image: Image, mask: NDArray[np.bool_], offset: tuple[int, int], levels: int
) -> NDArray[np.int64]:
    counts = np.zeros((levels, levels), np.int64)
    grey = quantise(image, levels)
    height, width = image.shape
    for y, x in itertools.product(range(height), range(width)):
        y2, x2 = y + offset[0], x + offset[1]
        if 0 <= y2 < height and 0 <= x2 < width and mask[y, x] and mask[y2, x2]:
            counts[grey[y, x], grey[y2, x2]] += 1
    return counts


@pytest.mark.parametrize("levels", [8, 256])
def test_a_mask_keeps_pairs_with_both_pixels_inside(noise_batch: Image, levels: int) -> None:
    images = noise_batch[:3, :30, :33]
    masks = np.random.default_rng(1).random(images.shape) < 0.6
    masks[1] = False
    masks[1, 5:20, 4:9] = True
    masks[2] = False
    offsets = [(0, 1), (1, 1), (3, -2)]
    got = glcm_counts(images, np.array(offsets), levels=levels, masks=masks)
    for n, (k, offset) in itertools.product(range(3), enumerate(offsets)):
        want = pairs_inside(images[n], masks[n], offset, levels)
        np.testing.assert_array_equal(got[n, 0, k], want)
    masked = glcm_properties(images, np.array(offsets), SKIMAGE, levels=levels, masks=masks)
    # In threads, each image still has its own mask.
    options: dict[str, Any] = {"levels": levels, "masks": masks, "jobs": 3}
    np.testing.assert_array_equal(glcm_counts(images, np.array(offsets), **options), got)
    threads = glcm_properties(images, np.array(offsets), SKIMAGE, **options)
    np.testing.assert_array_equal(threads, masked)
    # Column 5 is the correlation: 1 where nothing varies, and in an empty mask nothing does.
    np.testing.assert_array_equal(masked[2].reshape(3, 10), np.eye(10)[[5] * 3])
    box = glcm_properties(
        np.ascontiguousarray(images[1:2, 5:20, 4:9]), np.array(offsets), SKIMAGE, levels=levels
    )
    np.testing.assert_allclose(masked[1], box[0], rtol=1e-6)


def test_cells_are_images_of_their_own(noise_batch: Image) -> None:
    grid, offsets = (3, 2), glcm_offsets([1, 2], ANGLES)
    ys, xs = grid_edges(noise_batch.shape[1:], grid)
    got = glcm_counts(noise_batch, offsets, levels=16, grid=grid)
    got_properties = glcm_properties(noise_batch, offsets, PROPERTIES, levels=16, grid=grid)
    got_properties = got_properties.reshape(len(noise_batch), 6, -1)
    for g, (r, c) in enumerate(itertools.product(range(3), range(2))):
        cell = noise_batch[:, ys[r] : ys[r + 1], xs[c] : xs[c + 1]]
        np.testing.assert_array_equal(got[:, g], glcm_counts(cell, offsets, levels=16)[:, 0])
        np.testing.assert_allclose(
            got_properties[:, g],
            glcm_properties(cell, offsets, PROPERTIES, levels=16),
            rtol=1e-6,
        )


small = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20))
offset = st.tuples(st.integers(-6, 6), st.integers(-6, 6))


@given(image=small, offset=offset, levels=st.sampled_from([2, 8, 32, 256]))
@settings(max_examples=60, deadline=None)
def test_symmetric_counts_are_symmetric_and_complete(
    image: Image, offset: tuple[int, int], levels: int
) -> None:
    counts = glcm_counts(image[None], np.array([offset]), levels=levels, symmetric=True)[0, 0, 0]
    np.testing.assert_array_equal(counts, counts.T)
    height, width = (max(0, s - abs(o)) for s, o in zip(image.shape, offset, strict=True))
    assert counts.sum() == 2 * height * width


@given(image=small, offset=offset, levels=st.sampled_from([2, 8, 32, 256]), both=st.booleans())
@settings(max_examples=60, deadline=None)
def test_properties_keep_their_bounds(
    image: Image, offset: tuple[int, int], levels: int, both: bool
) -> None:
    values = glcm_properties(
        image[None], np.array([offset]), PROPERTIES, levels=levels, symmetric=both
    )[0]
    assert np.isfinite(values).all()
    named = dict(zip(PROPERTIES, values.tolist(), strict=True))
    for name in ("homogeneity", "ASM", "energy", "imc2"):
        assert 0 <= named[name] <= 1 + 1e-6, name
    assert abs(named["correlation"]) <= 1 + 1e-6
    assert named["dissimilarity"] ** 2 <= named["contrast"] * (1 + 1e-5)
    assert -1e-6 <= named["entropy"] <= 2 * math.log(levels) + 1e-6


def test_batch_threads_and_order_change_nothing(noise_batch: Image) -> None:
    offsets = glcm_offsets([1, 3], ANGLES)
    for levels in (8, 32, 256):
        whole = glcm_properties(noise_batch, offsets, PROPERTIES, levels=levels, grid=(2, 2))
        singles = [
            glcm_properties(i[None], offsets, PROPERTIES, levels=levels, grid=(2, 2))
            for i in noise_batch
        ]
        np.testing.assert_array_equal(whole, np.concatenate(singles))
        threads = glcm_properties(
            noise_batch, offsets, PROPERTIES, levels=levels, grid=(2, 2), jobs=3
        )
        np.testing.assert_array_equal(whole, threads)
        backwards = glcm_properties(
            noise_batch[::-1], offsets, PROPERTIES, levels=levels, grid=(2, 2)
        )
        np.testing.assert_array_equal(whole[::-1], backwards)
    counts = glcm_counts(noise_batch, offsets, levels=8)
    np.testing.assert_array_equal(counts, glcm_counts(noise_batch, offsets, levels=8, jobs=2))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"levels": 1}, "1 grey levels; expected 2 to 256"),
        ({"levels": 300}, "300 grey levels"),
        ({"properties": ["roundness"]}, "no GLCM property 'roundness'; they are: contrast"),
        ({"masks": np.ones((1, 5, 9), bool)}, r"masks of shape \[1, 5, 9\] for images"),
        ({"grid": (1, 10)}, "a grid of 1 x 10 cells"),
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        glcm_properties(
            np.zeros((1, 9, 9), np.uint8),
            np.array([[0, 1]]),
            **{"properties": ["contrast"], **parameters},  # type: ignore[arg-type]
        )


def test_no_images_give_no_rows() -> None:
    none = np.zeros((0, 9, 9), np.uint8)
    assert glcm_properties(none, np.array([[0, 1]]), ["contrast"]).shape == (0, 1)
    assert glcm_counts(none, np.array([[0, 1]]), levels=8).shape == (0, 1, 1, 8, 8)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("side", [2, 12, 16, 33])
def test_a_constant_image_has_no_entropy_and_no_information(side: int, symmetric: bool) -> None:
    # The logarithms' last bits once made -2 of the first information measure.
    images = np.full((1, side, side + 4), 3, np.uint8)
    names = [p for p in PROPERTIES if "entropy" in p or p.startswith("imc")]
    got = glcm_properties(images, glcm_offsets([1], ANGLES), names, levels=64, symmetric=symmetric)
    np.testing.assert_allclose(got, 0.0, atol=1e-12)


def test_without_a_word_every_grey_of_a_byte_is_a_level() -> None:
    image = np.array([[0, 255], [254, 255]], np.uint8)
    offsets = glcm_offsets([1], [0])
    counts = glcm_counts(image[None], offsets)
    assert counts.shape[-2:] == (256, 256)
    assert np.argwhere(counts.reshape(256, 256)).tolist() == [[0, 255], [254, 255]]
    given = glcm_properties(image[None], offsets, ["contrast"], levels=256)
    np.testing.assert_array_equal(glcm_properties(image[None], offsets, ["contrast"]), given)
