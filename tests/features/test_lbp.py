from __future__ import annotations

import numpy as np

from gliaboost.features import LBP


def test_a_column_is_placed_on_the_cell_that_changes_it() -> None:
    lbp = LBP(points=(8, 4), radii=(1, 1), grid=(2, 3))
    plain, spot = np.full((1, 31, 50), 9, np.uint8), np.full((1, 31, 50), 9, np.uint8)
    spot[0, 20:24, 22:26] = np.arange(16).reshape(4, 4) * 9
    changed = (lbp.transform(plain) != lbp.transform(spot))[0]
    names = np.array(lbp.feature_names(31, 50))
    assert {lbp.place(n, 31, 50) for n in names[changed]} == {(15, 16, 31, 33)}


def test_one_cell_is_no_place() -> None:
    lbp = LBP(grid=1)
    assert {lbp.place(n, 64, 64) for n in lbp.feature_names(64, 64)} == {None}
