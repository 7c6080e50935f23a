"""Images and masks as the network takes them, and maps at the images' size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

from gliaboost.models.base import NativeModelError
from gliaboost.models.networks import objectives
from gliaboost.models.networks.network import to_safetensors
from gliaboost.models.networks.unet import pretrained_unet
from gliaboost.models.networks.unet_maps import ready_masks, unet_maps

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    made: Any = pretrained_unet(2, "mobilenetv3_small_050", "random", 64, 4).eval()
    torch.nn.init.normal_(made.head.last.weight, std=20)
    torch.nn.init.zeros_(made.head.last.bias)
    return made


def native(network: Any, mirror: bool) -> bytes:
    return to_safetensors(network.state_dict(), {"network": network.about, "mirror": mirror})


def images(side: int, count: int = 3) -> Any:
    rough = RNG.integers(0, 256, (count, 8, 8)).astype(np.uint8)
    return np.stack([cv2.resize(each, (side, side)) for each in rough])


def test_masks_keep_their_kind_and_their_share_of_the_picture() -> None:
    masks = np.zeros((3, 128, 128), bool)
    masks[0, 20:60, 30:90] = True
    masks[2, 64:, :64] = True
    ready = ready_masks(masks, np.array([1, 1, 3]), 64, "cpu")
    assert ready.shape == (3, 1, 64, 64)
    assert ready.dtype == torch.uint8
    assert [sorted(torch.unique(m).tolist()) for m in ready] == [[0, 1], [0], [0, 3]]
    for each, mask in zip(ready[:, 0].numpy() > 0, masks, strict=True):
        assert each.mean() == pytest.approx(mask.mean(), abs=0.005)
        np.testing.assert_array_equal(each[8:30:7, 16:44:7], mask[16:60:14, 32:88:14])


def test_masks_of_the_networks_size_stay_as_they_are() -> None:
    masks = RNG.random((2, 32, 32)) > 0.5
    ready = ready_masks(masks, np.array([1, 2]), 32, "cpu")
    np.testing.assert_array_equal(ready[:, 0].numpy(), masks * np.array([1, 2])[:, None, None])


@pytest.mark.parametrize("at", [0, 100, 511])
def test_no_speck_vanishes(at: int) -> None:
    masks = np.zeros((1, 512, 512), bool)
    masks[0, at, at] = True
    small = ready_masks(masks, np.array([1]), 64, "cpu")[0, 0]
    rows, columns = np.nonzero(small.numpy())
    assert 1 <= len(rows) <= 4
    assert np.abs(np.stack([rows, columns]) - at / 8).max() <= 1.5


@pytest.mark.parametrize("shape", [(64, 64), (96, 130), (40, 40)])
def test_maps_have_the_images_size_and_never_more_than_all(network: Any, shape: Any) -> None:
    given = np.stack([cv2.resize(each, shape[::-1]) for each in images(64)])
    maps = unet_maps(native(network, True), given, 2, "cpu")
    assert maps.shape == (3, 2, *shape)
    assert maps.dtype == np.float32
    assert float(maps.min()) >= 0
    assert float(maps.sum(axis=1).max()) <= 1 + 1e-5


def test_no_images_have_no_maps(network: Any) -> None:
    maps = unet_maps(native(network, True), images(64)[:0], 2, "cpu")
    assert maps.shape == (0, 2, 64, 64)


def test_they_are_the_networks_probabilities(network: Any) -> None:
    given = images(64)
    with torch.no_grad():
        logits = network(torch.from_numpy(given)[:, None].float() / 255)
    want = torch.softmax(logits, dim=1)[:, 1:].numpy()
    np.testing.assert_allclose(unet_maps(native(network, False), given, 2, "cpu"), want, atol=1e-5)


def test_a_resized_image_has_resized_maps(network: Any) -> None:
    given = images(64)
    large = np.stack([cv2.resize(each, (192, 192)) for each in given])
    maps = unet_maps(native(network, False), large, 2, "cpu")
    small = cv2.resize(maps[0, 0], (64, 64), interpolation=cv2.INTER_AREA)
    want = unet_maps(native(network, False), given, 2, "cpu")[0, 0]
    assert np.abs(small - want).mean() < 0.02 < want.std()


def test_a_mirrored_image_has_mirrored_maps_where_both_are_averaged(network: Any) -> None:
    given = images(64)
    turned = np.ascontiguousarray(given[:, :, ::-1])
    both = unet_maps(native(network, True), given, 2, "cpu")
    again = unet_maps(native(network, True), turned, 2, "cpu")
    np.testing.assert_allclose(again[..., ::-1], both, atol=1e-5)
    one = unet_maps(native(network, False), given, 2, "cpu")
    assert np.abs(one - both).max() > 1e-3


@pytest.mark.integration
@pytest.mark.parametrize("whole_batches", [(), ("cpu",)], ids=["as they are", "whole"])
def test_images_do_not_depend_on_each_other(
    network: Any, whole_batches: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objectives, "PREPARES_SHAPES", whole_batches)
    given = images(64, 11)
    maps = unet_maps(native(network, True), given, 2, "cpu")
    alone = unet_maps(native(network, True), given[10:], 2, "cpu")
    assert len(maps) == len(given)
    np.testing.assert_allclose(alone[0], maps[10], atol=1e-5)


def test_another_number_of_kinds_is_refused(network: Any) -> None:
    with pytest.raises(NativeModelError, match="3 are named"):
        unet_maps(native(network, True), images(64), 3, "cpu")
