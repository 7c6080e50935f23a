"""Grad-CAM: against autograd without hooks, and on networks whose evidence has a known place."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from gliaboost.features.embedding.backbones import BackboneInput  # noqa: E402
from gliaboost.features.embedding.frozen import standardised  # noqa: E402
from gliaboost.models.networks.grad_cam import grad_cam  # noqa: E402
from gliaboost.models.networks.network import (  # noqa: E402
    Network,
    adapted_network,
)

GIVEN = BackboneInput(32, (0.5,), (0.25,), "bicubic")


def bright_and_dark() -> Network:
    """Class 0 is how much is brighter than mid-grey, class 1 how much is darker."""
    body = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    )
    network = Network(body, 2, 2, GIVEN, 0.0, {})
    with torch.no_grad():
        body[0].weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        body[0].bias.zero_()
        network.head.weight.copy_(torch.eye(2))
    return network


def patch(value: int, ground: int) -> NDArray[np.uint8]:
    image = np.full((32, 32), ground, np.uint8)
    image[4:12, 16:28] = value
    return image


def test_the_map_is_where_the_evidence_is() -> None:
    image = patch(230, 128)
    heat, logits = grad_cam(bright_and_dark(), image)
    assert logits.argmax() == 0
    assert heat.shape == (32, 32)
    assert heat.dtype == np.float32
    assert heat[image == 230].min() > 0.9
    assert heat[image == 128].max() < 0.05


def test_another_class_has_another_map() -> None:
    image = patch(230, 20)
    network = bright_and_dark()
    bright, _ = grad_cam(network, image, 0)
    dark, _ = grad_cam(network, image, 1)
    inside = image == 230
    assert bright[inside].min() > 0.9
    assert bright[~inside].max() < 0.05
    assert dark[inside].max() < 0.05
    assert dark[~inside].min() > 0.9
    np.testing.assert_array_equal(grad_cam(network, image)[0], dark)


def test_evidence_against_a_class_is_left_out() -> None:
    network = bright_and_dark()
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[-1.0, 0.0], [0.0, 1.0]]))
    heat, _ = grad_cam(network, patch(230, 128), 0)
    assert heat[4:12, 16:28].max() == 0


def reference(
    network: Network, image: NDArray[np.uint8], k: int, maps: Any, head: Any
) -> NDArray[np.float32]:
    """Give the formula of Selvaraju et al., with the network cut in two at its last maps."""
    grey = torch.from_numpy(image[None, None]).float() / 255
    with torch.no_grad():
        last = maps(standardised(grey, network.given))
    last.requires_grad_()
    (slope,) = torch.autograd.grad(network.head(head(last))[0, k], last)
    alpha = slope.mean(dim=(2, 3))[0]
    summed = sum(a * one for a, one in zip(alpha, last[0], strict=True)).clamp(min=0)
    heat = cv2.resize(summed.detach().numpy(), image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    heat = np.maximum(heat, 0)
    result: NDArray[np.float32] = heat / heat.max()
    return result


def plain() -> tuple[Network, Any, Any]:
    torch.manual_seed(0)
    maps = [torch.nn.Conv2d(1, 6, 3, 2, 1), torch.nn.SiLU(), torch.nn.Conv2d(6, 9, 3, 2, 1)]
    # No pooling: gradients differ from place to place, and only their mean is a map's weight.
    head = torch.nn.Flatten()
    network = Network(torch.nn.Sequential(*maps, head), 9 * 8 * 8, 3, GIVEN, 0.0, {})
    return network, torch.nn.Sequential(*maps), head


def backbone() -> tuple[Network, Any, Any]:
    network = adapted_network(3, "mobilenetv3_small_050", "random", 64, 0.5)
    network.eval()
    body: Any = network.body
    return network, body.forward_features, lambda maps: body.forward_head(maps, pre_logits=True)


@pytest.mark.parametrize("make", [plain, backbone])
@pytest.mark.parametrize("k", [0, 2])
def test_it_is_the_papers_formula(make: Any, k: int) -> None:
    network, maps, head = make()
    with torch.no_grad():
        network.head.weight.normal_(generator=torch.Generator().manual_seed(1))
    side = network.given.size
    image = np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)
    image[: side // 2] //= 2
    heat, logits = grad_cam(network, image, k)
    np.testing.assert_allclose(heat, reference(network, image, k, maps, head), atol=1e-4)
    assert heat.max() == pytest.approx(1)
    grey = torch.from_numpy(image[None, None]).float() / 255
    with torch.no_grad():
        np.testing.assert_allclose(logits, network(grey)[0].numpy(), atol=1e-4)


def test_the_network_is_left_as_it_was() -> None:
    network, _, _ = backbone()
    image = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    first = grad_cam(network, image, 1)
    second = grad_cam(network, image, 1)
    np.testing.assert_array_equal(first[0], second[0])
    assert not any(m._forward_hooks for m in network.modules())
    assert not network.training
