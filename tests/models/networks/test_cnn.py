from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.errors import GliaboostError, UsageError
from gliaboost.models.base import NativeModelError
from gliaboost.models.networks.cnn import FinetunedCNN, ScratchCNN
from gliaboost.models.networks.prediction import network_probabilities
from gliaboost.models.registry import MODELS

torch = pytest.importorskip("torch")

from gliaboost.features.embedding.torch_device import why_no_cuda  # noqa: E402
from gliaboost.models.networks import objectives  # noqa: E402
from gliaboost.models.networks import training as network_training  # noqa: E402
from gliaboost.models.networks.network import from_safetensors, to_safetensors  # noqa: E402

Data = tuple[NDArray[np.uint8], NDArray[Any], NDArray[Any]]
BACKBONE = "mobilenetv3_small_050"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def textures(patients: int = 12, each: int = 4, classes: int = 2, seed: int = 0) -> Data:
    rng = np.random.default_rng(seed)
    images, labels, groups = [], [], []
    for patient in range(patients):
        kind = patient % classes
        for _ in range(each):
            noise = cv2.GaussianBlur(rng.normal(0, 1, (40, 40)), (0, 0), 0.6 + 1.7 * kind)
            images.append(np.clip(noise / noise.std() * 40 + 128, 0, 255).astype(np.uint8))
            labels.append("abc"[kind])
            groups.append(f"p{patient}")
    return np.stack(images), np.array(labels, object), np.array(groups, object)


@pytest.fixture(scope="module")
def data() -> Data:
    return textures()


def scratch(**changed: Any) -> ScratchCNN:
    small: dict[str, Any] = {"widths": (8, 16), "depths": (1, 1), "size": 32, "epochs": 3}
    small.update(batch_size=8, ema=0.0, learning_rate=5e-3, precision="float32", dropout=0.1)
    return ScratchCNN(**{**small, **changed})


def finetuned(**changed: Any) -> FinetunedCNN:
    small: dict[str, Any] = {"backbone": BACKBONE, "weights": "random", "size": 32, "epochs": 1}
    small.update(batch_size=16, precision="float32")
    return FinetunedCNN(**{**small, **changed})


makers = pytest.mark.parametrize("make", [scratch, finetuned])


def test_scratch_learns_textures(data: Data) -> None:
    images, labels, groups = data
    model = scratch(epochs=8).fit(images, labels, groups)
    unseen = textures(seed=9)
    assert (model.predict(unseen[0]) == unseen[1]).mean() > 0.9
    assert model.history_[-1]["loss"] < model.history_[0]["loss"]


@pytest.mark.integration
def test_finetuning_learns_textures_from_packaged_weights(data: Data) -> None:
    images, labels, groups = data
    model = FinetunedCNN(size=64, epochs=2, batch_size=8, precision="float32", ema=0.0)
    model.fit(images, labels, groups)
    unseen = textures(patients=4, seed=9)
    assert (model.predict(unseen[0]) == unseen[1]).mean() > 0.9
    assert [e["layers"] for e in model.history_] == ["head", "all", "all"]
    assert model.best_epoch_ >= 2


