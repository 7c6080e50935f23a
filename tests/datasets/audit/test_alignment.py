from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import ADJUSTMENTS, SAME, aligned, second_look
from gliaboost.datasets.audit.pictures import thumbnail
from gliaboost.datasets.decode import decode

Image = NDArray[np.uint8]


def slice_of(seed: int, size: int = 256) -> Image:
    """Draw an oval with soft structure on black, as a head in a field of view."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    inside = (x / rng.uniform(0.6, 0.75)) ** 2 + (y / rng.uniform(0.75, 0.85)) ** 2 < 1
    texture = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), 9)
    image = np.where(inside, 120 + 45 * texture / texture.std(), 2)
    return np.clip(image, 0, 255).astype(np.uint8)


def look(a: Image, b: Image) -> str | None:
    seen = second_look(thumbnail(a).astype(np.float32), thumbnail(b).astype(np.float32))
    if seen is None:
        return None
    assert SAME <= seen[0] <= 1.001
    return ADJUSTMENTS[seen[1]]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.clip((x.astype(float) - 60) * 2.2, 0, 255).astype(np.uint8),
        lambda x: (255 * (x / 255) ** 0.5).astype(np.uint8),
        lambda x: (255 * (x / 255) ** 2.0).astype(np.uint8),
    ],
    ids=["clipped at both ends", "gamma 0.5", "gamma 2"],
)
@pytest.mark.parametrize("seed", range(3))
def test_contrast(change: Callable[[Image], Image], seed: int) -> None:
    image = slice_of(seed)
    plain = np.corrcoef(thumbnail(image).ravel(), thumbnail(change(image)).ravel())[0, 1]
    assert plain < SAME
    assert look(image, change(image)) == look(change(image), image) == "contrast"


@pytest.mark.parametrize("seed", range(3))
def test_trimmed(seed: int) -> None:
    image = slice_of(seed)
    assert look(image, image[4:-1, 2:-3]) == "alignment"


@pytest.mark.parametrize("seed", range(3))
def test_trimmed_and_in_another_contrast(seed: int) -> None:
    image = slice_of(seed)
    changed = (255 * (image[4:-1, 2:-3] / 255) ** 2).astype(np.uint8)
    assert look(image, changed) == "contrast and alignment"


def test_different_pictures_stay_different() -> None:
    images = [slice_of(seed) for seed in range(12)]
    for i, a in enumerate(images):
        for b in images[:i]:
            assert look(a, b) is None


def test_neighbouring_slices_stay_apart_in_any_contrast(figshare_folder: Path) -> None:
    """Two slices of one patient, among the most alike that are not the same."""
    a, b = (decode(figshare_folder / "images" / f"{n}.jpg") for n in (1857, 1858))
    plain = np.corrcoef(thumbnail(a).ravel(), thumbnail(b).ravel())[0, 1]
    assert 0.95 < plain < SAME
    for power in (0.5, 0.7, 1.0, 1.5):
        assert look(a, (255 * (b / 255) ** power).astype(np.uint8)) is None


def test_a_far_move_is_refused() -> None:
    image = thumbnail(slice_of(0)).astype(np.float32)
    assert aligned(image, np.roll(image, 2, axis=1)) is not None
    assert aligned(image, np.roll(image, 12, axis=1)) is None
