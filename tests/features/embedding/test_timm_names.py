from __future__ import annotations

import pytest

from gliaboost import _compat
from gliaboost.errors import UsageError
from gliaboost.features.embedding.timm_names import PRESETS, timm_name

pytest.importorskip("torch")

from gliaboost.features.embedding.backbones import backbone_input


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_models_of_timm(preset: str) -> None:
    timm = _compat.import_timm()
    cfg = timm.get_pretrained_cfg(timm_name(preset))
    found = backbone_input(preset)
    assert (3, found.size, found.size) == cfg.input_size
    assert found.mean == cfg.mean
    assert found.std == cfg.std
    assert found.interpolation == cfg.interpolation
    assert cfg.hf_hub_id or cfg.url


def test_an_unknown_backbone_is_refused_with_its_neighbours() -> None:
    with pytest.raises(UsageError, match=r"'resnet5' in timm; did you mean .*resnet50"):
        timm_name("resnet5")
