from __future__ import annotations

import numpy as np

from gliaboost.models.segmentation.measured_words import measured_words
from gliaboost.models.segmentation.measurements import measure


def test_lengths_are_in_millimetres_only_where_they_are_known() -> None:
    mask = np.zeros((20, 20), bool)
    mask[5:9, 4:12] = True
    plain = dict(measured_words(measure(mask)))
    scaled = dict(measured_words(measure(mask, spacing=(1, 1))))
    assert plain["Area"] == "32 pixels" and "Millimetres" in plain
    assert scaled["Longest diameter"].endswith(" mm") and "Millimetres" not in scaled
    assert scaled["Share of the picture"] == "8.0%"


def test_brightness_and_doubt_are_told_where_they_were_measured() -> None:
    mask = np.zeros((20, 20), bool)
    mask[5:9, 4:12] = True
    image = np.where(mask, 200, 100).astype(np.uint8)
    words = dict(measured_words(measure(mask, image, probability=np.full(mask.shape, 0.5))))
    assert words["Brighter than around it"] == "+100 grey levels"
    assert words["How unsure the outline is"] == "1.00 of 1"
