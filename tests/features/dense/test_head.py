"""Where the head is on a slice."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gliaboost.features.dense.head import find_head


def _ellipse(height: int = 96, width: int = 80) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.asarray(np.hypot((y - 50) / 36, (x - 38) / 28) < 1)


def test_a_head_is_the_largest_component_with_its_holes() -> None:
    head = _ellipse()
    image = np.where(head, 90, 0).astype(np.uint8)
    image[40:60, 30:45] = 0
    image[:6, :6] = 200
    found = find_head(image)
    # The outline alone may differ, as letters and noise are smoothed away.
    assert (found.mask != head).sum() < 12
    top, left, bottom, right = found.box
    rows, columns = np.flatnonzero(found.mask.any(1)), np.flatnonzero(found.mask.any(0))
    assert (top, left, bottom, right) == (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)


def test_depth_is_the_distance_to_the_rim() -> None:
    image = np.where(_ellipse(), 90, 0).astype(np.uint8)
    found = find_head(image)
    exact = ndimage.distance_transform_edt(np.pad(found.mask, 1))[1:-1, 1:-1]
    assert np.abs(found.depth - exact).max() < 0.5
    assert (found.depth[~found.mask] == 0).all()


def test_a_head_that_fills_the_picture_has_its_rim_at_the_edge() -> None:
    found = find_head(np.full((20, 30), 80, np.uint8))
    assert found.box == (0, 0, 20, 30)
    if found.mask.any():
        assert found.depth[0, 0] == 1


def test_nothing_is_no_head() -> None:
    for shape in ((1, 1), (5, 7), (64, 64)):
        found = find_head(np.zeros(shape, np.uint8))
        assert not found.mask.any()
        assert found.box == (0, 0, *shape)
        assert not found.depth.any()
