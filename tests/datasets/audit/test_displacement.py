from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit.displacement import displacement

Image = NDArray[np.float32]
EVERYWHERE = np.ones((64, 64), bool)


def disc(shift: float = 0.0, radius: float = 20.0) -> Image:
    y, x = np.mgrid[:64, :64]
    far = np.hypot(x - 32 - shift, y - 32)
    return np.asarray(20 + 180 / (1 + np.exp(far - radius)), np.float32)


def test_it_grows_with_the_shift_and_has_no_direction() -> None:
    found = [displacement(disc(), disc(s), EVERYWHERE) for s in (0.0, 0.05, 0.1, 0.2)]
    assert found[0] == 0
    assert found[2] == pytest.approx(2 * found[1], rel=0.05)
    assert found[3] == pytest.approx(2 * found[2], rel=0.05)
    assert displacement(disc(), disc(-0.1), EVERYWHERE) == pytest.approx(found[2], rel=0.05)
    assert displacement(disc(0.1), disc(), EVERYWHERE) == pytest.approx(found[2], rel=0.05)


def test_edges_that_spread_are_apart_though_the_middle_stays() -> None:
    assert displacement(disc(), disc(radius=20.2), EVERYWHERE) > 0.03


def test_noise_is_no_shift() -> None:
    noise = np.random.default_rng(0).normal(0, 1.5, (64, 64)).astype(np.float32)
    noisy = disc() + np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.float32)
    still = displacement(disc(), noisy, EVERYWHERE)
    assert still < 0.01 < displacement(disc(), disc(0.1), EVERYWHERE)


def test_a_brighter_picture_is_not_elsewhere() -> None:
    assert displacement(disc(), disc() + 12, EVERYWHERE) == pytest.approx(0, abs=1e-4)


def test_only_places_inside_that_have_an_edge_count() -> None:
    left = EVERYWHERE.copy()
    left[:, 22:] = False
    moved = np.where(np.arange(64) < 32, disc(), disc(0.4)).astype(np.float32)
    assert displacement(disc(), moved, left) == pytest.approx(0, abs=1e-4)
    assert displacement(disc(), moved, ~left) > 0.03
    even = np.full((64, 64), 90, np.float32)
    assert displacement(even, even + 3, EVERYWHERE) == 0
