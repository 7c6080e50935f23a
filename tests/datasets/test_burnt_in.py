from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.burnt_in import LETTERS, shows_text
from gliaboost.datasets.decode import decode
from gliaboost.datasets.phantom.sample import make_phantom

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)


def slice_of(seed: int = 0, side: int = 256) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    image = rng.rayleigh(4, (side, side))
    head = np.zeros((side, side), np.uint8)
    centre = (side // 2, round(side * 0.53))
    cv2.ellipse(head, centre, (round(side * 0.3), round(side * 0.36)), 0, 0, 360, 1, -1)
    texture = cv2.GaussianBlur(rng.normal(0, 1, (side, side)), (0, 0), 3)
    image = np.where(head > 0, 110 + 200 * texture, image)
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize("text", ["DOE JANE", "Smith, John", "ID 8834-22", "1970-01-01", "M 045Y"])
@pytest.mark.parametrize("corner", ["top", "bottom"])
def test_names_dates_and_numbers_are_found(font: int, text: str, corner: str) -> None:
    image = slice_of()
    place = (4, 16) if corner == "top" else (110, 250)
    cv2.putText(image, text, place, font, 0.5, 230, 1, cv2.LINE_AA)
    assert shows_text(image)


@pytest.mark.parametrize("side", [128, 256, 512, 1024])
def test_the_size_of_the_picture_does_not_matter(side: int) -> None:
    image = slice_of(side=side)
    assert not shows_text(image)
    scale = side / 512
    place = (round(8 * scale), round(32 * scale))
    cv2.putText(image, "DOE JANE", place, cv2.FONT_HERSHEY_SIMPLEX, max(0.35, scale), 255)
    assert shows_text(image)


def test_what_is_no_row_of_letters_is_no_text() -> None:
    assert not shows_text(np.zeros((256, 256), np.uint8))
    assert not shows_text(np.full((256, 256), 255, np.uint8))
    assert not shows_text(np.zeros((8, 8), np.uint8))
    assert not any(shows_text(slice_of(seed)) for seed in range(20))
    sides = slice_of()
    for letter, place in (("R", (4, 130)), ("L", (240, 130)), ("A", (124, 14)), ("P", (124, 254))):
        cv2.putText(sides, letter, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255)
    assert LETTERS > 1 and not shows_text(sides)
    noise = np.random.default_rng(0).integers(0, 256, (256, 256)).astype(np.uint8)
    assert not shows_text(noise)


@pytest.mark.integration
def test_clean_slices_of_the_phantom_raise_no_alarm(tmp_path: Path) -> None:
    pictures = make_phantom(tmp_path, patients=9, slices=2).paths
    assert [p.name for p in pictures if shows_text(decode(p))] == []


def test_clean_real_slices_raise_few_alarms(figshare_folder: Path) -> None:
    pictures = sorted((figshare_folder / "images").glob("*.jpg"))[::60]
    alarms = [p.name for p in pictures if shows_text(decode(p))]
    assert len(alarms) <= 1, alarms
