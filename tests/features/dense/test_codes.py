"""Local binary patterns of whole pixels, against scikit-image's."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from gliaboost.features.dense.codes import uniform_codes


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (13, 17), (32, 32)])
@pytest.mark.parametrize("levels", [2, 5, 256])
def test_codes_are_the_square_neighbours_patterns(shape: tuple[int, int], levels: int) -> None:
    image = np.random.default_rng(levels).integers(0, levels, shape).astype(np.uint8)
    padded = np.pad(image.astype(int), 1, mode="edge")
    ring = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
    height, width = shape
    bits = np.stack(
        [
            padded[1 + y : 1 + y + height, 1 + x : 1 + x + width] >= padded[1:-1, 1:-1]
            for y, x in ring
        ]
    )
    changes = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
    expected = np.where(changes <= 2, bits.sum(axis=0), 9)
    assert (uniform_codes(image) == expected).all()


def test_flat_pixels_and_straight_edges_are_as_scikit_image_has_them() -> None:
    image = np.zeros((24, 24), np.uint8)
    image[:, 12:] = 100
    theirs = local_binary_pattern(image, 8, 1, "uniform")  # type: ignore[no-untyped-call]
    ours = uniform_codes(image)
    assert (ours[2:-2, 2:-2] == theirs[2:-2, 2:-2]).all()
