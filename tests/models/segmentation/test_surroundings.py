from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.models.segmentation.measurements import MaskRegion, measure
from gliaboost.models.segmentation.surroundings import RING

Mask = NDArray[np.bool_]


def disc(radius: float, row: float, column: float, side: int = 128) -> Mask:
    rows, columns = np.indices((side, side))
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


def whole(mask: Mask, *given: Any, **named: Any) -> MaskRegion:
    found = measure(mask, *given, **named).whole
    assert found is not None
    return found


def test_contrast_is_to_what_lies_close_around() -> None:
    inside = disc(12, 64, 64)
    image = np.full((128, 128), 200, np.uint8)
    image[disc(12 + RING, 64, 64)] = 60
    image[inside] = 90
    found = whole(inside, image)
    assert (found.mean_grey, found.contrast) == (90, 30)


def test_another_component_is_not_what_lies_around() -> None:
    image, mask = np.zeros((40, 40), np.uint8), np.zeros((40, 40), bool)
    mask[10:20, 10:20] = mask[10:20, 22:30] = True
    image[mask] = 250
    for component in measure(mask, image).components:
        assert component.contrast == 250


def test_an_even_rim_is_unsure_and_a_steep_one_is_not() -> None:
    mask = disc(20, 64, 64)
    sure = mask.astype(np.float32)
    assert whole(mask, probability=sure).rim_entropy == 0
    assert whole(mask, probability=np.full(mask.shape, 0.5, np.float32)).rim_entropy == 1
    # What is unsure far from the outline does not count.
    sure[disc(10, 64, 64)] = 0.5
    sure[:10] = 0.5
    assert whole(mask, probability=sure).rim_entropy == 0


def test_the_rim_is_a_pixel_inside_and_one_outside() -> None:
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    chance = np.zeros((5, 5))
    chance[2, 2] = 0.5
    # Itself of five: the corners share no side with it.
    assert whole(mask, probability=chance).rim_entropy == pytest.approx(1 / 5)
