"""The loops of GLCM at their seams: lanes of histograms, black margins, the table of n ln n."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.features.kernels.cooccurrence import PROPERTIES
from gliaboost.features.kernels.cpu.pairs import N_LOG_N, PROPERTY_COUNT, batch_of_pairs

Image = NDArray[np.uint8]


def counts_and_properties(
    image: Image, offset: tuple[int, int], levels: int, symmetric: bool
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    edges = (np.array([0, side], np.int64) for side in image.shape)
    inside, offsets = np.zeros((1, 1, 1), np.bool_), np.array([offset], np.int64)
    dense = np.zeros((1, 1, 1, levels, levels), np.uint32)
    none = np.zeros((0,) * 5, np.uint32)
    values = np.zeros((1, 1, 1, PROPERTY_COUNT), np.float32)
    every = np.arange(PROPERTY_COUNT)
    common = (image[None], inside, False, offsets, *edges, levels, symmetric)
    batch_of_pairs(*common, dense, every, N_LOG_N, values)
    batch_of_pairs(*common, none, every, N_LOG_N, values)
    return dense[0, 0, 0], values[0, 0, 0]


def plain_counts(image: Image, offset: tuple[int, int], levels: int) -> NDArray[np.int64]:
    (dy, dx), (height, width) = offset, image.shape
    grey = image.astype(np.int64) * levels // 256
    first = grey[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    second = grey[max(0, dy) :, max(0, dx) :][: len(first), : first.shape[1]]
    if first.size == 0:
        return np.zeros((levels, levels), np.int64)
    codes = (first * levels + second).ravel()
    return np.bincount(codes, minlength=levels**2).reshape(levels, levels)


def test_there_are_as_many_properties_as_names() -> None:
    assert len(PROPERTIES) == PROPERTY_COUNT


def test_the_table_is_n_log_n() -> None:
    n = np.arange(1, len(N_LOG_N))
    np.testing.assert_allclose(N_LOG_N[1:], n * np.log(n), rtol=1e-14)
    assert N_LOG_N[0] == 0


# Eight histograms take turns for few levels, fewer for more, and one for many.
@pytest.mark.parametrize("levels", [2, 16, 31, 32, 33, 45, 46, 64, 91, 256])
@pytest.mark.parametrize("shape", [(5, 6), (40, 41), (97, 130)])
def test_lanes_add_up(levels: int, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(levels).integers(0, 256, shape, dtype=np.uint8)
    for offset in [(0, 1), (2, -1), (-1, 3)]:
        counts, values = counts_and_properties(image, offset, levels, False)
        want = plain_counts(image, offset, levels)
        np.testing.assert_array_equal(counts, want)
        i, j = np.indices(want.shape)
        assert values[0] == pytest.approx((want * (i - j) ** 2).sum() / want.sum(), rel=1e-6)


@given(
    top=st.integers(0, 9),
    left=st.integers(0, 9),
    size=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    offset=st.tuples(st.integers(-4, 4), st.integers(-4, 4)),
)
@settings(max_examples=80)
def test_black_margins_are_counted_unseen(
    top: int, left: int, size: tuple[int, int], offset: tuple[int, int]
) -> None:
    image = np.zeros((12, 13), np.uint8)
    bright = image[top : top + size[0], left : left + size[1]]
    bright[:] = np.random.default_rng(top).integers(0, 256, bright.shape)
    counts, _ = counts_and_properties(image, offset, 16, False)
    np.testing.assert_array_equal(counts, plain_counts(image, offset, 16))


@pytest.mark.parametrize("symmetric", [False, True])
def test_counts_beyond_the_table_take_a_logarithm(symmetric: bool) -> None:
    image = np.zeros((150, 150), np.uint8)
    image[:, 100:] = 255
    _, values = counts_and_properties(image, (0, 1), 8, symmetric)
    joint = plain_counts(image, (0, 1), 8)
    assert joint.max() > len(N_LOG_N)
    p = joint / joint.sum()
    p = (p + p.T) / 2 if symmetric else p
    entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
    assert values[PROPERTIES.index("entropy")] == pytest.approx(entropy, rel=1e-6)
    assert values[PROPERTIES.index("haralick_entropy")] == pytest.approx(
        entropy / math.log(2), rel=1e-6
    )


@pytest.mark.parametrize("count", [len(N_LOG_N) + d for d in (-1, 0, 1)])
def test_counts_at_the_end_of_the_table_read_nothing_beyond(count: int) -> None:
    image = np.full((2, count + 1), 9, np.uint8)
    image[1] = 250
    _, values = counts_and_properties(image, (0, 1), 8, False)
    # Two pairs of levels that occur equally often.
    assert values[PROPERTIES.index("entropy")] == pytest.approx(math.log(2), rel=1e-6)
    assert values[PROPERTIES.index("sum_entropy")] == pytest.approx(1, rel=1e-6)


def test_no_pair_gives_zeros_and_a_correlation_of_one() -> None:
    _, values = counts_and_properties(np.full((3, 3), 9, np.uint8), (3, 0), 8, True)
    assert values.tolist() == [float(name == "correlation") for name in PROPERTIES]
