"""What every segmenter refuses and gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.decision import Decision


class Thresholds(Segmenter):
    """Knows the mean grey of tumours, and calls them all by what it learned first."""

    name, library = "thresholds", "numpy"

    def _fit(self, images: Any, masks: Any, labels: Any, groups: Any) -> None:
        self.seen_ = labels, groups
        self.level_ = float(images[masks].mean())
        self.decision_ = Decision(least=0.4)

    def _predict_maps(self, images: Any) -> Any:
        near = np.clip(1 - np.abs(images.astype(np.float32) - self.level_) / 64, 0, 1)
        share = 1.2 / len(self.classes_)
        return np.repeat(near[:, None] * np.float32(share), len(self.classes_), axis=1)

    def _to_bytes(self) -> bytes:
        return np.float64(self.level_).tobytes()

    def _from_bytes(self, native: bytes) -> None:
        self.level_ = float(np.frombuffer(native)[0])


def _images(count: int = 3, side: int = 24) -> tuple[np.ndarray, np.ndarray]:
    images = np.full((count, side, side), 40, np.uint8)
    images[:, 6:12, 6:12] = 200
    return images, images == 200


def test_the_tumours_classes_are_learned_and_not_those_of_healthy_rows() -> None:
    images, masks = _images()
    masks[2] = False
    model = Thresholds().fit(images, masks, ["glioma", "meningioma", "healthy"], ["a", "b", "c"])
    assert model.classes_.tolist() == ["glioma", "meningioma"]
    assert model.image_size_ == 24
    assert model.seen_[1].tolist() == ["a", "b", "c"]


def test_without_labels_there_is_one_class() -> None:
    assert Thresholds().fit(*_images()).classes_.tolist() == ["tumor"]


def test_probabilities_are_the_classes_sum_and_never_above_one() -> None:
    images, masks = _images()
    model = Thresholds().fit(images, masks, ["a", "b", "a"])
    maps = model.predict_maps(images)
    assert maps.shape == (3, 2, 24, 24)
    together = model.predict_proba(images)
    assert together.max() == 1
    assert together == pytest.approx(np.minimum(maps.sum(axis=1), 1))
    assert (model.segment(images) == masks).all()


def test_no_images_give_no_maps() -> None:
    model = Thresholds().fit(*_images())
    assert model.predict_maps(np.empty((0, 8, 8), np.uint8)).shape == (0, 1, 8, 8)
    assert model.segment(np.empty((0, 8, 8), np.uint8)).shape == (0, 8, 8)


def test_bytes_bring_back_what_was_learned() -> None:
    images, masks = _images()
    model = Thresholds().fit(images, masks, ["a", "b", "a"])
    again = Thresholds.from_bytes(model.to_bytes(), ["a", "b"], model.decision_, 24)
    assert (again.predict_maps(images) == model.predict_maps(images)).all()
    assert again.decision_ == model.decision_


def test_all_faults_of_what_is_given_are_told_at_once() -> None:
    images, masks = _images()
    with pytest.raises(UsageError) as told:
        Thresholds().fit(images[:, :, :20], masks[:, :20], ["a"])
    assert "24 x 20 pixels" in str(told.value)
    assert "masks of shape [3, 20, 24]" in str(told.value)
    assert "1 labels for 3 images" in str(told.value)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_masks_that_are_no_truths_are_refused(kind: type) -> None:
    images, masks = _images()
    with pytest.raises(UsageError, match="expected bool"):
        Thresholds().fit(images, masks.astype(kind))


def test_masks_that_are_all_empty_are_refused() -> None:
    images, masks = _images()
    with pytest.raises(UsageError, match="all 3 masks are empty"):
        Thresholds().fit(images, masks & False)


def test_what_is_no_stack_of_grey_images_is_refused() -> None:
    images, masks = _images()
    model = Thresholds().fit(images, masks)
    with pytest.raises(UsageError, match=r"image\[None\]"):
        model.segment(images[0])
    with pytest.raises(UsageError, match="float64"):
        model.segment(images / 255)


def test_one_that_is_not_fitted_says_so() -> None:
    with pytest.raises(ValueError, match="not fitted"):
        Thresholds().segment(_images()[0])