@pytest.mark.integration
@makers
def test_the_face_is_the_boosters(data: Data, make: Callable[..., Any]) -> None:
    images, labels, groups = data
    told: list[Any] = []
    model = make()
    assert clone(model).get_params() == model.get_params()
    assert model.fit(images, labels, groups, after_epoch=lambda *a: told.append(a)) is model
    assert MODELS[model.name] is type(model)
    assert (model.takes, model.device_, list(model.classes_)) == ("images", "cpu", ["a", "b"])
    assert model.n_features_in_ == 1600
    total = len(model.history_)
    assert [(done, of) for done, of, _ in told] == [(i + 1, total) for i in range(total)]
    wanted = {"loss", "validation_loss", "validation_accuracy", "seconds", "images_per_second"}
    assert all(wanted <= entry.keys() for entry in model.history_)
    json.dumps(model.history_, allow_nan=False)
    probabilities = model.predict_proba(images)
    assert probabilities.shape == (len(images), 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert model.embed(images[:3])[0].shape[0] == 3
    one = model.predict_proba(images[:1])
    np.testing.assert_allclose(one, probabilities[:1], atol=1e-5)


@pytest.mark.integration
@makers
def test_bytes_restore_the_model(data: Data, make: Callable[..., Any]) -> None:
    images, labels, groups = data
    model = make(epochs=1).fit(images, labels, groups)
    wanted = model.predict_proba(images)
    restored = type(model).from_bytes(
        model.to_bytes(), model.classes_, model.n_features_in_, **model.get_params()
    )
    np.testing.assert_array_equal(restored.predict_proba(images), wanted)
    np.testing.assert_array_equal(network_probabilities(model.to_bytes(), images), wanted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(images), wanted)
    with pytest.raises(NativeModelError, match="has 2 classes, 3 are named"):
        network_probabilities(model.to_bytes(), images, 3)


def test_damaged_bytes_are_refused(data: Data) -> None:
    images, labels, groups = data
    native = scratch(epochs=1).fit(images, labels, groups).to_bytes()
    for cut in (b"", native[:5], native[: len(native) // 2], b"\x80\x04" + native):
        with pytest.raises(NativeModelError, match="cannot be read"):
            network_probabilities(cut, images)
    tensors, about = from_safetensors(native)
    about["network"]["widths"] = [8, 24]
    with pytest.raises(NativeModelError, match="do not fit its description"):
        network_probabilities(to_safetensors(tensors, about), images)
    with pytest.raises(NativeModelError, match="has layout 99"):
        network_probabilities(to_safetensors(tensors, {**about, "format": 99}), images)


@makers
def test_validation_never_shares_a_patient(data: Data, make: Callable[..., Any]) -> None:
    images, labels, groups = data
    model = make(epochs=1).fit(images, labels, groups)
    held_out = model.validation_
    assert 0 < held_out.sum() < len(labels)
    assert not set(groups[held_out]) & set(groups[~held_out])
    assert set(labels[held_out]) == set(labels[~held_out]) == {"a", "b"}


@makers
def test_the_same_seed_gives_the_same_network(data: Data, make: Callable[..., Any]) -> None:
    images, labels, groups = data
    torch.manual_seed(99)
    state = torch.random.get_rng_state()
    first = make().fit(images, labels, groups).to_bytes()
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(5)
    assert make().fit(images, labels, groups).to_bytes() == first
    assert make(seed=1).fit(images, labels, groups).to_bytes() != first


class KilledError(Exception):
    pass


@pytest.mark.integration
@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("options", [{}, {"ema": 0.9, "mix": "mixup", "patience": 2}])
def test_a_killed_training_goes_on_to_the_same_end(
    data: Data, tmp_path: Path, after: int, options: dict[str, Any]
) -> None:
    images, labels, groups = data

    def make() -> Any:
        return finetuned(epochs=2, **options) if after % 2 else scratch(**options)

    whole = make().fit(images, labels, groups)
    file = tmp_path / "training.ckpt"

    def kill(done: int, total: int, entry: Any) -> None:
        if done == after:
            raise KilledError

    with pytest.raises(KilledError):
        make().fit(images, labels, groups, checkpoint=file, after_epoch=kill)
    told: list[int] = []
    resumed = make().fit(
        images, labels, groups, checkpoint=file, after_epoch=lambda done, *_: told.append(done)
    )
    assert told[0] == after + 1
    assert resumed.to_bytes() == whole.to_bytes()
    again = make().fit(images, labels, groups, checkpoint=file, after_epoch=lambda *_: told.clear())
    assert told
    assert again.to_bytes() == whole.to_bytes()


def test_another_trainings_checkpoint_is_passed_over(data: Data, tmp_path: Path) -> None:
    images, labels, groups = data
    file = tmp_path / "training.ckpt"
    scratch(epochs=1).fit(images, labels, groups, checkpoint=file)
    wanted = scratch(epochs=1, seed=3).fit(images, labels, groups).to_bytes()
    found = scratch(epochs=1, seed=3).fit(images, labels, groups, checkpoint=file)
    assert found.to_bytes() == wanted
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.warns(UserWarning, match="damaged and is set aside .*the training begins anew"):
        found = scratch(epochs=1, seed=3).fit(images, labels, groups, checkpoint=file)
    assert found.to_bytes() == wanted


def test_the_best_epoch_is_restored_and_patience_ends(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 1.0, 2.0, 2.0, 2.0, 0.5])
    states: list[Any] = []

    def judged(network: Any, *_: Any) -> dict[str, float]:
        states.append({k: v.clone() for k, v in network.state_dict().items()})
        return {"validation_loss": next(losses), "validation_accuracy": 0.5}

    monkeypatch.setattr(objectives, "judge_classes", judged)
    model = scratch(epochs=6, patience=3, ema=0.5).fit(*data)
    assert (len(model.history_), model.best_epoch_) == (5, 2)
    kept, _ = from_safetensors(model.to_bytes())
    assert all(torch.equal(kept[k], v) for k, v in states[1].items())
    assert not all(torch.equal(kept[k], v) for k, v in states[4].items())


def test_without_validation_the_last_epoch_is_kept(data: Data) -> None:
    model = scratch(epochs=2, validation_fraction=0).fit(*data)
    assert not model.validation_.any()
    assert model.best_epoch_ == 2
    assert "validation_loss" not in model.history_[0]


def test_a_class_of_one_patient_leaves_none_to_validate() -> None:
    images, labels, groups = textures(patients=3)
    with pytest.warns(UserWarning, match="single patient .* the last one is kept"):
        model = scratch(epochs=1).fit(images, labels, groups)
    assert model.best_epoch_ == 1


def test_a_class_missing_from_the_fold_is_not_predicted(data: Data) -> None:
    images, labels, groups = textures(patients=12, classes=3)
    rows = labels != "b"
    model = scratch(epochs=1).fit(images[rows], labels[rows], groups[rows])
    assert list(model.classes_) == ["a", "c"]
    assert model.predict_proba(images).shape == (len(images), 2)


@makers
def test_two_images_are_enough_and_one_is_not(make: Callable[..., Any]) -> None:
    images, labels, groups = textures(patients=2, each=1)
    with pytest.warns(UserWarning, match="single patient"):
        model = make(epochs=1, head_epochs=0) if make is finetuned else make(epochs=1)
        model.fit(images, labels, groups)
    assert np.isfinite(model.predict_proba(images[:1])).all()
    with pytest.raises(UsageError, match=r"1 training image\(s\) of 1 class only \(a\)"):
        make().fit(images[:1], labels[:1], groups[:1])


def test_a_loss_that_is_no_number_is_an_error(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    original = torch.nn.functional.cross_entropy
    monkeypatch.setattr(
        torch.nn.functional, "cross_entropy", lambda *a, **k: original(*a, **k) * float("nan")
    )
    with pytest.raises(GliaboostError, match=r"loss became nan in epoch 1 .*0\.005; try a tenth"):
        scratch().fit(*data)


def test_memory_that_runs_out_names_a_smaller_step(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", full)
    with pytest.raises(GliaboostError, match="with 16 images a step; try batch_size=8"):
        scratch(batch_size=16).fit(*data)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"epochs": 0, "ema": 1.0}, "epochs=0, expected a whole number from 1; ema=1.0"),
        ({"depths": (1,)}, r"depths=\(1,\), expected 2 whole numbers"),
        ({"learning_rate": "fast"}, "learning_rate='fast'"),
        ({"mix": "shake"}, "mix='shake', expected one of none, mixup, cutmix"),
        ({"precision": "float8"}, "precision='float8'"),
        ({"device": "tpu"}, "device='tpu'"),
    ],
)
def test_illegal_parameters_are_refused(data: Data, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        scratch(**changed).fit(*data)


def test_cuda_without_a_gpu_is_an_error(data: Data) -> None:
    if why_no_cuda() is None:
        pytest.skip("this machine has a GPU")
    with pytest.raises(UsageError, match="cannot run on cuda here"):
        scratch(device="cuda").fit(*data)


def test_images_labels_and_groups_must_agree(data: Data) -> None:
    images, labels, groups = data
    with pytest.raises(UsageError, match="48 images, 47 labels"):
        scratch().fit(images, labels[1:], groups)
    with pytest.raises(UsageError, match="expected grey images as uint8"):
        scratch().fit(images / 255, labels, groups)
    with pytest.raises(UsageError, match=r"groups of shape \(47,\)"):
        scratch().fit(images, labels, groups[1:])
    with pytest.raises(UsageError, match=r"1 row\(s\) have no group \(first: row 0\)"):
        scratch().fit(images, labels, [None, *groups[1:]])


def test_classes_weigh_by_their_rarity(data: Data) -> None:
    images, labels, groups = data
    few = np.flatnonzero((labels == "a") | (np.arange(len(labels)) % 12 == 5))
    rare = {}
    for weight in ("balanced", None):
        model = scratch(epochs=1, class_weight=weight, validation_fraction=0)
        model.fit(images[few], labels[few], groups[few])
        rare[weight] = model.predict_proba(images)[:, 1].mean()
    assert rare["balanced"] > rare[None]


def test_the_first_layers_learn_slowest_and_biases_do_not_decay() -> None:
    from gliaboost.models.networks.network import scratch_network

    network = scratch_network(2, 32, (8, 16), (1, 1), 0.0)
    plan = network_training.Plan(first_rate=0.1, weight_decay=0.3)
    groups = network_training.parameter_groups(network, plan)
    share = {id(p): g["share"] for g in groups for p in g["params"]}
    shares = [share[id(p)] for p in network.parameters()]
    assert len(shares) == len(share)
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.1)
    assert shares[-1] == 1
    assert all((g["weight_decay"] == 0.3) == (p.ndim > 1) for g in groups for p in g["params"])


@pytest.mark.integration
def test_importing_the_models_stays_without_torch() -> None:
    code = (
        "import sys; from gliaboost.models.networks.cnn import FinetunedCNN, ScratchCNN\n"
        "ScratchCNN().get_params()\n"
        "heavy = {'torch', 'timm'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_threads_of_the_process_are_left_as_they_were(data: Data) -> None:
    images, labels, groups = data
    seen = []

    def look(done: int, total: int, entry: dict[str, Any]) -> None:
        seen.append(torch.get_num_threads())

    model = scratch(jobs=2, epochs=1).fit(images, labels, groups=groups, after_epoch=look)
    assert set(seen) == {2}
    assert torch.get_num_threads() == 1
    model.predict_proba(images[:1])
    assert torch.get_num_threads() == 1
