"""One encoder for two answers: a decoder draws the tumour, and a class head looks inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from gliaboost.features.embedding.backbones import BackboneInput, backbone_input, create_backbone
from gliaboost.features.embedding.frozen import standardised
from gliaboost.models.networks.network import Network, Trainable
from gliaboost.models.networks.unet import Decoder, Encoder

# The encoder's coarsest maps are pooled: strides 8, 16 and 32.
POOLED = 3
# Centre, spread and size of what is drawn.
GEOMETRY = 5
# Cells of a map that a tumour may be small against.
LEAST = 1e-2


class MaskedBody(nn.Module):
    """Maps averaged inside the mask that the decoder draws, and over all of the image.

    The mask is taken as it is: the class does not teach the decoder where to draw.

    Parameters
    ----------
    encoder : Encoder
        Of at least three strides.
    decoder : Decoder
        Of its maps.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.width = 2 * sum(encoder.channels[-POOLED:]) + GEOMETRY
        # Each stage has a scale of its own; unlike batches', an image's own statistics are the same
        # in training and afterwards.
        channels = [c for c in encoder.channels[-POOLED:] for _ in range(2)]
        self.scaled = nn.ModuleList(nn.LayerNorm(c) for c in channels)

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the columns, ``[N, D]``, and the mask's logits at the finest stride."""
        maps = self.encoder(batch)
        logits = self.decoder(maps).float()
        inside = 1 - torch.softmax(logits.detach(), dim=1)[:, :1]
        columns = [
            column for each in maps[-POOLED:] for column in _inside_and_overall(each, inside)
        ]
        scaled = [norm(each) for norm, each in zip(self.scaled, columns, strict=True)]
        return torch.cat([*scaled, _geometry(inside)], dim=1), logits


def _inside_and_overall(
    maps: torch.Tensor, inside: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    maps = maps.float()
    weights = nn.functional.adaptive_avg_pool2d(inside, (maps.shape[-2], maps.shape[-1]))
    total = weights.sum(dim=(2, 3)) + LEAST
    return (maps * weights).sum(dim=(2, 3)) / total, maps.mean(dim=(2, 3))


def _geometry(inside: torch.Tensor) -> torch.Tensor:
    """Give centre and spread down and across, from -1 to 1, and the size: ``[N, 5]``."""
    total = inside.sum(dim=(1, 2, 3))
    found = [inside.mean(dim=(1, 2, 3)).clamp(min=1e-6).log()]
    for axis in (2, 3):
        side = inside.shape[axis]
        place = torch.linspace(-1, 1, side, device=inside.device)
        along = inside.sum(dim=5 - axis)[:, 0]
        centre = (along * place).sum(dim=1) / (total + LEAST)
        spread = (along * (place - centre[:, None]) ** 2).sum(dim=1) / (total + LEAST)
        found += [centre, spread.clamp(min=1e-8).sqrt()]
    return torch.stack(found, dim=1)


class MultiTask(Network):
    """A network whose body draws a mask on its way to the columns.

    Its own answer is the class alone; `BothAnswers` gives both.
    """

    body: MaskedBody

    def embed(self, grey: torch.Tensor) -> torch.Tensor:
        """Give the columns, ``[N, D]``."""
        return columns_and_mask(self.body, self.given, grey)[0]

    def mask(self, grey: torch.Tensor) -> torch.Tensor:
        """Give the mask's logits, ``float32 [N, 1 + K, S, S]``; the first is the background's."""
        return columns_and_mask(self.body, self.given, grey)[1]


class BothAnswers(Trainable):
    """A multi-task network as it is trained; its weights are that network's, names and all."""

    def __init__(self, network: MultiTask) -> None:
        super().__init__()
        self.body, self.head = network.body, network.head
        self.dropout, self.given = network.dropout, network.given

    def forward(self, grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Give the class's logits, ``[N, K]``, and the mask's, ``[N, 1 + K, S, S]``."""
        columns, mask = columns_and_mask(self.body, self.given, grey)
        return self.head(self.dropout(columns)), mask


def columns_and_mask(
    body: nn.Module, given: BackboneInput, grey: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run a `MaskedBody` on ``[N, 1, S, S]`` from 0 to 1, and bring the mask to its size."""
    batch = standardised(grey, given).contiguous(memory_format=torch.channels_last)
    columns, logits = body(batch)
    return columns, nn.functional.interpolate(
        logits, size=grey.shape[-2:], mode="bilinear", align_corners=False
    )


def multitask_network(
    classes: int,
    backbone: str,
    weights: str,
    size: int,
    width: int,
    dropout: float,
    *,
    sha256: str = "",
    seed: int = 0,
) -> MultiTask:
    """Put a fresh decoder and a fresh class head on a pretrained encoder.

    Parameters
    ----------
    classes : int
        K; the decoder tells as many kinds, and the background.
    backbone, weights, sha256, seed
        As for `gliaboost.features.embedding.backbones.create_backbone`.
    size : int
        Side of the images in pixels.
    width : int
        The decoder's, at the finest stride.
    dropout : float
        Before the class head.
    """
    own = backbone_input(backbone)
    encoder = Encoder(create_backbone(backbone, weights, sha256=sha256, seed=seed, size=size))
    body = MaskedBody(encoder, Decoder(encoder.channels, width, 1 + classes))
    about: Mapping[str, Any] = {
        "kind": "multitask",
        "classes": classes,
        "backbone": backbone,
        "size": size,
        "width": width,
        "dropout": dropout,
    }
    given = BackboneInput(size, own.mean, own.std, own.interpolation)
    return MultiTask(body, body.width, classes, given, dropout, about)
