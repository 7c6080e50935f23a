from __future__ import annotations

import numpy as np

from gliaboost.features import GLCM


def test_a_column_is_placed_on_the_cell_that_changes_it() -> None:
    glcm = GLCM(distances=1, angles=(0, 90), properties=("contrast", "energy"), grid=(3, 2))
    spot = np.full((1, 64, 40), 9, np.uint8)
    plain = glcm.transform(spot)
    spot[0, 25:30, 25:30] = 240
    names = np.array(glcm.feature_names(64, 40))[(glcm.transform(spot) != plain)[0]]
    assert len(names) == 4
    assert {glcm.place(n, 64, 40) for n in names} == {(21, 20, 42, 40)}


def test_the_whole_image_is_no_place() -> None:
    glcm = GLCM()
    assert {glcm.place(n, 64, 64) for n in glcm.feature_names(64, 64)} == {None}
