from __future__ import annotations

import cv2
import numpy as np
import pytest

from gliaboost.datasets.audit.alignment import HERE, flat
from gliaboost.datasets.audit.difference import GAIN, overlap
from gliaboost.datasets.audit.duplicates import link
from gliaboost.datasets.audit.orientation import NAMES, turned
from gliaboost.datasets.audit.pictures import ImageRecord, detail


def picture(seed: int = 0, shape: tuple[int, int] = (160, 200)) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = cv2.GaussianBlur(noise, (0, 0), 7)
    return np.asarray(np.clip(128 + 45 * smooth / smooth.std(), 0, 255), np.uint8)


@pytest.mark.parametrize("orientation", range(8))
def test_a_turned_copy_leaves_no_difference(orientation: int) -> None:
    image = picture()
    copy = np.ascontiguousarray(turned(image, orientation))
    laid = overlap(image, copy, NAMES[orientation], flat(HERE))
    np.testing.assert_array_equal(laid.first, image)
    np.testing.assert_array_equal(laid.second, image)
    assert laid.reach.all() and laid.difference.max() == 0


def test_a_planted_change_is_seen_in_its_place() -> None:
    image = picture()
    other = image.copy()
    other[40:60, 120:150] += 20
    laid = overlap(image, turned(other, 5).copy(), NAMES[5], flat(HERE))
    patch = np.zeros(image.shape, bool)
    patch[40:60, 120:150] = True
    assert np.median(laid.difference[patch]) > 0.8 * 20 * GAIN
    assert np.median(laid.difference[~patch]) < 2 * GAIN


def test_another_contrast_is_no_difference() -> None:
    image = picture()
    darker = (255 * (image / 255) ** 1.7).astype(np.uint8)
    assert np.abs(image.astype(int) - darker).mean() > 80 / GAIN
    for first, second in ((image, darker), (darker, image)):
        assert overlap(first, second, "same", flat(HERE)).difference.mean() < 6


def test_it_shrinks_to_the_first_picture_s_shape() -> None:
    image = picture(shape=(600, 300))
    large = cv2.resize(image, (900, 1800), interpolation=cv2.INTER_CUBIC)
    laid = overlap(image, np.asarray(large, np.uint8), "same", flat(HERE), longest=100)
    assert {x.shape for x in (laid.first, laid.second, laid.reach, laid.difference)} == {(100, 50)}
    assert laid.difference.mean() < 6


@pytest.mark.parametrize("orientation", [0, 3, 5, 6])
def test_a_cropped_copy_found_by_the_audit_is_laid_where_it_belongs(orientation: int) -> None:
    image = picture(shape=(180, 180))
    copy = np.ascontiguousarray(turned(image[5:, 3:-2], orientation))
    records = [
        ImageRecord(bytes_hash=str(i), pixels_hash=str(i), detail=detail(x))
        for i, x in enumerate((image, copy))
    ]
    (pair,) = link(records, jobs=1).to_dict("records")
    assert pair["orientation"] == NAMES[orientation]
    laid = overlap(image, copy, pair["orientation"], pair["move"])
    assert not laid.reach[:3].any() and laid.reach[8:-3, 6:-5].all()
    assert (laid.second[~laid.reach] == 0).all() and (laid.difference[~laid.reach] == 0).all()
    assert laid.difference[laid.reach].mean() < 12
