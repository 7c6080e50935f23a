from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from scipy.special import softmax  # noqa: E402

from gliaboost.models.base import NativeModelError  # noqa: E402
from gliaboost.models.networks import objectives  # noqa: E402
from gliaboost.models.networks.network import scratch_network, to_safetensors  # noqa: E402
from gliaboost.models.networks.prediction import (  # noqa: E402
    network_outputs,
    network_probabilities,
    ready_images,
    run_network,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (19, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    made = scratch_network(3, 32, (4, 8), (1, 1), 0.5)
    torch.nn.init.normal_(made.head.weight)
    return made.eval()


def native(network: Any, mirror: bool) -> bytes:
    return to_safetensors(network.state_dict(), {"network": network.about, "mirror": mirror})


def plain(network: Any, images: Any) -> tuple[Any, Any]:
    grey = torch.from_numpy(np.ascontiguousarray(images[:, None])).float() / 255
    with torch.no_grad():
        return network.embed(grey).numpy(), network(grey).numpy()


@pytest.mark.parametrize("whole_batches", [(), ("cpu",)], ids=["as they are", "whole"])
def test_batches_give_what_single_images_give(
    network: Any, whole_batches: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objectives, "PREPARES_SHAPES", whole_batches)
    embedded, logits = run_network(network, IMAGES, "cpu", mirror=False)
    for i in (0, 15, 16, 18):
        one, own = plain(network, IMAGES[i : i + 1])
        np.testing.assert_allclose(embedded[i], one[0], atol=1e-5)
        np.testing.assert_allclose(logits[i], own[0], atol=1e-5)


def test_mirrored_images_are_averaged_in_where_it_was_trained_so(network: Any) -> None:
    turned = np.ascontiguousarray(IMAGES[:, :, ::-1])
    want = [
        (a + b) / 2 for a, b in zip(plain(network, IMAGES), plain(network, turned), strict=True)
    ]
    for got, wanted in zip(
        network_outputs(native(network, True), IMAGES, "cpu"), want, strict=True
    ):
        np.testing.assert_allclose(got, wanted, atol=1e-5)
    both = network_outputs(native(network, True), turned, "cpu")
    np.testing.assert_allclose(both[1], want[1], atol=1e-5)
    alone = network_outputs(native(network, False), IMAGES, "cpu")
    assert np.abs(alone[1] - want[1]).max() > 1e-3


def test_probabilities_are_the_softmax_of_the_logits(network: Any) -> None:
    got = network_probabilities(native(network, False), IMAGES, 3, "cpu")
    want = softmax(plain(network, IMAGES)[1].astype(np.float64), axis=1)
    np.testing.assert_allclose(got, want, atol=1e-6)
    assert got.dtype == np.float64


def test_another_number_of_classes_is_refused(network: Any) -> None:
    with pytest.raises(NativeModelError, match="has 3 classes, 4 are named"):
        network_probabilities(native(network, False), IMAGES[:1], 4, "cpu")


def test_no_images_give_no_rows(network: Any) -> None:
    embedded, logits = run_network(network, IMAGES[:0], "cpu", mirror=True)
    assert embedded.shape == (0, network.width)
    assert logits.shape == (0, 3)


def test_images_of_another_size_are_resized_and_rounded(network: Any) -> None:
    large = np.kron(IMAGES[0], np.ones((3, 3), np.uint8)).astype(np.uint8)
    large = cv2.GaussianBlur(large, (0, 0), 4).astype(np.uint8)
    got = ready_images(large[None], network.given, "cpu")
    assert got.shape == (1, 1, 32, 32)
    assert got.dtype == torch.uint8
    area = cv2.resize(large, (32, 32), interpolation=cv2.INTER_AREA)
    assert np.abs(got[0, 0].numpy().astype(int) - area).max() <= 12
    same = ready_images(IMAGES, network.given, "cpu")
    np.testing.assert_array_equal(same[:, 0].numpy(), IMAGES)
