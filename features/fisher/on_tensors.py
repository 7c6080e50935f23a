"""Fisher vectors of torch tensors, where they lie: the numbers of the CPU's path."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gliaboost.features.fisher.descriptors import LEAST
from gliaboost.features.fisher.layout import BLOCK, DIRECTIONS, Scale, layout
from gliaboost.features.fisher.vocabulary import Vocabulary, densities
from gliaboost.features.kernels.directions import directed_votes
from gliaboost.features.kernels.gpu.chunks import in_chunks, target
from gliaboost.features.kernels.gradients import SIDE, SPAN

# Pixels a chunk: 32 slices of 256 pixels, whose descriptors of three scales take 30 MB.
PIXELS = 1 << 21


def fisher_vectors(
    images: torch.Tensor,
    vocabulary: Vocabulary,
    *,
    stride: int,
    cells: tuple[float, ...],
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Compute the Fisher vector of each image.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
        On any device, or in pinned host memory.
    vocabulary : Vocabulary
    stride, cells
        As `gliaboost.features.fisher.descriptors.describe` takes them.
    device : torch.device or str, optional
        Where to compute; default: where the images lie, for pinned memory the current GPU.

    Returns
    -------
    float32 tensor [N, K + 2 K D]
        On that device.
    """
    where = target(images, device)
    components, offset, middle, scale = (
        torch.from_numpy(a.copy()).to(where)
        for a in (vocabulary.components, vocabulary.offset, vocabulary.middle, vocabulary.scale)
    )
    linear = torch.from_numpy(densities(vocabulary)).to(where)

    def compute(chunk: torch.Tensor, _: slice) -> torch.Tensor:
        maps = direction_maps(chunk)
        parts = [
            _described(maps, s, *chunk.shape[1:]) for s in layout(*chunk.shape[1:], stride, cells)
        ]
        shares, beside, kept = (torch.cat(p, dim=1) for p in zip(*parts, strict=True))
        own = shares @ components.T - offset
        projected = torch.cat([own, (beside - middle) * scale], dim=2)
        return _encoded(projected, kept, vocabulary, linear)

    return in_chunks(images, where, compute, pixels=PIXELS)


def direction_maps(images: torch.Tensor) -> torch.Tensor:
    """Sum votes and greys by blocks: float32 [N, rows, directions + 1, columns]."""
    first, near, far = (
        torch.from_numpy(t).reshape(-1).to(images.device) for t in directed_votes(DIRECTIONS)
    )
    grey = images.to(torch.int64)
    down = torch.cat([grey[:, 1:], grey[:, -1:]], 1) - torch.cat([grey[:, :1], grey[:, :-1]], 1)
    right = torch.cat([grey[:, :, 1:], grey[:, :, -1:]], 2)
    across = right - torch.cat([grey[:, :, :1], grey[:, :, :-1]], 2)
    index = (down + SPAN) * SIDE + across + SPAN
    lower, one, two = first[index].to(torch.int64), near[index], far[index]
    upper = (lower + 1) % DIRECTIONS
    layers = [one * (lower == k) + two * (upper == k) for k in range(DIRECTIONS)]
    stack = torch.stack([*layers, grey.to(torch.float32)], 1)
    height, width = images.shape[1:]
    stack = torch.nn.functional.pad(stack, (0, -width % BLOCK, 0, -height % BLOCK))
    count, kinds, height, width = stack.shape
    blocks = stack.reshape(count, kinds, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return blocks.sum((3, 5)).transpose(1, 2)


def _described(
    maps: torch.Tensor, scale: Scale, height: int, width: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give descriptors [N, n, 128], what stands beside [N, n, 4], and which hold a gradient."""

    def here(values: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(values).to(maps.device)

    down, across = scale
    count = len(maps)
    pooled = torch.einsum("pr,nrkc->npkc", here(down.weights), maps) @ here(across.weights).T
    i, j = here(down.cells), here(across.cells)
    # Axes: image, row, cell down, direction, column, cell across.
    cells = pooled[:, i][..., j].permute(0, 1, 4, 2, 5, 3)
    values = cells[..., :DIRECTIONS].flatten(3).flatten(1, 2)
    grey = cells[..., DIRECTIONS].flatten(3).flatten(1, 2).mean(2)
    total = values.sum(2)
    magnitude = total / (values.shape[2] // DIRECTIONS)
    kept = magnitude >= LEAST
    shares = torch.sqrt(values / total.clamp(min=1e-12)[..., None])
    y, x = here(down.centres) / height, here(across.centres) / width
    place = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1).flatten(0, 1)
    told = torch.stack([torch.log1p(magnitude), grey / 255], -1)
    return shares, torch.cat([place.expand(count, -1, -1), told], -1), kept


def _encoded(
    projected: torch.Tensor, kept: torch.Tensor, vocabulary: Vocabulary, linear: torch.Tensor
) -> torch.Tensor:
    weights, means, variances = (
        torch.from_numpy(a.astype(np.float64)).to(projected.device)
        for a in (vocabulary.weights, vocabulary.means, vocabulary.variances)
    )
    dims = means.shape[1]
    moments = torch.cat([projected, projected * projected, torch.ones_like(projected[..., :1])], 2)
    shares = torch.softmax(moments @ linear, dim=2) * kept[..., None]
    number = kept.sum(1).clamp(min=1)[:, None, None]
    statistics = (shares.transpose(1, 2) @ moments).to(torch.float64) / number
    first, second = statistics[..., :dims], statistics[..., dims:-1]
    total = statistics[..., -1:]
    root = torch.sqrt(weights.clamp(min=1e-30))[:, None]
    spread = total * (variances - means * means) + 2 * first * means - second
    vector = torch.cat(
        [
            (total / root - root).flatten(1),
            ((first - total * means) / (root * torch.sqrt(variances))).flatten(1),
            (spread / (math.sqrt(2) * root * variances)).flatten(1),
        ],
        dim=1,
    )
    vector = torch.sign(vector) * torch.sqrt(torch.abs(vector)) * kept.any(1)[:, None]
    return torch.nn.functional.normalize(vector, dim=1, eps=1e-12).to(torch.float32)
