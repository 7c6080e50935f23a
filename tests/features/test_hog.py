from __future__ import annotations

import numpy as np

from gliaboost.features import HOG


def test_a_column_is_placed_on_the_cell_that_changes_it() -> None:
    hog = HOG(orientations=4, pixels_per_cell=(8, 16), cells_per_block=1, block_norm="L1")
    names = hog.feature_names(32, 64)
    edge = np.zeros((1, 32, 64), np.uint8)
    edge[:, 18:22, 36:44] = 200
    seen = {hog.place(n, 32, 64) for n, v in zip(names, hog.transform(edge)[0], strict=True) if v}
    assert seen == {(16, 32, 24, 48)}


def test_a_cell_within_a_block_adds_to_the_blocks_place() -> None:
    hog = HOG(pixels_per_cell=16, cells_per_block=2)
    (name,) = (n for n in hog.feature_names(64, 80) if n.endswith("y1_x3_r1_c1_b5"))
    assert hog.place(name, 64, 80) == (32, 64, 48, 80)
