"""Classical columns by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.features.dense.classical import classical_names, classical_pyramid


def _head(side: int = 128) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    middle = (side - 1) / 2
    radius = np.hypot((y - middle) / (0.45 * side), (x - middle) / (0.38 * side))
    image = np.where(radius < 0.85, 70, np.where(radius < 1, 200, 0))
    return image.astype(np.uint8)


def _columns(image: np.ndarray) -> dict[str, np.ndarray]:
    levels = classical_pyramid(image).levels
    maps = [level[..., k].astype(float) for level in levels for k in range(level.shape[2])]
    return dict(zip(classical_names(), maps, strict=True))


def test_every_column_has_a_name_of_its_own() -> None:
    names = classical_names()
    assert len(set(names)) == len(names) == classical_pyramid(_head()).width


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 255), st.integers(0, 9))
def test_any_image_has_finite_columns(height: int, width: int, top: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, top + 1, (height, width)).astype(np.uint8)
    levels = classical_pyramid(image).levels
    assert [level.shape[:2] for level in levels] == [
        (-(-height // s), -(-width // s)) for s in (4, 8, 16)
    ]
    assert all(np.isfinite(level).all() for level in levels)


def test_a_symmetric_head_has_no_mirrored_difference_and_a_spot_has() -> None:
    image = _head()
    even = _columns(image)
    image[40:52, 30:42] = 160
    spotted = _columns(image)
    for name in even:
        if name.startswith("mirrored"):
            assert np.abs(even[name]).max() < 0.02, name
    assert spotted["mirrored_s2__stride4"][11, 9] > 0.5
    assert spotted["mirrored_s2__stride4"][11, 22] < -0.5


def test_a_paler_picture_has_the_same_columns() -> None:
    image = _head()
    image[40:52, 30:42] = 150
    bright, pale = _columns(image), _columns((image // 2).astype(np.uint8))
    for name, column in bright.items():
        if not name.startswith("head_spread"):
            assert pale[name] == pytest.approx(column, abs=0.05), name


def test_place_and_depth_are_the_heads() -> None:
    columns = _columns(_head(128))
    assert columns["place_y__stride8"][7:9, 8] == pytest.approx([-0.07, 0.07], abs=0.02)
    assert (np.diff(columns["place_x__stride8"], axis=1) > 0).all()
    depth = columns["depth__stride4"]
    assert depth.max() == depth[14:18, 14:18].max() == pytest.approx(0.5, abs=0.05)
    assert depth[0, 0] == 0


def test_moving_the_head_by_a_stride_moves_its_columns() -> None:
    image = np.pad(_head(128), 32)
    here, there = _columns(image), _columns(np.roll(image, 16, axis=0))
    for name in ("grey_s2__stride4", "contrast_d2__stride8", "deviation_s8__stride16"):
        cells = 16 // int(name.split("stride")[1])
        assert there[name][cells:] == pytest.approx(here[name][:-cells], abs=0.02)
