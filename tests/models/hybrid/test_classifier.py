from __future__ import annotations

import json
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.errors import UsageError
from gliaboost.models.base import NativeModelError
from gliaboost.models.hybrid.blend import best_share, blended
from gliaboost.models.hybrid.classifier import Hybrid
from gliaboost.models.hybrid.prediction import hybrid_probabilities
from gliaboost.models.log_loss import balanced_log_loss
from gliaboost.models.networks.cnn import FinetunedCNN
from gliaboost.models.networks.multitask_cnn import MultiTaskCNN
from gliaboost.models.registry import create_model

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def textures(seed: int = 0, patients: int = 12) -> tuple[NDArray[Any], ...]:
    """Images that tell one half of the class, and a column that tells the other."""
    rng = np.random.default_rng(seed)
    images, labels, groups = [], [], []
    for patient in range(patients):
        for _ in range(4):
            noise = cv2.GaussianBlur(rng.normal(0, 1, (40, 40)), (0, 0), 0.6 + 1.7 * (patient % 2))
            images.append(np.clip(noise / noise.std() * 40 + 128, 0, 255).astype(np.uint8))
            labels.append("ab"[patient % 2])
            groups.append(f"p{patient}")
    columns = rng.normal(0, 1, (len(labels), 6)).astype(np.float32)
    columns[:, 2] += np.array(labels) == "b"
    return np.stack(images), np.array(labels, object), np.array(groups, object), columns


def small(**changed: Any) -> Hybrid:
    given: dict[str, Any] = {
        "backbone": "mobilenetv3_small_050",
        "weights": "random",
        "size": 32,
        "epochs": 1,
        "batch_size": 8,
        "inner_folds": 2,
        "precision": "float32",
        "jobs": 1,
        "device": "cpu",
    }
    return Hybrid(**{**given, **changed})


@pytest.fixture(scope="module")
def fitted() -> Hybrid:
    images, labels, groups, columns = textures()
    return small().fit(images, labels, groups, columns=columns)


@pytest.mark.integration
def test_it_learns_from_adapted_weights() -> None:
    images, labels, groups, columns = textures()
    model = small(backbone="tf_efficientnet_lite0", weights="package", size=64)
    model.fit(images, labels, groups, columns=columns)
    unseen = textures(9, patients=4)
    assert (model.predict(unseen[0], unseen[3]) == unseen[1]).mean() > 0.8


@pytest.mark.integration
def test_networks_never_embed_a_patient_they_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels, groups, columns = textures()
    learned: list[set[bytes]] = []
    embedded: list[set[bytes]] = []
    fit, embed = FinetunedCNN.fit, FinetunedCNN.embed

    def watched_fit(self: Any, X: Any, *rest: Any, **named: Any) -> Any:
        learned.append({x.tobytes() for x in X})
        return fit(self, X, *rest, **named)

    def watched_embed(self: Any, X: Any) -> Any:
        embedded.append({x.tobytes() for x in X})
        return embed(self, X)

    monkeypatch.setattr(FinetunedCNN, "fit", watched_fit)
    monkeypatch.setattr(FinetunedCNN, "embed", watched_embed)
    small().fit(images, labels, groups, columns=columns)
    patient = {x.tobytes(): g for x, g in zip(images, groups, strict=True)}
    assert len(learned) == len(embedded) == 2
    for saw, embeds in zip(learned, embedded, strict=True):
        assert not {patient[x] for x in saw} & {patient[x] for x in embeds}
    assert set.union(*embedded) == set(patient)


@pytest.mark.integration
def test_the_face(fitted: Hybrid) -> None:
    images, _, _, columns = textures()
    assert clone(fitted).get_params() == fitted.get_params()
    assert (fitted.takes, fitted.n_features_in_, fitted.device_) == ("both", 6, "cpu")
    assert 0 <= fitted.share_ <= 1
    losses = fitted.inner_log_loss_
    assert losses["blend"] <= min(losses["network"], losses["booster"])
    assert {e["network"] for e in fitted.history_} == {1, 2}
    json.dumps(fitted.history_)
    probabilities = fitted.predict_proba(images, columns)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    one = fitted.predict_proba(images[:1], columns[:1])
    np.testing.assert_allclose(one, probabilities[:1], atol=1e-5)


