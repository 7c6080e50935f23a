from __future__ import annotations

import pytest

from gliaboost.features.embedding.middle import STRIDES, middle_layers
from gliaboost.features.embedding.packaged import PACKAGES
from gliaboost.features.embedding.timm_names import PRESETS, timm_library, timm_name

pytest.importorskip("torch")

# All maps of one size.
WITHOUT = ("dinov2_small", "vit_tiny_patch16_224")


@pytest.mark.integration
@pytest.mark.parametrize(
    "backbone", sorted({*PRESETS, *PACKAGES, "swin_tiny_patch4_window7_224"} - set(WITHOUT))
)
def test_the_strides_are_those_that_timm_says(backbone: str) -> None:
    model = timm_library().create_model(timm_name(backbone), features_only=True, pretrained=False)
    reductions = model.feature_info.reduction()
    assert tuple(reductions[layer] for layer in middle_layers(backbone)) == STRIDES
    assert middle_layers(backbone) == tuple(reductions.index(stride) for stride in STRIDES)


@pytest.mark.parametrize("backbone", WITHOUT)
def test_of_a_network_without_a_middle_it_is_the_last(backbone: str) -> None:
    assert middle_layers(backbone) == (-1,)


def test_of_one_that_gives_no_stages_it_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch import nn

    identity = nn.Identity()
    monkeypatch.setattr("gliaboost.features.embedding.backbones.laid_out", lambda _: identity)
    assert middle_layers("vgg11") == (-1,)
