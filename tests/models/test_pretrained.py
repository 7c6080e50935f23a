from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.prepare import Preparation
from gliaboost.features import create
from gliaboost.models import create_model
from gliaboost.models.packing import make_bundle
from gliaboost.models.pretrained import pretrained_on, warnings_of_unknown
from gliaboost.models.segmentation.registry import create_segmenter

FILE = {"weights": "brain.pth"}


def test_each_part_with_a_pretrained_network_is_named() -> None:
    extractors = [
        create("hog"),
        create("embedding", layers=(3,)),
        create("region", segmenter="unet", maps="classical", parameters=FILE),
    ]
    model = create_model("hybrid", weights="brain.pth", trained_on="BraTS 2021")
    assert pretrained_on(model, extractors) == {
        "embedding:layer3": ("ImageNet-1k",),
        extractors[2].label: ("unknown",),
        "hybrid": ("BraTS 2021",),
    }
    assert pretrained_on(create_model("lightgbm"), [create("lbp")]) == {}


@pytest.mark.parametrize("name", ["cnn-finetune", "cnn-multitask", "hybrid"])
def test_every_network_with_a_backbone_tells(name: str) -> None:
    assert create_model(name).pretraining == ("ImageNet-1k",)
    assert create_model(name, **FILE).pretraining == ("unknown",)
    assert create_model(name, weights="random").pretraining == ()
    assert create_model("cnn-scratch").pretraining == ()


def test_every_segmenter_with_a_backbone_tells() -> None:
    assert create_segmenter("unet").pretraining == ("ImageNet-1k",)
    assert create_segmenter("unet", **FILE, trained_on="ADNI").pretraining == ("ADNI",)
    assert create_segmenter("boosted-pixels").pretraining == ("ImageNet-1k",)
    assert create_segmenter("boosted-pixels", maps="classical").pretraining == ()
    assert create_segmenter("otsu").pretraining == ()


def test_only_the_unknown_is_warned_of() -> None:
    known: dict[str, Any] = {"embedding": ("ImageNet-1k",)}
    assert warnings_of_unknown(known) == []
    (said,) = warnings_of_unknown({**known, "cnn-finetune": ["unknown"]})
    assert said.startswith("nobody says what the weights of cnn-finetune were trained on")


def test_a_bundle_keeps_it() -> None:
    rng = np.random.default_rng(0)
    model = create_model("logistic").fit(
        rng.normal(size=(16, 4)).astype(np.float32), np.repeat(["a", "b"], 8)
    )
    images = np.zeros((1, 64, 64), np.uint8)
    extractors = [create("hog").fit(images), create("embedding")]
    bundle = make_bundle(model, Preparation(), extractors, manifest_fingerprint="")
    assert bundle.metrics["pretrained_on"] == {"embedding": ["ImageNet-1k"]}
    assert bundle.features[1]["parameters"]["trained_on"] == "ImageNet-1k"
    assert bundle.extractors()[1].pretraining == ("ImageNet-1k",)
    (plain,) = [make_bundle(model, Preparation(), extractors[:1], manifest_fingerprint="")]
    assert "pretrained_on" not in plain.metrics
