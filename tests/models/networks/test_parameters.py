"""What is legal for every network, and what ``auto`` means in training."""

from __future__ import annotations

import pytest

from gliaboost.models.networks.cnn import FinetunedCNN, ScratchCNN
from gliaboost.models.networks.parameters import (
    LEGAL,
    number,
    shared_legal,
    training_plan,
    training_precision,
)
from gliaboost.models.segmentation.unet import UNetSegmenter


def test_a_range_excludes_its_end_and_perhaps_its_beginning() -> None:
    inside, above = number(0, 1), number(0, 1, open_below=True)
    assert inside(0)
    assert inside(0.999)
    assert not inside(1)
    assert not inside(-1e-9)
    assert not above(0)
    assert above(1e-9)
    # True is 1 in Python, and no number here.
    assert not number(0, 2)(True)


@pytest.mark.parametrize("cls", [ScratchCNN, FinetunedCNN, UNetSegmenter])
def test_a_network_is_asked_for_what_it_has_alone(cls: type) -> None:
    model = cls()
    legal = shared_legal(model)
    assert set(legal) == set(LEGAL) & set(model.get_params())
    assert all(test(getattr(model, name)) for name, (_, test) in legal.items())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("epochs", [0, 2.5, True]),
        ("batch_size", [1]),
        ("first_rate", [0, 1.1]),
        ("learning_rate", [0, 1]),
        ("validation_fraction", [-0.1, 0.6, 1]),
        ("flip", [1, "yes"]),
        ("class_weight", ["even"]),
        ("jobs", [0]),
        ("seed", [-1, 2**31]),
    ],
)
def test_what_is_out_of_range_is_not_legal(name: str, values: list[object]) -> None:
    assert not any(LEGAL[name][1](value) for value in values)


@pytest.mark.parametrize(("supported", "want"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_trains_in_half_precision(
    supported: bool, want: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    assert training_precision("auto", "cuda") == want
    assert training_precision("float32", "cuda") == "float32"


def test_a_plan_takes_what_a_network_has_and_what_is_fixed_for_it() -> None:
    pytest.importorskip("torch")
    from gliaboost.models.networks.training import Plan

    tuned = FinetunedCNN(epochs=3, head_epochs=2, ema=0.5, precision="float32", seed=7)
    plan = training_plan(tuned, "cpu")
    assert plan == Plan(
        epochs=3, head_epochs=2, first_rate=0.2, ema=0.5, precision="float32", seed=7
    )
    scratch = ScratchCNN(epochs=5, precision="float32")._plan("cpu")
    assert (scratch.epochs, scratch.head_epochs, scratch.first_rate) == (5, 0, 1.0)
