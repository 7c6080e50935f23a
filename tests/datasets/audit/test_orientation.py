from __future__ import annotations

import cv2
import numpy as np
import pytest

from gliaboost.datasets.audit.alignment import HERE, flat
from gliaboost.datasets.audit.orientation import (
    INVERSE,
    NAMES,
    in_first,
    turned,
    turned_back,
    turning,
)

# The same eight motions, written another way.
MOTIONS = {
    "same": lambda x: x,
    "mirrored": np.fliplr,
    "upside down": np.flipud,
    "rotated 90": lambda x: np.rot90(x, 1),
    "rotated 180": lambda x: np.rot90(x, 2),
    "rotated 270": lambda x: np.rot90(x, 3),
    "transposed": lambda x: np.rot90(np.fliplr(x), 1),
    "transposed over the other diagonal": lambda x: np.fliplr(np.rot90(x, 1)),
}


@pytest.mark.parametrize("orientation", range(8))
def test_orientations(orientation: int) -> None:
    x = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    there = turned(x, orientation)
    np.testing.assert_array_equal(there, MOTIONS[NAMES[orientation]](x))
    np.testing.assert_array_equal(turned(there, int(INVERSE[orientation])), x)


@pytest.mark.parametrize("orientation", range(8))
def test_a_point_turns_with_the_picture(orientation: int) -> None:
    x = np.zeros((10, 10))
    x[2, 7] = 1
    row, column = np.argwhere(turned(x, orientation))[0]
    there = turning(orientation) @ [0.75, 0.25, 1]
    np.testing.assert_allclose(there, [(column + 0.5) / 10, (row + 0.5) / 10, 1])
    np.testing.assert_allclose(turning(int(INVERSE[orientation])) @ there, [0.75, 0.25, 1])


@pytest.mark.parametrize("orientation", range(8))
def test_a_cropped_and_turned_copy_is_laid_on_its_original(orientation: int) -> None:
    noise = np.random.default_rng(3).normal(size=(120, 120))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    image = np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    copy = np.ascontiguousarray(turned(image[30:90, 12:108], orientation))
    # From the image turned to the copy: what is cut off is left, top, then the rest fills a square.
    corner = turning(orientation) @ [[12 / 120, 108 / 120], [30 / 120, 90 / 120], [1, 1]]
    low, high = corner.min(axis=1)[:2], corner.max(axis=1)[:2]
    move = np.diag([*(1 / (high - low)), 1.0])
    move[:2, 2] = -low / (high - low)
    numbers = flat(in_first(move, orientation))
    back, reach = turned_back(copy, NAMES[orientation], numbers, (120, 120))
    inside = np.zeros((120, 120), bool)
    inside[31:89, 13:107] = True
    assert (reach[inside] == 255).all() and (reach == 255).mean() < 0.45
    assert np.abs(back.astype(int) - image)[inside].max() <= 2


def test_nothing_done_is_nothing_to_undo() -> None:
    image = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)
    back, reach = turned_back(image, "same", flat(HERE), (20, 30))
    np.testing.assert_array_equal(back, image)
    assert (reach == 255).all()
