"""The network itself, and its safe form."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

from gliaboost.errors import UsageError
from gliaboost.models.base import NativeModelError
from gliaboost.models.networks.network import scratch_network, to_safetensors
from gliaboost.models.networks.unet import (
    Decoder,
    Encoder,
    load_unet,
    pretrained_unet,
    restore_unet,
)

SMALL = "mobilenetv3_small_050"


def small(kinds: int = 2, size: int = 64) -> Any:
    torch.manual_seed(0)
    return pretrained_unet(kinds, SMALL, "random", size, 4).eval()


def packed(network: Any, **changed: Any) -> bytes:
    about = {**network.about, **changed}
    return to_safetensors(network.state_dict(), {"network": about, "mirror": True})


@pytest.mark.parametrize("size", [64, 50, 33])
def test_every_pixel_has_its_logits_whatever_the_side(size: int) -> None:
    with torch.no_grad():
        logits = small()(torch.rand(2, 1, size, size))
    assert logits.shape == (2, 3, size, size)
    assert logits.dtype == torch.float32


def test_before_anything_is_learned_there_is_no_tumour() -> None:
    with torch.no_grad():
        found = torch.softmax(small()(torch.rand(2, 1, 64, 64)), dim=1)[:, 0]
    assert 0.9 < float(found.min()) <= float(found.max()) < 0.999


def test_maps_are_read_at_every_stride_and_nothing_behind_them_is_carried() -> None:
    network = pretrained_unet(1, "tf_efficientnet_lite0", "random", 64, 4)
    maps = network.body(torch.rand(1, 3, 64, 64))
    assert [m.shape[-1] for m in maps] == [32, 16, 8, 4, 2]
    assert [m.shape[1] for m in maps] == network.body.channels == [16, 24, 40, 112, 320]
    assert not [n for n in network.state_dict() if "conv_head" in n or "classifier" in n]
    network(torch.rand(2, 1, 64, 64)).sum().backward()
    assert not [n for n, p in network.named_parameters() if p.grad is None]


def test_fine_maps_reach_the_answer() -> None:
    decoder = Decoder([3, 4, 5], 2, 2).eval()
    torch.nn.init.normal_(decoder.last.weight)
    maps = [torch.rand(1, c, s, s) for c, s in ((3, 16), (4, 8), (5, 4))]
    with torch.no_grad():
        before = decoder(maps)
        for level in range(3):
            other = [m + 1 if i == level else m for i, m in enumerate(maps)]
            assert not torch.equal(decoder(other), before)


def test_a_backbone_of_one_stride_is_refused() -> None:
    with pytest.raises(UsageError, match=r"0 stride\(s\), and a U-Net reads several"):
        Encoder(torch.nn.Conv2d(3, 8, 1))


def test_a_transformer_is_refused() -> None:
    with pytest.raises(UsageError, match="name a convolutional backbone"):
        pretrained_unet(1, "vit_tiny_patch16_224", "random", 224, 4)


def test_bytes_restore_it() -> None:
    network = small()
    again, about = restore_unet(packed(network), 2)
    assert about["mirror"] is True
    assert not again.training
    image = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(again(image), network(image), rtol=0, atol=0)
    native = packed(network)
    assert load_unet(native, 2, "cpu")[0] is load_unet(native, 2, "cpu")[0]


def test_bytes_of_another_network_are_refused() -> None:
    other = scratch_network(3, 32, (4, 8), (1, 1), 0.0)
    with pytest.raises(NativeModelError, match=r"no U-Net\'s"):
        restore_unet(packed(other), 3)
    with pytest.raises(NativeModelError, match="cannot be read"):
        restore_unet(packed(small())[:-100], 2)
    with pytest.raises(NativeModelError, match=r"tells 2 kind\(s\) of tumour, 3 are named"):
        restore_unet(packed(small()), 3)


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 10**7},
        {"width": -1},
        {"width": "wide"},
        {"backbone": "vit_giant_patch14_dinov2"},
        {"backbone": "resnet18"},
        {"backbone": "no-such-network"},
        {"backbone": None},
        {"backbone": ["resnet18"]},
        {"size": 10**9},
        {"size": 0},
        {"size": 64.5},
        {"size": "large"},
    ],
)
def test_a_forged_description_is_refused_without_the_memory_of_it(changed: Any) -> None:
    with pytest.raises(NativeModelError, match="train it again"):
        restore_unet(packed(small(), **changed), 2)


def test_weights_that_are_no_numbers_are_refused() -> None:
    network = small()
    with torch.no_grad():
        network.head.last.weight[0, 0] = np.nan
    with pytest.raises(NativeModelError, match=r"hold no numbers \(first: head.last.weight\)"):
        restore_unet(packed(network), 2)


def test_the_description_is_plain() -> None:
    about = small().about
    assert json.loads(json.dumps(about)) == about
