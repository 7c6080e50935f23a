from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.features.embedding import availability, hub
from gliaboost.features.embedding.availability import weights_faults

pytest.importorskip("torch")


@pytest.mark.integration
def test_the_packaged_weights_are_there() -> None:
    assert weights_faults("tf_efficientnet_lite0", "package") == []
    assert weights_faults("efficientnet_lite0", "package") == []
    assert weights_faults("resnet18", "random") == []


def test_another_backbone_says_how_to_get_and_name_its_weights() -> None:
    (said,) = weights_faults("resnet50", "package")
    assert "not of resnet50" in said
    assert "--set embedding.weights=hub" in said and "--set embedding.weights=FILE" in said


def test_a_file_that_is_not_there_or_another_one(tmp_path: Path) -> None:
    (said,) = weights_faults("resnet18", str(tmp_path / "gone.pth"))
    assert "gone.pth" in said and "$GLIABOOST_WEIGHTS" in said
    (tmp_path / "w.pth").write_bytes(b"x")
    assert weights_faults("resnet18", str(tmp_path / "w.pth")) == []
    (said,) = weights_faults("resnet18", str(tmp_path / "w.pth"), "0" * 16)
    assert "other weights" in said


def test_the_hub_out_of_reach_names_the_file_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "offline", lambda: True)
    monkeypatch.setattr(hub, "cached", lambda cfg: None)
    (said,) = weights_faults("resnet50", "hub")
    assert "no network" in said and "--set embedding.weights=FILE" in said
    assert "huggingface.co/timm/resnet50" in said
    monkeypatch.setattr(hub, "cached", lambda cfg: Path("model.safetensors"))
    assert weights_faults("resnet50", "hub") == []


def test_an_unknown_backbone_is_asked_for() -> None:
    (said,) = weights_faults("resnet5O", "random")
    assert "did you mean resnet50" in said


def test_what_is_no_word_is_said_before_anything_is_looked_for() -> None:
    assert weights_faults(7, "package") == ["backbone=7, expected a word"]  # type: ignore[arg-type]


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "NEEDED", ("torch", "no_such_package"))
    (said,) = weights_faults("resnet18", "random", purpose="embeddings")
    assert said.startswith("embeddings needs no_such_package")
