from __future__ import annotations

import itertools

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.feature import hog as reference

from gliaboost.errors import UsageError
from gliaboost.features.kernels.cpu.hog import hog
from gliaboost.features.kernels.gradients import BLOCK_NORMS, votes

Image = NDArray[np.uint8]


def expected(image: Image, **parameters: object) -> NDArray[np.float64]:
    return np.asarray(reference(image, **parameters))


@pytest.mark.integration
@pytest.mark.parametrize("block_norm", BLOCK_NORMS)
@pytest.mark.parametrize("transform_sqrt", [False, True])
def test_is_scikit_images_on_adversarial_images(
    hard_image: Image, block_norm: str, transform_sqrt: bool
) -> None:
    height, width = hard_image.shape
    for orientations, cell, block in itertools.product(
        (1, 4, 9, 12), ((8, 8), (5, 7), (1, 1)), ((1, 1), (3, 2))
    ):
        if height < cell[0] * block[0] or width < cell[1] * block[1]:
            continue
        if cell == (1, 1) and hard_image.size > 3000:
            continue  # one call of scikit-image's takes seconds
        parameters = {
            "orientations": orientations,
            "pixels_per_cell": cell,
            "cells_per_block": block,
            "block_norm": block_norm,
            "transform_sqrt": transform_sqrt,
        }
        got = hog(hard_image[None], **parameters)  # type: ignore[arg-type]
        assert got.dtype == np.float32
        np.testing.assert_allclose(
            got[0], expected(hard_image, **parameters), atol=1e-5, rtol=0, err_msg=str(parameters)
        )


@pytest.mark.parametrize("transform_sqrt", [False, True])
@pytest.mark.parametrize("orientations", [4, 9])
@pytest.mark.parametrize(("cell", "block"), [((8, 8), (3, 3)), ((32, 32), (2, 2))])
def test_is_scikit_images_on_real_slices(
    slices: Image,
    orientations: int,
    cell: tuple[int, int],
    block: tuple[int, int],
    transform_sqrt: bool,
) -> None:
    got = hog(
        slices,
        orientations=orientations,
        pixels_per_cell=cell,
        cells_per_block=block,
        transform_sqrt=transform_sqrt,
    )
    for row, image in zip(got, slices, strict=True):
        want = expected(
            image,
            orientations=orientations,
            pixels_per_cell=cell,
            cells_per_block=block,
            transform_sqrt=transform_sqrt,
        )
        np.testing.assert_allclose(row, want, atol=1e-5, rtol=0)


@pytest.mark.parametrize("orientations", range(1, 37))
def test_every_gradient_votes_for_scikit_images_bin(orientations: int) -> None:
    steps = np.arange(-255.0, 256.0)
    degrees = np.rad2deg(np.arctan2(steps[:, None], steps[None, :])) % 180
    bins = votes(orientations)[0]
    width = 180.0 / orientations
    assert np.all((degrees >= width * bins) & (degrees < width * (bins + 1.0)))


def test_soft_bins_share_by_distance_to_the_centres() -> None:
    _, lower, shares = votes(9)
    # 45 degrees lies between the centres at 30 and 50: a quarter is for the former.
    assert lower[255 + 10, 255 + 10] == 1
    assert shares[255 + 10, 255 + 10] == pytest.approx(0.75)
    # 0 degrees lies midway between the last centre, at 170 = -10, and the first.
    assert lower[255, 255 + 7] == 8
    assert shares[255, 255 + 7] == pytest.approx(0.5)


@pytest.mark.integration
@pytest.mark.parametrize("transform_sqrt", [False, True])
def test_soft_bins_move_votes_but_lose_none(noise_batch: Image, transform_sqrt: bool) -> None:
    # Without normalisation's nonlinearity: blocks of L1 sum to nearly 1 however bins are filled.
    hard, soft = (
        hog(
            noise_batch,
            cells_per_block=(1, 1),
            block_norm="L1",
            soft_bins=s,
            transform_sqrt=transform_sqrt,
        ).reshape(-1, 9)
        for s in (False, True)
    )
    np.testing.assert_allclose(soft.sum(1), hard.sum(1), atol=1e-6)
    assert np.abs(soft - hard).max() > 0.01


