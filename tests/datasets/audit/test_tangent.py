from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit import tangent
from gliaboost.datasets.audit.orientation import INVERSE, turned
from gliaboost.datasets.audit.tangent import may_align

Image = NDArray[np.uint8]


def slice_of(seed: int) -> Image:
    """Draw an oval with soft structure on black."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    inside = (x / 0.7) ** 2 + (y / 0.8) ** 2 < 1
    texture = cv2.GaussianBlur(rng.normal(size=(128, 128)), (0, 0), 6)
    return np.clip(np.where(inside, 110 + 40 * texture / texture.std(), 2), 0, 255).astype(np.uint8)


def warped(image: Image, scale: float, shift: float) -> Image:
    move = np.array([[scale, 0, shift], [0, 1, -shift / 2]])
    return np.asarray(cv2.warpAffine(image, move, (128, 128)), np.uint8)


@pytest.mark.parametrize("orientation", range(8))
@pytest.mark.parametrize("change", ["none", "moved", "stretched", "contrast"])
def test_a_copy_may_be_laid_on_its_original(orientation: int, change: str) -> None:
    image = slice_of(0)
    copy = {
        "none": image,
        "moved": warped(image, 1, 3),
        "stretched": warped(image, 1.03, 0),
        "contrast": np.clip(1.3 * image.astype(float) + 20, 0, 255).astype(np.uint8),
    }[change]
    copy = np.ascontiguousarray(turned(copy, orientation))
    ways = np.arange(8, dtype=np.int8)
    zeros = np.zeros(8, np.int64)
    found = may_align([image], [copy], zeros, zeros, ways)
    assert np.flatnonzero(found).tolist() == [orientation]
    back = may_align([copy], [image], zeros, zeros, INVERSE[ways])
    assert np.flatnonzero(back).tolist() == [orientation]


def test_other_pictures_of_the_same_outline_may_not() -> None:
    pictures = [slice_of(seed) for seed in range(12)]
    a, b = np.triu_indices(12, 1)
    assert not may_align(pictures, pictures, a, b, np.zeros(len(a), np.int8)).any()


def test_pairs_are_dealt_into_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [slice_of(seed // 2) for seed in range(10)]
    a, b = np.triu_indices(10, 1)
    whole = may_align(pictures, pictures, a, b, np.zeros(len(a), np.int8))
    monkeypatch.setattr(tangent, "BLOCK", 3)
    parts = may_align(pictures, pictures, a, b, np.zeros(len(a), np.int8))
    np.testing.assert_array_equal(whole, parts)
    assert {(int(x), int(y)) for x, y in zip(a[whole], b[whole], strict=True)} == {
        (i, i + 1) for i in range(0, 10, 2)
    }


def test_no_pairs() -> None:
    none = np.empty(0, np.int64)
    assert may_align([], [], none, none, none.astype(np.int8)).tolist() == []
    assert may_align([slice_of(0)], [], none, none, none.astype(np.int8)).tolist() == []
