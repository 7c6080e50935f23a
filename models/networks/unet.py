"""A U-Net on a pretrained encoder: its maps at every stride, read upwards by a light decoder."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from gliaboost.errors import UsageError
from gliaboost.features.embedding.backbones import BackboneInput, backbone_input, create_backbone
from gliaboost.features.embedding.frozen import layer_maps, standardised
from gliaboost.models.base import NativeModelError
from gliaboost.models.networks.network import (
    Trainable,
    built_if_alike,
    filled,
    from_safetensors,
)

# Log-odds that a pixel is no tumour, before anything is learned: tumours are a few percent.
PRIOR = 4.0


class Encoder(nn.Module):
    """A backbone's maps, from the finest stride to the coarsest.

    Parameters
    ----------
    backbone : nn.Module
        Of timm, with `forward_intermediates`.

    Raises
    ------
    UsageError
        If it has no maps of at least two strides.
    """

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        stages = list(getattr(backbone, "feature_info", []) or [])
        strides = [stage["reduction"] for stage in stages]
        if len(set(strides)) < 2 or not hasattr(backbone, "prune_intermediate_layers"):
            raise UsageError(
                f"{type(backbone).__name__} has maps of {len(set(strides))} stride(s), and a U-Net "
                "reads several; name a convolutional backbone"
            )
        # Of equal strides the last has seen most.
        self.stages = [i for i, s in enumerate(strides) if s not in strides[i + 1 :]]
        self.channels = [int(stages[i]["num_chs"]) for i in self.stages]
        # What lies behind the last stage would be carried along, and never learn.
        backbone.prune_intermediate_layers(self.stages, prune_norm=True)
        self.backbone = backbone

    def forward(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """Give the maps, ``[N, C, H, W]`` each, finest first."""
        return layer_maps(self.backbone, batch, self.stages)


class Decoder(nn.Module):
    """Two convolutions at each stride, on what is below and the encoder's maps beside it.

    Parameters
    ----------
    channels : sequence of int
        Of the encoder's maps, finest first.
    width : int
        Channels at the finest stride; twice as many at each coarser one.
    classes : int
        Of the answer, the background among them.
    """

    def __init__(self, channels: Sequence[int], width: int, classes: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        below = channels[-1]
        for level in reversed(range(len(channels) - 1)):
            wide = width * 2**level
            blocks.append(_convolved(below + channels[level], wide))
            below = wide
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Conv2d(below, classes, 1)
        nn.init.normal_(self.last.weight, std=0.01)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.last.bias[0] = PRIOR  # type: ignore[index]

    def forward(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """Give the logits at the finest stride."""
        *beside, x = maps
        for block, skipped in zip(self.blocks, reversed(beside), strict=True):
            # Sides that are no multiple of the stride meet all the same.
            grown = nn.functional.interpolate(x, size=skipped.shape[-2:], mode="nearest")
            x = block(torch.cat([grown, skipped], dim=1))
        logits: torch.Tensor = self.last(x)
        return logits


def _convolved(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class UNet(Trainable):
    """Encoder and decoder; takes grey ``[N, 1, S, S]``, 0 to 1, and gives logits by pixel.

    Parameters
    ----------
    encoder : Encoder
        Standardised images to maps.
    decoder : Decoder
        Maps to logits.
    given : BackboneInput
        Size, mean, std, interpolation.
    about : mapping
        Plain values from which `build_unet` makes the same network.
    """

    def __init__(
        self, encoder: Encoder, decoder: Decoder, given: BackboneInput, about: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.body = encoder
        self.head = decoder
        self.given = given
        self.about = dict(about)

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        """Give the logits, ``float32 [N, 1 + K, S, S]``; the first is the background's."""
        batch = standardised(grey, self.given).contiguous(memory_format=torch.channels_last)
        logits = self.head(self.body(batch)).float()
        return nn.functional.interpolate(
            logits, size=grey.shape[-2:], mode="bilinear", align_corners=False
        )


def pretrained_unet(
    kinds: int,
    backbone: str,
    weights: str,
    size: int,
    width: int,
    *,
    sha256: str = "",
    seed: int = 0,
) -> UNet:
    """Put a fresh decoder on a pretrained encoder.

    Parameters
    ----------
    kinds : int
        Of tumour, beside the background.
    backbone, weights, sha256, seed
        As for `gliaboost.features.embedding.backbones.create_backbone`.
    size : int
        Side of the images in pixels.
    width : int
        The decoder's, at the finest stride.

    Raises
    ------
    UsageError
        If the backbone has no maps of several strides.
    """
    own = backbone_input(backbone)
    encoder = Encoder(create_backbone(backbone, weights, sha256=sha256, seed=seed, size=size))
    about = {
        "kind": "unet",
        "kinds": kinds,
        "backbone": backbone,
        "size": size,
        "width": width,
    }
    given = BackboneInput(size, own.mean, own.std, own.interpolation)
    return UNet(encoder, Decoder(encoder.channels, width, 1 + kinds), given, about)


def build_unet(about: Mapping[str, Any]) -> UNet:
    """Build the network that `UNet.about` describes, its weights still fresh."""
    return pretrained_unet(
        about["kinds"], about["backbone"], "random", about["size"], about["width"]
    )


def restore_unet(native: bytes, kinds: int) -> tuple[UNet, dict[str, Any]]:
    """Restore a network from bytes, in evaluation mode, and what was packed beside it.

    Raises
    ------
    NativeModelError
        If the bytes are no U-Net of so many kinds, or its weights are no numbers.
    """
    tensors, about = from_safetensors(native)
    described = about.get("network")
    if not isinstance(described, Mapping) or described.get("kind") != "unet":
        raise NativeModelError(
            "the bytes are a network's and no U-Net's; train it again or copy it again"
        )
    if described.get("kinds") != kinds:
        raise NativeModelError(
            f"the U-Net tells {described.get('kinds')} kind(s) of tumour, {kinds} are named; train "
            "it again or copy it again"
        )
    broken = [n for n, t in tensors.items() if t.is_floating_point() and not t.isfinite().all()]
    if broken:
        raise NativeModelError(
            f"{len(broken)} of the U-Net's tensors hold no numbers (first: {broken[0]}); train it "
            "again or copy it again"
        )
    return filled(
        tensors, lambda: built_if_alike(described, tensors, lambda: build_unet(described))
    ), about


@functools.lru_cache(maxsize=2)
def load_unet(native: bytes, kinds: int, device: str) -> tuple[UNet, dict[str, Any]]:
    """Restore a network on its device, or return the one restored before."""
    network, about = restore_unet(native, kinds)
    return network.to(device).to(memory_format=torch.channels_last), about  # type: ignore[call-overload]
