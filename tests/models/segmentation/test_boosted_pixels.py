"""Boosted pixels on drawn heads with bright tumours."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.boosted_pixels import BoostedPixels
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.registry import create_segmenter

SIDE = 128


def _slices(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw heads: every third without a tumour, gliomas on the left, others on the right."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    images, masks, labels = [], [], []
    for n in range(count):
        radius = np.hypot((y - 64) / 56, (x - 64) / 46)
        image = np.where(radius < 0.88, 80.0, np.where(radius < 1, 190, 0))
        mask = np.zeros((SIDE, SIDE), bool)
        left = rng.random() < 0.5
        if n % 3:
            centre = rng.uniform(44, 84), 64 + (-1 if left else 1) * rng.uniform(12, 24)
            mask = np.hypot((y - centre[0]) / rng.uniform(7, 11), (x - centre[1]) / 8) < 1
            image[mask] = rng.uniform(135, 160)
        image += rng.normal(0, 8, image.shape) * (image > 0)
        images.append(np.clip(image, 0, 255).astype(np.uint8))
        masks.append(mask)
        labels.append("no_tumor" if not n % 3 else "glioma" if left else "meningioma")
    return np.array(images), np.array(masks), np.array(labels), np.arange(count) // 2


@functools.cache
def _fitted(**changed: Any) -> BoostedPixels:
    parameters = {"maps": "classical", "rounds": 15, "inner_folds": 2, **changed}
    return BoostedPixels(**parameters).fit(*_slices(36, seed=0))


def _dice(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    both = 2 * (found & truth).sum(axis=(1, 2))
    sizes = found.sum(axis=(1, 2)) + truth.sum(axis=(1, 2))
    return np.asarray(both / np.maximum(1, sizes))


@pytest.mark.integration
def test_tumours_of_unseen_patients_are_found_and_none_where_there_is_none() -> None:
    images, masks, labels, _ = _slices(12, seed=1)
    model = _fitted()
    found = model.segment(images)
    ill = masks.any(axis=(1, 2))
    assert _dice(found, masks)[ill].mean() > 0.85
    assert found[~ill].any(axis=(1, 2)).sum() <= 1
    shares = model.predict_maps(images).sum(axis=(2, 3))
    named = model.classes_[shares.argmax(axis=1)]
    assert (named == labels)[ill].mean() > 0.8


@pytest.mark.integration
def test_probabilities_are_by_pixel_honest_though_tumours_are_sampled_often() -> None:
    images, masks, *_ = _slices(24, seed=2)
    believed = _fitted().predict_proba(images)
    assert believed.mean() == pytest.approx(masks.mean(), rel=0.25)


@pytest.mark.integration
def test_one_class_and_one_pass_do_too() -> None:
    images, masks, *_ = _slices(12, seed=1)
    model = _fitted(by_class=False, passes=1)
    assert model.classes_.tolist() == ["tumor"]
    ill = masks.any(axis=(1, 2))
    assert _dice(model.segment(images), masks)[ill].mean() > 0.75


@pytest.mark.integration
def test_the_same_seed_gives_the_same_bytes_whatever_the_threads() -> None:
    given = _slices(12, seed=3)
    parameters: dict[str, Any] = {"maps": "classical", "rounds": 3, "inner_folds": 2}
    one, other, third = (
        BoostedPixels(**parameters, jobs=jobs, seed=seed).fit(*given).to_bytes()
        for jobs, seed in ((1, 0), (3, 0), (1, 1))
    )
    assert one == other != third


def test_bytes_bring_it_back() -> None:
    images, *_ = _slices(4, seed=1)
    model = _fitted()
    again = BoostedPixels.from_bytes(
        model.to_bytes(), list(model.classes_), model.decision_, SIDE, **model.get_params()
    )
    assert (again.predict_maps(images) == model.predict_maps(images)).all()
    assert again.to_bytes() == model.to_bytes()


def test_bytes_of_other_columns_or_classes_are_refused() -> None:
    native = _fitted().to_bytes()
    with pytest.raises(NativeModelError, match="kinds of tumour"):
        one = _fitted(by_class=False, passes=1).to_bytes()
        BoostedPixels.from_bytes(one, ["a", "b"], Decision(), SIDE, maps="classical")
    with pytest.raises(NativeModelError, match="columns"):
        BoostedPixels.from_bytes(native, ["a", "b", "c"], Decision(), SIDE, maps="classical")
    with pytest.raises(NativeModelError):
        BoostedPixels.from_bytes(native[:-9], ["a", "b"], Decision(), SIDE, maps="classical")
    with pytest.raises(NativeModelError):
        BoostedPixels.from_bytes(b"", ["a", "b"], Decision(), SIDE, maps="classical")


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (17, 64), (300, 300)])
@pytest.mark.parametrize("grey", [0, 90, 255])
def test_an_even_picture_of_any_size_has_no_tumour(shape: tuple[int, int], grey: int) -> None:
    maps = _fitted().predict_maps(np.full((1, *shape), grey, np.uint8))
    assert maps.shape == (1, 2, *shape)
    assert np.isfinite(maps).all()
    assert not _fitted().segment(np.full((1, *shape), grey, np.uint8)).any()


def test_images_do_not_depend_on_each_other() -> None:
    images, *_ = _slices(5, seed=1)
    together = _fitted().predict_maps(images)
    assert (_fitted().predict_maps(images[3:4])[0] == together[3]).all()


def test_a_single_patient_leaves_nobody_to_choose_on() -> None:
    images, masks, labels, _ = _slices(6, seed=0)
    model = BoostedPixels(maps="classical", rounds=2)
    with pytest.warns(UserWarning, match="single patient"):
        model.fit(images, masks, labels, ["one"] * 6)
    assert model.decision_ == Decision()
    assert model.predict_maps(images[:1]).shape == (1, 2, SIDE, SIDE)


def test_illegal_parameters_are_told_at_once() -> None:
    model = create_segmenter("boosted-pixels", maps="pixels", rounds=0, passes=9, jobs=0)
    assert len(model.parameter_faults()) == 4
    with pytest.raises(UsageError, match="rounds=0"):
        model.fit(*_slices(4, seed=0))


def test_filters_alone_need_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("torch", "timm"):
        monkeypatch.setitem(sys.modules, package, None)
    images, masks, labels, groups = _slices(12, seed=0)
    # Not seen before: nothing of it is held in memory.
    model = BoostedPixels(maps="classical", by_class=False, rounds=2, inner_folds=2)
    model.fit(images[:, ::-1], masks[:, ::-1], labels, groups)
    assert model.predict_proba(images[:1]).shape == (1, SIDE, SIDE)


@pytest.mark.integration
def test_frozen_maps_serve_beside_the_filters() -> None:
    images, masks, *_ = _slices(6, seed=1)
    model = BoostedPixels(maps="frozen", by_class=False, rounds=8, inner_folds=2)
    model.fit(*_slices(18, seed=0))
    ill = masks.any(axis=(1, 2))
    assert _dice(model.segment(images), masks)[ill].mean() > 0.5


def test_where_not_all_patients_can_be_held_out_one_pass_is_fitted() -> None:
    images, masks, labels, _ = _slices(36, seed=0)
    ill = masks.any(axis=(1, 2))
    # Tumours and others of two patients each, one of them the same: it cannot be held out.
    tumours, others = np.flatnonzero(ill)[:10], np.flatnonzero(~ill)[:9]
    rows = np.concatenate([tumours[:5], others[:4], others[4:], tumours[5:]])
    groups = np.repeat(["a", "b", "c"], [5, 4, 10])
    model = BoostedPixels(maps="classical", by_class=False, rounds=5, inner_folds=2, jobs=1)
    with pytest.warns(UserWarning, match="too few patients .* one pass is fitted"):
        model.fit(images[rows], masks[rows], labels[rows], groups)
    assert [len(models) for models in model.models_] == [1]
    assert model.segment(images[:2]).shape == (2, SIDE, SIDE)
