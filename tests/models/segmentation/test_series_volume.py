from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.series_volume import volume

Mask = NDArray[np.bool_]


def disc(radius: float, row: float, column: float, side: int = 128) -> Mask:
    rows, columns = np.indices((side, side))
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


def test_volume_adds_up_a_series() -> None:
    masks = [disc(r, 64, 64) for r in (0, 10, 14, 10)]
    masks[0][:] = False
    found = volume(iter(masks), (0.5, 0.4), 6.0)
    assert found.mm3 == pytest.approx(sum(int(m.sum()) for m in masks) * 0.5 * 0.4 * 6)
    assert found.ml == pytest.approx(found.mm3 / 1000)
    assert found.slices == 3


def test_a_sphere_has_its_volume() -> None:
    slices = [disc(math.sqrt(max(0.0, 40**2 - z**2)), 64, 64) for z in range(-39, 40, 3)]
    assert volume(slices, (1.0, 1.0), 3.0).mm3 == pytest.approx(4 / 3 * math.pi * 40**3, rel=0.01)


def test_an_empty_series_has_no_volume() -> None:
    found = volume([], (1.0, 1.0), 1.0)
    assert found.to_dict() == {"volume_mm3": 0.0, "volume_ml": 0.0, "volume_slices": 0}


def test_slices_of_several_sizes_or_without_distance_are_no_series() -> None:
    with pytest.raises(UsageError, match="4 x 3 and 3 x 4 pixels in one series"):
        volume([np.ones((3, 4), bool), np.ones((4, 3), bool)], (1.0, 1.0), 1.0)
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(UsageError, match="mm apart"):
            volume([], (1.0, 1.0), wrong)
