from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from gliaboost.models.base import NativeModelError  # noqa: E402
from gliaboost.models.networks.network import (  # noqa: E402
    adapted_network,
    from_safetensors,
    of_network,
    scratch_network,
    to_safetensors,
)
from gliaboost.models.networks.restoring import build, restore  # noqa: E402

GREY = torch.linspace(0, 1, 2 * 32 * 32).reshape(2, 1, 32, 32)


def scratch() -> Any:
    torch.manual_seed(0)
    network = scratch_network(3, 32, (4, 8), (1, 2), 0.5).eval()
    torch.nn.init.normal_(network.head.weight)
    return network


def adapted() -> Any:
    return adapted_network(3, "mobilenetv3_small_050", "random", 32, 0.2).eval()


@pytest.mark.parametrize("make", [scratch, adapted])
def test_embeddings_and_logits_have_their_widths(make: Any) -> None:
    network = make()
    with torch.no_grad():
        embedded, logits = network.embed(GREY), network(GREY)
    assert embedded.shape == (2, network.width)
    assert logits.shape == (2, 3)
    torch.testing.assert_close(logits, network.head(embedded))
    assert not torch.equal(logits[0], logits[1])


@pytest.mark.parametrize("make", [scratch, adapted])
def test_bytes_and_description_restore_it(make: Any) -> None:
    network = make()
    native = to_safetensors(network.state_dict(), {"network": network.about, "mirror": True})
    tensors, about = from_safetensors(native)
    assert about["mirror"] is True
    again = restore(tensors, about["network"])
    assert not again.training
    with torch.no_grad():
        torch.testing.assert_close(again(GREY), network(GREY), rtol=0, atol=0)
    assert again.given == network.given
    # Two buildings of one description have the same parts, whatever their weights.
    assert build(network.about).state_dict().keys() == network.state_dict().keys()


def test_images_are_standardised_inside() -> None:
    network = scratch()
    seen: list[Any] = []
    network.body.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.no_grad():
        network(GREY)
    torch.testing.assert_close(seen[0], (GREY - 0.5) / 0.25)


def test_dropout_is_for_training_alone() -> None:
    network = scratch()
    with torch.no_grad():
        assert torch.equal(network(GREY), network(GREY))
        network.train()
        # Batch normalisation stays as it is: what differs is dropout.
        network.body.eval()
        assert not torch.equal(network(GREY), network(GREY))


def test_a_block_begins_as_its_shortcut() -> None:
    block = list(scratch_network(2, 32, (4,), (1,), 0.0).body.children())[3].eval()
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(block(x), torch.nn.functional.silu(x))


def test_stages_halve_the_sides_and_blocks_do_not() -> None:
    network = scratch_network(2, 32, (4, 8, 16), (2, 1, 1), 0.0).eval()
    sides: list[int] = []
    for layer in network.body.children():
        layer.register_forward_hook(lambda _, given, out: sides.append(out.shape[-1]))
    with torch.no_grad():
        network(GREY)
    assert sides[2:7] == [16, 16, 16, 8, 4]


def test_one_network_of_several_is_told_by_its_number() -> None:
    tensors = {"1.a": torch.ones(1), "11.a": torch.zeros(1), "1.b.1.a": torch.ones(2)}
    assert of_network(tensors, 1).keys() == {"a", "b.1.a"}
    assert of_network(tensors, 11).keys() == {"a"}
    assert of_network(tensors, 2) == {}


def packed(**about: Any) -> bytes:
    network = scratch()
    return to_safetensors(network.state_dict(), {"network": network.about, **about})


@pytest.mark.parametrize("cut", [0, 5, 200, -1])
def test_cut_bytes_are_refused(cut: int) -> None:
    with pytest.raises(NativeModelError, match=r"cannot be read .* copy it again"):
        from_safetensors(packed()[:cut])


def test_bytes_of_something_else_are_refused() -> None:
    from safetensors.torch import save

    with pytest.raises(NativeModelError, match="cannot be read"):
        from_safetensors(save({"a": torch.ones(1)}))


def test_a_newer_layout_names_its_number() -> None:
    with pytest.raises(NativeModelError, match="has layout 99, this gliaboost knows 1; install"):
        from_safetensors(packed(format=99))
