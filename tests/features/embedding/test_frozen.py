from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from gliaboost.errors import GliaboostError, UsageError  # noqa: E402
from gliaboost.features.embedding import frozen  # noqa: E402
from gliaboost.features.embedding.backbones import (  # noqa: E402
    BackboneInput,
    backbone_input,
    create_backbone,
)
from gliaboost.features.embedding.frozen import (  # noqa: E402
    FrozenNetwork,
    channels,
    layer_maps,
    load_frozen,
    standardised,
)

SMALL = "mobilenetv3_small_050"


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (9, 40, 40), dtype=np.uint8)


@pytest.fixture(scope="module")
def model() -> Any:
    return create_backbone(SMALL, "random").eval()


def test_an_image_has_the_same_columns_whatever_lies_beside_it(
    pictures: NDArray[np.uint8],
) -> None:
    network = FrozenNetwork(
        create_backbone(SMALL, "random"), backbone_input(SMALL), "cpu", "float32"
    )
    together = network.columns(pictures, [-1], ["avg", "max"], "cpu")
    alone = [network.columns(p[None], [-1], ["avg", "max"], "cpu") for p in pictures]
    with ThreadPoolExecutor(1) as pool:
        aside = pool.submit(network.columns, pictures, [-1], ["avg", "max"], "cpu").result()
    assert torch.equal(torch.cat(alone), together) and torch.equal(aside, together)


def test_memory_that_runs_out_with_one_image_is_told(pictures: NDArray[np.uint8]) -> None:
    network = FrozenNetwork(
        create_backbone(SMALL, "random"), backbone_input(SMALL), "cpu", "float32"
    )

    def tight(batch: Any) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] can't allocate memory")

    model: Any = network.model
    model.forward_features = tight
    with pytest.raises(GliaboostError, match="memory runs out with a single image"):
        network.columns(pictures, [-1], ["avg"], "cpu")


def test_grey_becomes_the_channels_that_the_backbone_knows() -> None:
    given = BackboneInput(2, (0.1, 0.2, 0.3), (1.0, 2.0, 4.0), "bicubic")
    got = standardised(torch.tensor([[[[0.0, 1.0]]]]), given)
    want = torch.tensor([[-0.1, 0.9], [-0.1, 0.4], [-0.075, 0.175]]).reshape(1, 3, 1, 2)
    torch.testing.assert_close(got, want)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_what_the_network_takes_is_written_at_once_with_the_same_bits(
    pictures: NDArray[np.uint8], model: Any, precision: str
) -> None:
    given = BackboneInput(40, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic")
    got = FrozenNetwork(model, given, "cpu", precision).prepared(pictures)
    grey = torch.from_numpy(pictures)[:, None].float() / 255
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (given.mean, given.std))
    want = ((grey - mean) / std).to(getattr(torch, precision))
    assert got.dtype == want.dtype
    assert got.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(got, want)
    model.float()


def test_what_was_made_without_gradients_lets_gradients_pass() -> None:
    given = BackboneInput(2, (0.25,), (0.75,), "bicubic")
    with torch.inference_mode():
        standardised(torch.zeros(1, 1, 2, 2), given)
    grey = torch.ones(1, 1, 2, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(standardised(grey, given).sum(), grey)
    torch.testing.assert_close(slope, torch.full((1, 1, 2, 2), 1 / 0.75))


def test_what_threads_bring_to_a_device_is_done_together(
    pictures: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = FrozenNetwork(
        create_backbone(SMALL, "random"), backbone_input(SMALL), "cpu", "float32"
    )
    alone = [network.columns(pictures[i : i + 3], [-1], ["avg"], "cpu") for i in (0, 3, 6)]
    network.device = "a device"  # as one that is no CPU; what it computes is the CPU's
    given: list[int] = []
    real = FrozenNetwork._columns

    def noted(self: Any, images: Any, *rest: Any) -> Any:
        given.append(len(images))
        self.device = "cpu"
        try:
            return real(self, images, *rest)
        finally:
            self.device = "a device"

    monkeypatch.setattr(FrozenNetwork, "_columns", noted)
    with ThreadPoolExecutor(3) as pool, network._together._turn:
        asked = [
            pool.submit(network.columns, pictures[i : i + 3], [-1], ["avg"], "cpu")
            for i in (0, 3, 6)
        ]
        while len(network._together._waiting) < 3:
            time.sleep(0.001)
    for got, want in zip((each.result() for each in asked), alone, strict=True):
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-4)
    assert given == [9]


@pytest.mark.integration
def test_a_gpu_meets_few_counts_of_images(
    pictures: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = FrozenNetwork(
        create_backbone(SMALL, "random"), backbone_input(SMALL), "cpu", "float32"
    )
    wanted = network.columns(pictures, [-1], ["avg", "max"], "cpu")
    monkeypatch.setattr(frozen, "PREPARES_COUNTS", ("cpu",))
    model: Any = network.model
    forward, seen = model.forward_features, []

    def watched(batch: Any) -> Any:
        seen.append(len(batch))
        return forward(batch)

    model.forward_features = watched
    for count in range(1, 10):
        got = network.columns(pictures[:count], [-1], ["avg", "max"], "cpu")
        np.testing.assert_allclose(got, wanted[:count], atol=1e-5)
    assert set(seen) == {16}
    network.size.too_many(8)  # what does not fit is not filled up to again
    network.columns(pictures, [-1], ["avg"], "cpu")
    assert seen[-3:] == [4, 4, 4]


def test_layers_come_in_the_order_asked_for_from_one_pass(model: Any) -> None:
    batch = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        last, first, third = layer_maps(model, batch, [-1, 0, 2])
        torch.testing.assert_close(last, model.forward_features(batch))
        stages = model.forward_intermediates(batch, intermediates_only=True)
    torch.testing.assert_close(first, stages[0])
    torch.testing.assert_close(third, stages[2])


def test_a_stage_that_is_not_there_names_the_stages(model: Any) -> None:
    with torch.inference_mode(), pytest.raises(UsageError, match=r"\[99\]; expected -1, or 0 to 4"):
        layer_maps(model, torch.zeros(1, 3, 64, 64), [-1, 99])


class Tokens:
    """A transformer of one class token and four of the picture, row by row."""

    num_prefix_tokens = 1

    def forward_features(self, batch: Any) -> Any:
        return torch.arange(5.0).reshape(1, 5, 1).repeat(len(batch), 1, 2)


def test_a_transformers_tokens_become_rows_and_columns() -> None:
    (maps,) = layer_maps(Tokens(), torch.zeros(3, 3, 8, 8), [-1])
    assert maps.shape == (3, 2, 2, 2)
    assert maps[0, 0].tolist() == [[1, 2], [3, 4]]
    with pytest.raises(UsageError, match="Tokens gives its last layer alone"):
        layer_maps(Tokens(), torch.zeros(1, 3, 8, 8), [0])


def test_channels_are_counted_without_weights(model: Any) -> None:
    side = backbone_input(SMALL).size
    with torch.inference_mode():
        maps = layer_maps(model, torch.zeros(1, 3, side, side), [-1, 0, 1])
    assert channels(SMALL, (-1, 0, 1)) == tuple(m.shape[1] for m in maps)


def test_a_network_is_loaded_once_and_learns_nothing() -> None:
    first = load_frozen(SMALL, "random", "", "", "cpu", "float32")
    assert load_frozen(SMALL, "random", "", "", "cpu", "float32") is first
    assert not first.model.training
    assert not any(p.requires_grad for p in first.model.parameters())
