"""The floor without learning."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.otsu import Otsu


def _head(side: int = 128) -> np.ndarray:
    y, x = np.mgrid[:side, :side] / side - 0.5
    radius = np.hypot(y / 0.45, x / 0.38)
    return np.where(radius < 0.9, 70, np.where(radius < 1, 220, 0)).astype(np.uint8)


def test_it_finds_the_largest_bright_spot_inside_and_not_the_skull() -> None:
    image = _head()
    tumour, speck = np.zeros(image.shape, bool), np.zeros(image.shape, bool)
    tumour[50:70, 40:58] = True
    speck[84:90, 70:76] = True
    image[tumour | speck] = 210
    model = Otsu().fit(image[None], tumour[None])
    found = model.segment(image[None])[0]
    assert 2 * (found & tumour).sum() / (found.sum() + tumour.sum()) > 0.95
    assert not found[speck].any()


@pytest.mark.parametrize("level", [0, 90])
def test_an_even_picture_has_no_tumour(level: int) -> None:
    image = _head()
    model = Otsu().fit(image[None], image[None] > 200)
    even = np.full((2, 64, 64), level, np.uint8)
    assert not model.segment(even).any()


def test_no_bytes_are_kept_and_none_are_taken() -> None:
    image = _head()
    model = Otsu().fit(image[None], image[None] > 200)
    again = Otsu.from_bytes(model.to_bytes(), list(model.classes_), model.decision_, 128)
    assert (again.predict_proba(image[None]) == model.predict_proba(image[None])).all()
    with pytest.raises(NativeModelError, match="3 bytes"):
        Otsu.from_bytes(b"abc", ["tumor"], Decision(), 128)
