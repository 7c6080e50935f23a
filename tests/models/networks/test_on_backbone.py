from __future__ import annotations

import pytest

from gliaboost.models.networks.on_backbone import OnBackbone


class Model(OnBackbone):
    def __init__(self, weights: str = "package", trained_on: str = "") -> None:
        self.backbone, self.sha256 = "tf_efficientnet_lite0", ""
        self.weights, self.trained_on = weights, trained_on


def test_what_weights_learned_from_is_told() -> None:
    assert Model().pretraining == ("ImageNet-1k",)
    assert Model("net.pth").pretraining == ("unknown",)


def test_missing_weights_and_wrong_words_are_both_faults() -> None:
    pytest.importorskip("torch")
    assert Model().backbone_faults("a test") == []
    (missing,) = Model("nowhere.pth", "BraTS").backbone_faults("a test")
    assert "no weights file nowhere.pth" in missing
    (wrong,) = Model(trained_on="BraTS").backbone_faults("a test")
    assert "which learned from ImageNet-1k" in wrong
