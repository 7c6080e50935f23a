from __future__ import annotations

from typing import Any

import pytest

from gliaboost.features.embedding.pretraining import (
    pretraining,
    pretraining_faults,
    without_words,
)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ("ImageNet-1k",)),
        ({"backbone": "efficientnet_lite2"}, ("ImageNet-1k",)),
        ({"weights": "random", "trained_on": "x"}, ()),
        ({"weights": "net.pth"}, ("unknown",)),
        ({"weights": "net.pth", "trained_on": "  "}, ("unknown",)),
        ({"weights": "net.pth", "trained_on": "Unknown"}, ("unknown",)),
        ({"weights": "net.pth", "trained_on": " RadImageNet "}, ("RadImageNet",)),
        ({"weights": "hub", "trained_on": "RadImageNet"}, ("RadImageNet",)),
    ],
)
def test_what_weights_learned_from(given: dict[str, str], said: tuple[str, ...]) -> None:
    assert pretraining(**given) == said


def test_the_hubs_weights_are_named_as_timm_does() -> None:
    pytest.importorskip("torch")
    assert pretraining("dinov2_small", "hub") == ("vit_small_patch14_dinov2.lvd142m",)
    assert pretraining("resnet50.a1_in1k", "hub") == ("resnet50.a1_in1k",)
    # There are none, so nothing is known of them.
    assert pretraining("botnet50ts_256", "hub") == ("unknown",)


@pytest.mark.parametrize(
    ("weights", "trained_on", "fault"),
    [
        ("package", "brain MRI", "learned from ImageNet-1k; leave it out"),
        ("random", "brain MRI", "learned from nothing"),
        ("net.pth", 2021, "trained_on=2021, expected words"),
    ],
)
def test_words_that_cannot_be_true_are_faults(weights: str, trained_on: Any, fault: str) -> None:
    (found,) = pretraining_faults("tf_efficientnet_lite0", weights, trained_on)
    assert fault in found


@pytest.mark.parametrize(
    ("weights", "trained_on"),
    [("package", ""), ("package", "ImageNet-1k"), ("random", ""), ("a.pth", "BraTS"), ("hub", "x")],
)
def test_words_that_may_be_true_are_none(weights: str, trained_on: str) -> None:
    assert pretraining_faults("tf_efficientnet_lite0", weights, trained_on) == []


def test_words_are_left_out_of_what_numbers_depend_on() -> None:
    assert without_words({"a": 1, "trained_on": "x"}) == {"a": 1}
