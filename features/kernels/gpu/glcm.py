"""Grey-level co-occurrence on a device, with the numbers of `cpu.glcm`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gliaboost.features.kernels.cooccurrence import check_levels, check_masks, check_properties
from gliaboost.features.kernels.gpu.chunks import at_once, in_chunks, runs_triton, target
from gliaboost.features.kernels.gpu.haralick import summarise
from gliaboost.features.kernels.grid import grid_edges

# Counters of a chunk; some five numbers of 8 bytes are held beside each.
MOST_COUNTERS = 1 << 26


def glcm_counts(
    images: torch.Tensor,
    offsets: NDArray[np.int64],
    *,
    levels: int = 256,
    symmetric: bool = False,
    masks: torch.Tensor | None = None,
    grid: tuple[int, int] = (1, 1),
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Count pairs of grey levels at each offset.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
        On any device, or in pinned host memory.
    offsets, levels, symmetric, grid
        As `gliaboost.features.kernels.cpu.glcm.glcm_counts` takes them.
    masks : bool tensor [N, H, W], optional
        Only pairs with both pixels inside count.
    device : torch.device or str, optional
        Where to compute; default: where the images lie, for pinned memory the current GPU.

    Returns
    -------
    int32 tensor [N, G, K, levels, levels]
        On that device.

    Raises
    ------
    UsageError
        If a parameter is out of range or the masks do not fit the images.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from gliaboost.features.kernels.gpu.glcm import glcm_counts
    >>> image = torch.tensor([[[0, 0, 255], [0, 255, 255]]], dtype=torch.uint8)
    >>> glcm_counts(image, np.array([[0, 1]]), levels=2)[0, 0, 0].tolist()
    [[1, 2], [0, 1]]
    """
    where = target(images, device)
    check_levels(levels)
    check_masks(images, masks)
    edges = grid_edges(tuple(images.shape[1:]), grid)

    def compute(chunk: torch.Tensor, part: slice) -> torch.Tensor:
        inside = None if masks is None else masks[part].to(where)
        counts = _count(chunk, inside, offsets, edges, levels)
        return counts + counts.transpose(-1, -2) if symmetric else counts

    return in_chunks(images, where, compute, pixels=at_once(runs_triton(where)))


def glcm_properties(
    images: torch.Tensor,
    offsets: NDArray[np.int64],
    properties: Sequence[str],
    *,
    levels: int = 256,
    symmetric: bool = True,
    masks: torch.Tensor | None = None,
    grid: tuple[int, int] = (1, 1),
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Compute texture properties of co-occurrence.

    Parameters
    ----------
    images, offsets, levels, symmetric, masks, grid, device
        As `glcm_counts` takes them.
    properties : sequence of str
        As `gliaboost.features.kernels.cpu.glcm.glcm_properties` takes them.

    Returns
    -------
    float32 tensor [N, G * K * P]
        For each cell, for each offset, the properties in order.

    Raises
    ------
    UsageError
        If a parameter is out of range or a property unknown.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from gliaboost.features.kernels.gpu.glcm import glcm_properties
    >>> image = torch.tensor([[[0, 0, 255], [0, 255, 255]]], dtype=torch.uint8)
    >>> glcm_properties(image, np.array([[0, 1]]), ["contrast", "ASM"], levels=2).tolist()
    [[0.5, 0.25]]
    """
    where = target(images, device)
    check_properties(properties)
    check_levels(levels)
    check_masks(images, masks)
    edges = grid_edges(tuple(images.shape[1:]), grid)
    counters = math.prod(grid) * len(offsets) * levels * levels

    def compute(chunk: torch.Tensor, part: slice) -> torch.Tensor:
        inside = None if masks is None else masks[part].to(where)
        counts = _count(chunk, inside, offsets, edges, levels)
        if symmetric:
            counts = counts + counts.transpose(-1, -2)
        return summarise(counts.flatten(0, 2), properties)

    area = images.shape[1] * images.shape[2]
    most = max(1, min(MOST_COUNTERS // max(1, counters), at_once(runs_triton(where)) // area))
    out = in_chunks(images, where, compute, pixels=most * area)
    return out.reshape(len(images), math.prod(grid) * len(offsets) * len(properties))


def _count(
    images: torch.Tensor,
    masks: torch.Tensor | None,
    offsets: NDArray[np.int64],
    edges: tuple[NDArray[np.int64], NDArray[np.int64]],
    levels: int,
) -> torch.Tensor:
    ys, xs = edges
    cells = (len(ys) - 1) * (len(xs) - 1)
    shape = (len(images), cells, len(offsets), levels, levels)
    counts = torch.zeros(shape, dtype=torch.int32, device=images.device)
    if counts.numel() == 0:
        return counts
    if runs_triton(images.device):
        from gliaboost.features.kernels.gpu.triton_glcm import count_pairs

        count_pairs(images, masks, offsets, ys, xs, levels, counts)
        return counts
    grey = (images.to(torch.int32) * levels) >> 8
    cell = torch.from_numpy(_cells(ys, xs)).to(images.device)
    flat, (height, width) = counts.view(-1), images.shape[1:]
    first_count = torch.arange(len(images), device=images.device)[:, None, None] * cells
    for k, (dy, dx) in enumerate(offsets.tolist()):
        a = (
            slice(max(0, -dy), min(height, height - dy)),
            slice(max(0, -dx), min(width, width - dx)),
        )
        b = (slice(max(0, dy), min(height, height + dy)), slice(max(0, dx), min(width, width + dx)))
        if abs(dy) >= height or abs(dx) >= width:
            continue
        together = (cell[a] == cell[b]).expand(len(images), -1, -1)
        if masks is not None:
            together = together & masks[:, *a] & masks[:, *b]
        matrix = (first_count + cell[a]) * len(offsets) + k
        pair = grey[:, *a] * levels + grey[:, *b]
        code = matrix * (levels * levels) + pair
        flat.scatter_add_(0, code.reshape(-1), together.reshape(-1).to(torch.int32))
    return counts


def _cells(ys: NDArray[np.int64], xs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tell the cell of every pixel: int64 [H, W]."""
    rows, columns = (np.repeat(np.arange(len(e) - 1), np.diff(e)) for e in (ys, xs))
    return rows[:, None] * (len(xs) - 1) + columns[None, :]
