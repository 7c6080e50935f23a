"""From bytes and descriptions back to networks, whichever kind they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from gliaboost.models.base import NativeModelError  # noqa: E402
from gliaboost.models.networks.multitask import multitask_network  # noqa: E402
from gliaboost.models.networks.network import (  # noqa: E402
    adapted_network,
    from_safetensors,
    scratch_network,
    to_safetensors,
)
from gliaboost.models.networks.restoring import build, load_network, restore  # noqa: E402

SMALL = "mobilenetv3_small_050"
KINDS: dict[str, Any] = {
    "scratch": lambda: scratch_network(3, 32, (4, 8), (1, 2), 0.5),
    "adapted": lambda: adapted_network(3, SMALL, "random", 32, 0.2),
    "multitask": lambda: multitask_network(3, SMALL, "random", 32, 2, 0.2),
}


def packed(kind: str = "scratch") -> bytes:
    torch.manual_seed(0)
    network = KINDS[kind]()
    return to_safetensors(network.state_dict(), {"network": network.about})


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_comes_back_from_its_description(kind: str) -> None:
    torch.manual_seed(0)
    network = KINDS[kind]().eval()
    again = build(json.loads(json.dumps(network.about)))
    assert type(again) is type(network)
    assert again.about == network.about
    grey = torch.rand(2, 1, 32, 32)
    tensors, about = from_safetensors(packed(kind))
    with torch.no_grad():
        back = restore(tensors, about["network"])(grey)
        torch.testing.assert_close(back, network(grey), rtol=0, atol=0)


@pytest.mark.parametrize(
    "changed", [{"classes": 4}, {"widths": [4, 9]}, {"kind": "adapted"}, {"depths": [1]}]
)
def test_weights_of_another_network_are_refused(changed: dict[str, Any]) -> None:
    tensors, about = from_safetensors(packed())
    with pytest.raises(NativeModelError, match="weights do not fit its description"):
        restore(tensors, {**about["network"], **changed})


def test_the_description_is_plain_and_the_network_is_restored_once() -> None:
    native = packed()
    header = json.loads(native[8 : 8 + int.from_bytes(native[:8], "little")])
    assert json.loads(header["__metadata__"]["gliaboost"])["network"]["widths"] == [4, 8]
    assert load_network(native, "cpu")[0] is load_network(native, "cpu")[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"widths": [10**6, 10**6]},
        {"depths": [1, 10**9]},
        {"depths": [1, "2"]},
        {"size": 10**9},
        {"size": "32"},
        {"classes": 10**12},
    ],
)
def test_a_description_of_a_giant_takes_no_memory(changed: dict[str, Any]) -> None:
    tensors, about = from_safetensors(packed())
    with pytest.raises(NativeModelError, match="weights do not fit its description"):
        restore(tensors, {**about["network"], **changed})


def test_a_network_whose_header_is_longer_than_it_is_refused() -> None:
    native = packed()
    with pytest.raises(NativeModelError, match="a header of"):
        from_safetensors((2**62).to_bytes(8, "little") + native[8:])
