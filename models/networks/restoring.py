"""From a network's bytes or its description back to the network."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch

from gliaboost.features.embedding.backbones import backbone_input
from gliaboost.models.networks.multitask import multitask_network
from gliaboost.models.networks.network import (
    Network,
    adapted_network,
    built_if_alike,
    filled,
    from_safetensors,
    scratch_network,
)


def build(about: Mapping[str, Any]) -> Network:
    """Build the network that `Network.about` describes, its weights still fresh."""
    if about["kind"] == "scratch":
        return scratch_network(
            about["classes"], about["size"], about["widths"], about["depths"], about["dropout"]
        )
    if about["kind"] == "multitask":
        return multitask_network(
            about["classes"],
            about["backbone"],
            "random",
            about["size"],
            about["width"],
            about["dropout"],
        )
    own = backbone_input(about["backbone"]).size
    size = None if about["size"] == own else about["size"]
    return adapted_network(about["classes"], about["backbone"], "random", size, about["dropout"])


def restore(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> Network:
    """Build a network with these weights, in evaluation mode.

    Raises
    ------
    NativeModelError
        If the weights are not those of the network described.
    """
    return filled(tensors, lambda: built_if_alike(about, tensors, lambda: build(about)))


@functools.lru_cache(maxsize=2)
def load_network(native: bytes, device: str) -> tuple[Network, dict[str, Any]]:
    """Restore a network from bytes, or return the one restored before."""
    tensors, about = from_safetensors(native)
    network = restore(tensors, about["network"]).to(device)
    return network.to(memory_format=torch.channels_last), about  # type: ignore[call-overload]
