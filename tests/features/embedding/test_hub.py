from __future__ import annotations

import socket
from typing import Any

import pytest

from gliaboost.errors import GliaboostError
from gliaboost.features.embedding import hub
from gliaboost.features.embedding.hub import hub_name

pytest.importorskip("torch")

from gliaboost.features.embedding.backbones import create_backbone


@pytest.mark.parametrize("backbone", ["resnet18", "xception"])
def test_without_a_network_the_hub_names_the_other_choices(
    monkeypatch: pytest.MonkeyPatch, backbone: str
) -> None:
    def no_network(*_: Any, **__: Any) -> Any:
        raise OSError("name not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr(hub, "cached", lambda cfg: None)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    with pytest.raises(
        GliaboostError, match=r"cannot be fetched .*set embedding\.weights=FILE.*or keep"
    ):
        create_backbone(backbone, "hub")


def test_weights_are_named_as_timm_does_and_where_there_are_none_not_at_all() -> None:
    assert hub_name("resnet50") == "resnet50.a1_in1k"
    assert hub_name("botnet50ts_256") == ""
