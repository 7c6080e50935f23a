from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import hog

from gliaboost.errors import UsageError
from gliaboost.features.kernels.gradients import BLOCK_NORMS, SPAN, blocks, check_votes, votes

difference = st.integers(-SPAN, SPAN)


@given(dy=difference, dx=difference, orientations=st.integers(1, 20))
def test_a_gradient_votes_for_the_bin_that_holds_its_angle(
    dy: int, dx: int, orientations: int
) -> None:
    bins, _, _ = votes(orientations)
    got = bins[dy + SPAN, dx + SPAN]
    degrees = math.degrees(math.atan2(dy, dx)) % 180
    on_border = dy == 0 or dx == 0 or abs(dy) == abs(dx)
    if on_border:
        # The only angles that can lie on a border, and there the upper bin has them.
        exact = 0 if dy == 0 else 90 if dx == 0 else 45 if dy == dx else 135
        assert got == Fraction(exact * orientations, 180) // 1
    else:
        assert got == int(degrees * orientations / 180)


@given(dy=difference, dx=difference, orientations=st.integers(1, 20))
def test_shared_votes_average_to_the_angle(dy: int, dx: int, orientations: int) -> None:
    _, lower, shares = votes(orientations)
    first, share = int(lower[dy + SPAN, dx + SPAN]), float(shares[dy + SPAN, dx + SPAN])
    assert 0 <= share <= 1
    assert 0 <= first < orientations
    centre = 180 / orientations * (first + 0.5 + share)
    degrees = math.degrees(math.atan2(dy, dx)) % 180
    turned = (centre - degrees + 90) % 180 - 90
    assert turned == pytest.approx(0, abs=1e-4)


def test_the_255th_bin_fits() -> None:
    bins, lower, _ = votes(255)
    assert bins.max() == lower.max() == 254


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    cell=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    block=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_blocks_are_as_many_as_scikit_images(
    height: int, width: int, cell: tuple[int, int], block: tuple[int, int]
) -> None:
    image = np.zeros((height, width), np.uint8)
    if height < cell[0] * block[0] or width < cell[1] * block[1]:
        with pytest.raises(UsageError, match=f"{cell[0] * block[0]} x {cell[1] * block[1]}"):
            blocks(height, width, cell, block)
        return
    want = hog(image, pixels_per_cell=cell, cells_per_block=block, feature_vector=False)
    assert blocks(height, width, cell, block) == want.shape[:2]


@pytest.mark.parametrize(("cell", "block"), [((0, 8), (1, 1)), ((8, 8), (1, 0)), ((8, -1), (1, 1))])
def test_empty_cells_are_refused(cell: tuple[int, int], block: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="expected both >= 1"):
        blocks(32, 32, cell, block)


def test_bins_and_norms_are_checked() -> None:
    for norm in BLOCK_NORMS:
        check_votes(1, norm)
        check_votes(255, norm)
    with pytest.raises(UsageError, match="0 orientations; expected 1 to 255"):
        check_votes(0, "L1")
    with pytest.raises(UsageError, match="256 orientations"):
        check_votes(256, "L1")
    with pytest.raises(UsageError, match="no block norm 'l2'; the norms are: L1, L1-sqrt, L2, L2"):
        check_votes(9, "l2")
