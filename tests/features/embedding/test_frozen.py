from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from gliaboost.errors import UsageError  # noqa: E402
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


def test_memory_that_runs_out_halves_the_batch(pictures: NDArray[np.uint8]) -> None:
    network = FrozenNetwork(
        create_backbone(SMALL, "random"), backbone_input(SMALL), "cpu", "float32"
    )
    wanted = network.columns(pictures, [-1], ["avg"], "cpu")
    model: Any = network.model
    forward, seen = model.forward_features, []

    def tight(batch: Any) -> Any:
        seen.append(len(batch))
        if len(batch) > 2:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] can't allocate memory")
        return forward(batch)

    model.forward_features = tight
    again = network.columns(pictures, [-1], ["avg"], "cpu")
    np.testing.assert_allclose(again, wanted, atol=1e-5)
    assert max(seen) > 2 >= network.size.now == network.size.most
    seen.clear()
    network.columns(pictures, [-1], ["avg"], "cpu")
    assert max(seen) <= 2


def test_grey_becomes_the_channels_that_the_backbone_knows() -> None:
    given = BackboneInput(2, (0.1, 0.2, 0.3), (1.0, 2.0, 4.0), "bicubic")
    got = standardised(torch.tensor([[[[0.0, 1.0]]]]), given)
    want = torch.tensor([[-0.1, 0.9], [-0.1, 0.4], [-0.075, 0.175]]).reshape(1, 3, 1, 2)
    torch.testing.assert_close(got, want)


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