def test_soft_bins_agree_between_the_table_and_the_arc_tangent(noise_batch: Image) -> None:
    # The square roots of 0 and 1 are themselves: both ways see the same gradients.
    bits = noise_batch & np.uint8(1)
    for orientations in (3, 8, 9):
        tabled, computed = (
            hog(bits, orientations=orientations, soft_bins=True, transform_sqrt=s)
            for s in (False, True)
        )
        np.testing.assert_allclose(tabled, computed, atol=1e-6)


def test_a_gradient_at_45_degrees_but_for_its_last_bit_may_choose_either_bin() -> None:
    # sqrt(a) - sqrt(b) = sqrt(c) - sqrt(d) in theory, not in the last bit.
    roots = np.sqrt(np.arange(256.0))
    a, b, c, d = 8, 2, 2, 0
    assert roots[a] - roots[b] == pytest.approx(roots[c] - roots[d], abs=1e-15)
    image = np.zeros((3, 3), np.uint8)
    image[2, 1], image[0, 1], image[1, 2], image[1, 0] = a, b, c, d
    parameters = {
        "orientations": 4,
        "pixels_per_cell": (3, 3),
        "cells_per_block": (1, 1),
        "block_norm": "L1",
        "transform_sqrt": True,
    }
    got = hog(image[None], **parameters)[0]  # type: ignore[arg-type]
    want = expected(image, **parameters)
    assert got[:2].sum() == pytest.approx(want[:2].sum(), abs=1e-5)
    np.testing.assert_allclose(got[2:], want[2:], atol=1e-5)


@pytest.mark.parametrize("orientations", [140, 164])
def test_the_border_decides_where_the_quotient_rounds_below_it(orientations: int) -> None:
    border = 135 * orientations // 180
    assert int(135.0 / (180.0 / orientations)) == border - 1
    image = np.zeros((3, 3), np.uint8)
    # Three up in the square root, and three to the left: 135 degrees in the middle alone.
    image[2, 1] = image[1, 0] = 9
    got = hog(
        image[None],
        orientations=orientations,
        pixels_per_cell=(3, 3),
        cells_per_block=(1, 1),
        transform_sqrt=True,
    )[0]
    assert np.flatnonzero(got).tolist() == [border]


small = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=6, max_side=24))


@given(image=small, shift=st.integers(1, 100))
@settings(max_examples=40, deadline=None)
def test_adding_a_constant_changes_nothing(image: Image, shift: int) -> None:
    dim = image // 2
    parameters = {"pixels_per_cell": (3, 3), "cells_per_block": (2, 2)}
    np.testing.assert_array_equal(
        hog(dim[None], **parameters),  # type: ignore[arg-type]
        hog(dim[None] + np.uint8(shift), **parameters),  # type: ignore[arg-type]
    )


@pytest.mark.integration
@pytest.mark.parametrize("soft_bins", [False, True])
@pytest.mark.parametrize("transform_sqrt", [False, True])
def test_batch_threads_and_order_change_nothing(
    noise_batch: Image, soft_bins: bool, transform_sqrt: bool
) -> None:
    options = {"soft_bins": soft_bins, "transform_sqrt": transform_sqrt}
    whole = hog(noise_batch, **options)  # type: ignore[arg-type]
    singles = np.concatenate([hog(i[None], **options) for i in noise_batch])  # type: ignore[arg-type]
    np.testing.assert_array_equal(whole, singles)
    np.testing.assert_array_equal(whole, hog(noise_batch, jobs=3, **options))  # type: ignore[arg-type]
    np.testing.assert_array_equal(whole[::-1], hog(noise_batch[::-1], **options))  # type: ignore[arg-type]


def test_no_images_give_no_rows() -> None:
    assert hog(np.zeros((0, 32, 32), np.uint8)).shape == (0, 324)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"orientations": 0}, "0 orientations; expected 1 to 255"),
        ({"block_norm": "L3"}, "no block norm 'L3'; the norms are: L1, L1-sqrt"),
        ({"pixels_per_cell": (0, 8)}, "expected both >= 1"),
        ({"pixels_per_cell": (20, 8)}, "one HOG block needs 60 x 24"),
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        hog(np.zeros((1, 32, 32), np.uint8), **parameters)  # type: ignore[arg-type]


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(UsageError, match="dtype float64; expected uint8"):
        hog(np.zeros((1, 32, 32)))  # type: ignore[arg-type]