@pytest.mark.integration
def test_bytes_restore_it(fitted: Hybrid) -> None:
    images, _, _, columns = textures(3)
    wanted = fitted.predict_proba(images, columns)
    restored = Hybrid.from_bytes(
        fitted.to_bytes(), fitted.classes_, fitted.n_features_in_, **fitted.get_params()
    )
    np.testing.assert_array_equal(restored.predict_proba(images, columns), wanted)
    np.testing.assert_array_equal(
        hybrid_probabilities(fitted.to_bytes(), images, columns, 2, jobs=1), wanted
    )
    with pytest.raises(NativeModelError, match="has 2 classes, 3 are named"):
        hybrid_probabilities(fitted.to_bytes(), images, columns, 3)
    with pytest.raises(NativeModelError, match="cannot be read"):
        hybrid_probabilities(fitted.to_bytes()[:999], images, columns)
    with pytest.raises(UsageError, match=r"shape \[48, 5\]; this hybrid takes \[48, 6\]"):
        fitted.predict_proba(images, columns[:, :5])


class KilledError(Exception):
    pass


@pytest.mark.integration
def test_a_killed_fit_resumes_and_needs_no_columns(tmp_path: Path) -> None:
    images, labels, groups, _ = textures()
    whole = small().fit(images, labels, groups)
    told: list[tuple[int, int]] = []

    def kill(done: int, total: int, entry: Any) -> None:
        if done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        small().fit(images, labels, groups, checkpoint=tmp_path / "c", after_epoch=kill)
    resumed = small().fit(
        images,
        labels,
        groups,
        checkpoint=tmp_path / "c",
        after_epoch=lambda done, total, _: told.append((done, total)),
    )
    assert told == [(4, 4)]
    assert resumed.to_bytes() == whole.to_bytes()
    assert resumed.predict_proba(images).shape == (48, 2)


def test_what_cannot_be_is_refused() -> None:
    images, labels, groups, columns = textures(patients=3)
    with pytest.raises(UsageError, match=r"single patient .* use cnn-finetune"):
        small().fit(images, labels, groups)
    with pytest.raises(UsageError, match=r"shape \[3, 6\]; expected \[12, D\]"):
        small().fit(images, labels, groups, columns=columns[:3])
    with pytest.raises(
        UsageError,
        match="booster='forest', expected the name of a model of columns, such as lightgbm",
    ):
        small(booster="forest").fit(images, labels, groups)
    with pytest.raises(UsageError, match="inner_folds=1, expected a whole number from 2"):
        small(inner_folds=1).fit(images, labels, groups)


def test_the_blend_finds_the_better_model() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 300)
    good = blended(np.full((300, 3), 1 / 3), np.eye(3)[codes] * 0.6 + 0.2, 0.0)
    noise = rng.dirichlet(np.ones(3), 300)
    assert best_share(good, noise, codes)[0] > 0.8
    assert best_share(noise, good, codes)[0] < 0.2
    share, losses = best_share(good, good, codes)
    assert losses["blend"] == pytest.approx(balanced_log_loss(good, codes))
    np.testing.assert_allclose(blended(good, noise, 1.0), good, rtol=1e-6)
    np.testing.assert_allclose(blended(good, noise, 0.0), noise, rtol=1e-4, atol=1e-6)
    assert 0 <= share <= 1


@pytest.mark.integration
def test_saliency_is_of_the_first_network() -> None:
    from gliaboost.models.networks.grad_cam import grad_cam
    from gliaboost.models.networks.network import from_safetensors, of_network
    from gliaboost.models.networks.restoring import restore

    images, labels, groups, columns = textures()
    model = small(epochs=1).fit(images, labels, groups, columns=columns)
    heat, probabilities = model.saliency(images[0])
    tensors, about = from_safetensors(model.to_bytes())
    maps = [
        grad_cam(restore(of_network(tensors, k), part["network"]), images[0])[0]
        for k, part in enumerate(about["networks"])
    ]
    np.testing.assert_array_equal(heat, maps[0])
    assert not np.array_equal(maps[0], maps[1])
    assert probabilities.sum() == pytest.approx(1)


