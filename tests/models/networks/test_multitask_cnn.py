"""The multi-task network as a classifier: it draws, names, and learns from rows without masks."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.utils.validation import has_fit_parameter

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from gliaboost.errors import UsageError
from gliaboost.models.base import NativeModelError
from gliaboost.models.networks.cnn import FinetunedCNN
from gliaboost.models.networks.multitask_cnn import MultiTaskCNN

SIDE = 48
TINY: dict[str, Any] = {
    "backbone": "mobilenetv3_small_050", "weights": "random", "size": 32, "width": 2,
    "epochs": 1, "batch_size": 4, "device": "cpu", "precision": "float32",
}  # fmt: skip


def heads(count: int, seed: int, side: int = SIDE) -> tuple[Any, Any, Any]:
    """Dim heads with a bright blob, low for gliomas and high for meningiomas; some healthy."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side - 0.5
    images = (np.hypot(y / 0.46, x / 0.4) < 1) * (70 + rng.normal(0, 8, (count, side, side)))
    labels = np.array(["glioma", "meningioma"] * count)[:count]
    labels[7::8] = "none"
    masks = np.zeros(images.shape, bool)
    for i in np.flatnonzero(labels != "none"):
        down = rng.uniform(0.12, 0.25) * (1 if labels[i] == "glioma" else -1)
        radius = rng.uniform(0.08, 0.12)
        masks[i] = np.hypot(y - down, x - rng.uniform(-0.2, 0.2)) < radius
    images += 140 * masks
    return images.clip(0, 255).astype(np.uint8), masks, labels


def dice(found: Any, truth: Any) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@pytest.fixture(scope="module")
def trained() -> MultiTaskCNN:
    images, masks, labels = heads(40, 0)
    model = MultiTaskCNN(
        size=SIDE, width=8, epochs=10, batch_size=4, learning_rate=3e-3, first_rate=1.0,
        device="cpu", precision="float32", validation_fraction=0.2,
    )  # fmt: skip
    return model.fit(images, labels, np.arange(40) // 2, masks=masks)


@pytest.mark.integration
def test_it_names_and_draws_the_tumours_of_patients_it_has_not_seen(trained: MultiTaskCNN) -> None:
    images, masks, labels = heads(24, 1)
    assert (trained.predict(images) == labels).mean() > 0.8
    assert dice(trained.predict_maps(images).sum(axis=1) > 0.5, masks) > 0.6
    p = trained.predict_proba(images)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    assert {"validation_loss", "validation_accuracy", "validation_dice"} <= set(trained.history_[0])


@pytest.mark.integration
def test_images_of_another_size_are_answered_at_theirs(trained: MultiTaskCNN) -> None:
    images, masks, labels = heads(8, 2, side=100)
    assert (trained.predict(images) == labels).mean() > 0.7
    maps = trained.predict_maps(images)
    assert maps.shape == (8, 3, 100, 100)
    assert dice(maps.sum(axis=1) > 0.5, masks) > 0.5


@pytest.mark.integration
def test_bytes_bring_back_both_answers(trained: MultiTaskCNN) -> None:
    images, _, _ = heads(3, 3)
    again = MultiTaskCNN.from_bytes(
        trained.to_bytes(), list(trained.classes_), trained.n_features_in_, **trained.get_params()
    )
    np.testing.assert_array_equal(again.predict_proba(images), trained.predict_proba(images))
    np.testing.assert_array_equal(again.predict_maps(images), trained.predict_maps(images))
    broken = MultiTaskCNN.from_bytes(
        trained.to_bytes()[:-9], list(trained.classes_), trained.n_features_in_
    )
    with pytest.raises(NativeModelError):
        broken.predict_proba(images)


@pytest.mark.integration
def test_it_shows_where_it_looks(trained: MultiTaskCNN) -> None:
    images, _, _ = heads(2, 4)
    heat, p = trained.saliency(images[0])
    assert heat.shape == (SIDE, SIDE)
    assert 0 <= float(heat.min()) <= float(heat.max()) <= 1
    assert p.sum() == pytest.approx(1)


@pytest.mark.integration
def test_masks_that_are_not_known_are_not_looked_at() -> None:
    images, masks, labels = heads(16, 5, side=32)
    masked = np.arange(16) < 8
    wrong = masks.copy()
    wrong[8:] = ~wrong[8:]
    fits = [
        MultiTaskCNN(**TINY).fit(images, labels, masks=given, masked=masked).to_bytes()
        for given in (masks, wrong)
    ]
    assert fits[0] == fits[1]
    assert MultiTaskCNN(**TINY).fit(images, labels, masks=wrong).to_bytes() != fits[0]
    assert MultiTaskCNN(**TINY, seed=1).fit(images, labels, masks=masks).to_bytes() != fits[0]


@pytest.mark.parametrize("masks", [None, np.zeros((16, 32, 32), bool)])
def test_without_a_mask_it_learns_the_class_alone_and_says_so(masks: Any) -> None:
    images, _, labels = heads(16, 5, side=32)
    with pytest.warns(UserWarning, match="only the class is learned"):
        model = MultiTaskCNN(**TINY).fit(images, labels, masks=masks)
    assert model.predict_proba(images).shape == (16, 3)
    assert "validation_dice" not in model.history_[0]


def test_masks_of_another_shape_or_dtype_are_refused() -> None:
    images, masks, labels = heads(16, 5, side=32)
    with pytest.raises(UsageError, match=r"masks of shape \[16, 16, 32\].*; masked of shape \[3\]"):
        MultiTaskCNN(**TINY).fit(images, labels, masks=masks[:, ::2], masked=np.ones(3, bool))
    with pytest.raises(UsageError, match="dtype uint8, expected bool"):
        MultiTaskCNN(**TINY).fit(images, labels, masks=masks.astype(np.uint8))


@pytest.mark.integration
def test_a_training_goes_on_from_its_checkpoint_and_not_from_that_of_other_masks(
    tmp_path: Any,
) -> None:
    images, masks, labels = heads(16, 5, side=32)
    file = tmp_path / "c.pt"
    settings = {**TINY, "epochs": 2}

    def stop(done: int, total: int, entry: Any) -> None:
        raise KeyboardInterrupt

    def begun() -> None:
        with pytest.raises(KeyboardInterrupt):
            MultiTaskCNN(**settings).fit(
                images, labels, masks=masks, checkpoint=file, after_epoch=stop
            )

    seen: list[int] = []

    def watch(done: int, total: int, entry: Any) -> None:
        seen.append(done)

    begun()
    own = MultiTaskCNN(**settings).fit(
        images, labels, masks=masks, checkpoint=file, after_epoch=watch
    )
    assert seen == [2]
    assert own.to_bytes() == MultiTaskCNN(**settings).fit(images, labels, masks=masks).to_bytes()
    file.unlink()
    begun()
    seen.clear()
    MultiTaskCNN(**settings).fit(
        images, labels, masks=masks[::-1], checkpoint=file, after_epoch=watch
    )
    assert seen == [1, 2]


def test_wrong_parameters_are_told_before_anything_is_fitted() -> None:
    faults = MultiTaskCNN(size=16, width=0, epochs=0, weights="nowhere.pth").parameter_faults()
    for expected in ("size=16", "width=0", "epochs=0", "no weights file nowhere.pth"):
        assert any(expected in fault for fault in faults)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not MultiTaskCNN().parameter_faults()


def test_it_alone_takes_masks() -> None:
    assert has_fit_parameter(MultiTaskCNN, "masks")
    assert not has_fit_parameter(FinetunedCNN, "masks")
