"""One slice as boosted pixels see it."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.segmentation.discriminants import Discriminants
from gliaboost.models.segmentation.forest import from_kept_arrays
from gliaboost.models.segmentation.pixel_columns import (
    NEGLIGIBLE,
    SIDE,
    cell_maps,
    enlarged,
    mask_to_side,
    see,
    to_side,
)
from gliaboost.models.segmentation.pixel_model import PixelModel


def _head(side: int = SIDE) -> np.ndarray:
    y, x = np.mgrid[:side, :side] / side - 0.5
    return np.where(np.hypot(y / 0.45, x / 0.3) < 1, 90, 0).astype(np.uint8)


def _model(column: int, threshold: float) -> PixelModel:
    """Tumour, almost surely, where a column is above a threshold."""
    columns = see(_head(), "classical").pyramid.width
    arrays = {
        "roots": np.array([-1, 0], np.int32),
        "feature": np.array([column], np.int32),
        "left": np.array([-2], np.int32),
        "right": np.array([-3], np.int32),
        "threshold": np.array([threshold], np.float32),
        "value": np.array([0.0, -9, 9]),
        "start": np.zeros(2),
    }
    trees = from_kept_arrays(arrays, columns + 2)
    return PixelModel(Discriminants(np.zeros((columns, 2)), np.zeros(2)), trees)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (100, 300), (512, 512)])
def test_any_size_comes_to_one_side(shape: tuple[int, int]) -> None:
    assert to_side(np.full(shape, 7, np.uint8)).shape == (SIDE, SIDE)
    assert (to_side(np.full(shape, 7, np.uint8)) == 7).all()
    assert mask_to_side(np.ones(shape, bool)).all()


def test_a_mask_keeps_its_place_and_share() -> None:
    mask = np.zeros((64, 64), bool)
    mask[16:32, 40:48] = True
    large = mask_to_side(mask)
    assert large.sum() == pytest.approx(16 * mask.sum(), rel=0.02)
    assert large[100, 176]


def test_a_slice_is_brought_to_its_side_before_it_is_seen() -> None:
    small, large = see(_head(128), "classical"), see(to_side(_head(128)), "classical")
    assert small.columns(16).shape == (16, 16, small.pyramid.width)
    assert (small.columns(16) == large.columns(16)).all()


def test_cells_in_the_head_have_the_forests_average_and_others_nothing() -> None:
    seen = see(_head(), "classical")
    low, never = _model(0, -99), _model(0, 99)
    maps = cell_maps(seen, seen.pyramid, [low, never], 32)
    assert maps.shape == (1, 32, 32)
    assert maps[0, 16, 16] == pytest.approx(0.5, abs=1e-3)
    assert maps[0, 0, 0] == 0
    assert (maps > 0).mean() == pytest.approx((_head() > 0).mean(), abs=0.1)


def test_a_later_pass_looks_where_an_earlier_one_believes_anything() -> None:
    seen = see(_head(), "classical")
    before = np.zeros((1, 8, 8), np.float32)
    before[0, 4, 4] = 0.5
    before[0, 2, 4] = NEGLIGIBLE / 2
    maps = cell_maps(seen, seen.pyramid, [_model(0, -99)], 32, before)
    assert maps[0, 18, 18] > 0.99
    assert maps[0, 21, 21] > 0.99
    assert not maps[0, :10].any()


def test_maps_are_enlarged_bilinearly() -> None:
    level = np.array([[[0, 1]]], np.float32)
    assert enlarged(level, 2, 4).tolist() == [[[0, 0.25, 0.75, 1]] * 2]


def test_without_a_head_there_is_no_tumour() -> None:
    seen = see(np.zeros((40, 40), np.uint8), "classical")
    assert not cell_maps(seen, seen.pyramid, [_model(0, -99)], 16).any()
