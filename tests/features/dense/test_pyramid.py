"""Columns at any place from maps at several strides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from gliaboost.features.dense.pyramid import Pyramid, half, joined, single


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_places_are_interpolated_as_by_scipy(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = rng.normal(size=(height, width, 3)).astype(np.float16)
    y, x = rng.random((2, 20)).astype(np.float32)
    ours = Pyramid((level,)).at(y, x)
    places = [y * height - 0.5, x * width - 0.5]
    for k in range(3):
        theirs = ndimage.map_coordinates(
            level[..., k].astype(float), places, order=1, mode="nearest"
        )
        assert ours[:, k] == pytest.approx(theirs, abs=1e-4)


def test_levels_stand_side_by_side() -> None:
    one, two = np.full((2, 2, 1), 5, np.float16), np.full((1, 1, 2), 7, np.float16)
    pyramid = joined([Pyramid((one,)), Pyramid((two,))])
    assert pyramid.width == 3
    assert pyramid.nbytes == 12
    half_way = np.array([0.5], np.float32)
    assert pyramid.at(half_way, half_way).tolist() == [[5, 7, 7]]
    assert pyramid.at(half_way[:0], half_way[:0]).shape == (0, 3)


def test_what_half_precision_cannot_hold_stays_finite() -> None:
    level = half([np.array([[1e9, -1e9]], np.float32)])
    assert level[0, :, 0].tolist() == [65504, -65504]


def test_every_half_becomes_the_same_single_as_numpys() -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16).reshape(32, 64, 32)
    ours, theirs = single(every), every.astype(np.float32)
    known = ~np.isnan(theirs)
    assert ours.dtype == np.float32
    assert (ours.view(np.uint32) == theirs.view(np.uint32))[known].all()
    assert np.isnan(ours[~known]).all()
    # Levels that do not lie in one piece are the same levels.
    assert (single(every[:, ::2, :5]) == theirs[:, ::2, :5])[known[:, ::2, :5]].all()


def test_a_level_of_single_precision_is_taken_as_it_is() -> None:
    level = np.full((2, 2, 1), 0.1, np.float32)
    assert single(level) is level
