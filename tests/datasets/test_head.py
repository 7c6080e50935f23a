from __future__ import annotations

import cv2
import numpy as np
import pytest

from gliaboost.datasets.head import head, marks


def slice_(size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """A head with a bright scalp, a dark gap, a grey brain and black ventricles; and its disc."""
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    radius = np.hypot(rows, columns)
    image = np.where(radius < 0.36, 220, 0)
    image[radius < 0.33] = 5
    image[radius < 0.32] = 110
    image[radius < 0.06] = 0
    return image.astype(np.uint8), radius < 0.36


@pytest.mark.parametrize("size", [64, 256, 512])
def test_the_head_with_all_that_it_encloses(size: int) -> None:
    image, disc = slice_(size)
    found = head(image)
    assert found[disc].all()
    grown = cv2.dilate(disc.astype(np.uint8), np.ones((size // 20, size // 20))) > 0
    assert not found[~grown].any()


def test_an_open_skull_still_joins_the_brain() -> None:
    image, disc = slice_()
    image[:110, 118:138] = 0  # a gap through scalp and rim
    assert head(image)[disc].mean() > 0.93


def test_text_is_no_head_but_a_mark() -> None:
    image, _ = slice_()
    for y in (14, 30, 46, 62):
        cv2.putText(image, "R 12:34", (4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.35, 255, 1)
    found = head(image)
    assert not found[:66, :44].any()
    written = marks(image, found)
    drawn = image[:66, :44] == 255
    assert written[:66, :44][drawn].all()
    assert not written[200:].any() and not (written & found).any()


def test_grey_noise_in_the_air_is_no_mark() -> None:
    image, _ = slice_()
    noise = np.random.default_rng(0).integers(0, 12, image.shape)
    noisy = np.maximum(image, noise).astype(np.uint8)
    found = head(noisy)
    assert marks(noisy, found).mean() < 0.001


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_nothing_stands_out_of_an_even_picture(grey: int) -> None:
    even = np.full((64, 64), grey, np.uint8)
    assert head(even).all()
    assert not marks(even, head(even)).any()


def test_a_head_at_the_edge_is_no_frame() -> None:
    image = np.zeros((128, 128), np.uint8)
    image[40:, 30:100] = 150
    found = head(image)
    assert found[44:, 34:96].all() and not found[:30].any() and not found[:, :20].any()
