"""One encoder for two answers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

from gliaboost.models.networks import multitask
from gliaboost.models.networks.multitask import BothAnswers, multitask_network

GREY = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))


def small() -> Any:
    torch.manual_seed(0)
    network: Any = multitask_network(3, "mobilenetv3_small_050", "random", 64, 4, 0.5).eval()
    torch.nn.init.normal_(network.head.weight)
    return network


def test_its_own_answer_is_the_class_and_both_are_trained() -> None:
    network = small()
    both = BothAnswers(network).eval()
    with torch.no_grad():
        logits, mask = both(GREY)
        torch.testing.assert_close(network(GREY), logits)
        torch.testing.assert_close(network.head(network.embed(GREY)), logits)
        torch.testing.assert_close(network.mask(GREY), mask)
    assert logits.shape == (2, 3)
    assert mask.shape == (2, 4, 64, 64)
    assert network.embed(GREY).shape == (2, network.width)


def test_what_is_trained_has_the_networks_names_and_can_be_copied() -> None:
    network = small()
    both = BothAnswers(network)
    assert both.state_dict().keys() == network.state_dict().keys()
    with torch.no_grad():
        copied: Any = copy.deepcopy(both)
        copied.head.weight.zero_()
        assert network.head.weight.any()
        trained: Any = both
        trained.head.weight.zero_()
        assert not network.head.weight.any()


def test_the_class_does_not_teach_the_decoder() -> None:
    both = BothAnswers(small())
    both(GREY)[0].sum().backward()
    grads = {n: p.grad for n, p in both.named_parameters()}
    assert all(g is None for n, g in grads.items() if "decoder" in n)
    assert any(g is not None and g.any() for n, g in grads.items() if "encoder" in n)


def test_maps_are_averaged_by_the_mask_and_overall() -> None:
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(2, 5, 8, 8)).astype(np.float32)
    inside = np.zeros((2, 1, 32, 32), np.float32)
    inside[0, :, 8:16, 4:24] = 1
    pooled, overall = multitask._inside_and_overall(
        torch.from_numpy(maps), torch.from_numpy(inside)
    )
    want = maps[0, :, 2:4, 1:6].mean(axis=(1, 2))
    np.testing.assert_allclose(pooled[0].numpy(), want, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(overall.numpy(), maps.mean(axis=(2, 3)), rtol=1e-4, atol=1e-5)
    # Without a tumour nothing is inside.
    assert not pooled[1].any()


def test_geometry_is_that_of_the_drawn_square() -> None:
    inside = torch.zeros(1, 1, 101, 101)
    inside[:, :, 60:81, 10:31] = 1
    found = multitask._geometry(inside)[0]
    place = torch.linspace(-1, 1, 101)
    want = [
        np.log(21 * 21 / 101**2),
        float(place[70]), float(place[60:81].std(correction=0)),
        float(place[20]), float(place[10:31].std(correction=0)),
    ]  # fmt: skip
    np.testing.assert_allclose(found.numpy(), want, rtol=1e-3, atol=1e-4)
    assert bool(torch.isfinite(multitask._geometry(torch.zeros(1, 1, 8, 8))).all())