def multitask(**changed: Any) -> Hybrid:
    return small(network="cnn-multitask", **changed)


@pytest.mark.integration
def test_the_multi_task_networks_learn_from_the_masks_of_their_own_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, labels, groups, columns = textures()
    masks = np.zeros(images.shape, bool)
    masks[:, 10:20, 10:20] = True
    masks[:, 0, 0] = np.arange(len(images)) % 2 == 0
    masked = np.arange(len(images)) % 5 != 0
    taught: list[dict[str, Any]] = []
    fit = MultiTaskCNN.fit

    @wraps(fit)  # its arguments tell that it wants masks
    def watched(self: Any, X: Any, y: Any, groups: Any, **named: Any) -> Any:
        taught.append({"X": X, "groups": groups, **named})
        return fit(self, X, y, groups, **named)

    monkeypatch.setattr(MultiTaskCNN, "fit", watched)
    model = multitask().fit(images, labels, groups, columns=columns, masks=masks, masked=masked)
    assert len(taught) == 2
    for told, held_out in zip(taught, model.held_out_, strict=True):
        rest = np.setdiff1d(np.arange(len(images)), held_out)
        np.testing.assert_array_equal(told["X"], images[rest])
        np.testing.assert_array_equal(told["masks"], masks[rest])
        np.testing.assert_array_equal(told["masked"], masked[rest])
        assert not set(told["groups"]) & set(groups[held_out])
    wanted = model.predict_proba(images, columns)
    np.testing.assert_allclose(wanted.sum(axis=1), 1)
    restored = Hybrid.from_bytes(model.to_bytes(), model.classes_, 6, **model.get_params())
    np.testing.assert_array_equal(restored.predict_proba(images, columns), wanted)
    heat, _ = restored.saliency(images[0])
    assert heat.shape == images[0].shape


@pytest.mark.integration
def test_the_booster_is_given_what_lies_inside_the_drawn_mask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, labels, groups, columns = textures()
    given: list[Any] = []
    embedded: list[Any] = []
    cls: Any = type(create_model("lightgbm"))
    fit, embed = cls.fit, MultiTaskCNN.embed

    def watched_fit(self: Any, X: Any, *rest: Any, **named: Any) -> Any:
        given.append(X)
        return fit(self, X, *rest, **named)

    def watched_embed(self: Any, X: Any) -> Any:
        embedded.append(embed(self, X))
        return embedded[-1]

    monkeypatch.setattr(cls, "fit", watched_fit)
    monkeypatch.setattr(MultiTaskCNN, "embed", watched_embed)
    model = multitask().fit(
        images, labels, groups, columns=columns, masks=np.ones(images.shape, bool)
    )
    *_, whole = given
    width = embedded[0][0].shape[1]
    for held_out, (own, _) in zip(model.held_out_, embedded, strict=True):
        np.testing.assert_array_equal(whole[held_out, 6 : 6 + width], own)


def test_masks_are_wanted_by_the_multi_task_network_alone() -> None:
    assert not Hybrid().wants_masks()
    assert Hybrid(network="cnn-multitask").wants_masks()
    assert create_model("cnn-multitask").wants_masks()
    assert not create_model("cnn-finetune").wants_masks()
    assert not create_model("stacked").wants_masks()


def test_each_network_keeps_its_own_defaults_but_for_what_is_given() -> None:
    own, given = MultiTaskCNN(), Hybrid(network="cnn-multitask", epochs=3)._network(0)
    assert isinstance(given, MultiTaskCNN)
    assert (given.size, given.learning_rate, given.batch_size) == (
        own.size,
        own.learning_rate,
        own.batch_size,
    )
    assert (given.epochs, given.validation_fraction) == (3, 0.0)
    usual: Any = Hybrid()._network(1)
    assert (usual.epochs, usual.head_epochs, usual.batch_size, usual.seed) == (8, 1, 32, 1)


def test_another_network_is_refused() -> None:
    (fault,) = Hybrid(network="cnn-scratch").parameter_faults()
    assert fault == "network='cnn-scratch', expected one of cnn-finetune, cnn-multitask"
    faults = Hybrid(network="cnn-multitask", size=16).parameter_faults()
    assert faults == ["size=16, expected a whole number from 32 to 4096"]
