"""What a second pass sees of the first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.models.segmentation.pixel_context import DISTANCES, WIDTHS, context_pyramid


def _columns(side: int = 16) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(side, side, 5)).astype(np.float32)


def _hill(y: int, x: int, side: int = 16) -> np.ndarray:
    rows, columns = np.indices((side, side), dtype=np.float32)
    return 0.8 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 8)


def _level(maps: np.ndarray) -> np.ndarray:
    return context_pyramid(maps, _columns(maps.shape[1])).levels[0].astype(float)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(4, 20), st.integers(0, 9))
def test_any_maps_give_finite_columns_of_one_width(classes: int, side: int, seed: int) -> None:
    maps = np.random.default_rng(seed).random((classes, side, side)).astype(np.float32)
    level = _level(maps / classes)
    assert np.isfinite(level).all()
    assert level.shape == (side, side, _level(maps * 0).shape[2])


def test_probabilities_come_first_and_their_sum_follows() -> None:
    maps = np.stack([_hill(4, 4), _hill(9, 11) / 10]).astype(np.float32)
    level = _level(maps)
    assert level[..., :2] == pytest.approx(np.moveaxis(maps, 0, -1), abs=1e-3)
    assert level[..., 2] == pytest.approx(maps.sum(axis=0), abs=1e-3)


def test_far_neighbours_are_where_the_hill_lies() -> None:
    level = _level(_hill(8, 8)[None].astype(np.float32))
    first = 2 + len(WIDTHS)
    for ring, distance in enumerate(DISTANCES[:2]):
        east = level[..., first + 8 * ring]
        assert divmod(int(east.argmax()), 16) == (8, 8 - distance)


def test_the_peak_is_pointed_at_from_everywhere() -> None:
    level = _level(_hill(4, 10)[None].astype(np.float32))
    first = 2 + len(WIDTHS) + 8 * len(DISTANCES)
    relative, down, across, away = np.moveaxis(level[..., first : first + 4], -1, 0)
    assert relative[4, 10] == 1
    assert (down[4, 10], across[4, 10], away[4, 10]) == (0, 0, 0)
    assert down[8, 10] == pytest.approx(4 / 16, abs=1e-3)
    assert across[4, 2] == pytest.approx(-8 / 16, abs=1e-3)


def test_cells_like_the_believed_tumour_are_near_to_it() -> None:
    columns = np.zeros((16, 16, 3), np.float32)
    columns[2:6, 2:6] = columns[10:14, 10:14] = (3, -1, 2)
    level = context_pyramid(_hill(4, 4)[None].astype(np.float32), columns).levels[0]
    toward, distance = np.moveaxis(level[..., -2:], -1, 0)
    assert toward[12, 12] == toward[3, 3] > 0 > toward[0, 15]
    assert distance[12, 12] == distance[3, 3] < distance[0, 15]


def test_nothing_believed_is_no_likeness() -> None:
    level = _level(np.zeros((2, 8, 8), np.float32))
    assert not level[..., -2:].any()
