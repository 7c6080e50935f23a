"""Histograms of oriented gradients on a device, with the numbers of `cpu.hog`."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch

from gliaboost.features.kernels.cpu.hog import fill_bins
from gliaboost.features.kernels.gpu.chunks import at_once, in_chunks, runs_triton, target
from gliaboost.features.kernels.gradients import BLOCK_NORMS, SIDE, SPAN, blocks, check_votes, votes

# Degrees from a border within which two devices' arc tangents might choose different bins: far
# more than their last bits, far less than two gradients that really differ are apart.
DOUBTFUL = 1e-9


def hog(
    images: torch.Tensor,
    *,
    orientations: int = 9,
    pixels_per_cell: tuple[int, int] = (8, 8),
    cells_per_block: tuple[int, int] = (3, 3),
    block_norm: str = "L2-Hys",
    transform_sqrt: bool = False,
    soft_bins: bool = False,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Compute the HOG descriptor of each image.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
        On any device, or in pinned host memory.
    orientations, pixels_per_cell, cells_per_block, block_norm, transform_sqrt, soft_bins
        As `gliaboost.features.kernels.cpu.hog.hog` takes them.
    device : torch.device or str, optional
        Where to compute; default: where the images lie, for pinned memory the current GPU.

    Returns
    -------
    float32 tensor [N, D]
        On that device.

    Raises
    ------
    UsageError
        If a parameter is out of range, or the images are smaller than a block.

    Examples
    --------
    >>> import torch
    >>> from gliaboost.features.kernels.gpu.hog import hog
    >>> tuple(hog(torch.zeros((2, 32, 32), dtype=torch.uint8)).shape)
    (2, 324)
    """
    where = target(images, device)
    rows, columns = blocks(images.shape[1], images.shape[2], pixels_per_cell, cells_per_block)
    check_votes(orientations, block_norm)
    (ch, cw), (bh, bw) = pixels_per_cell, cells_per_block
    triton = runs_triton(where) and not transform_sqrt

    def compute(chunk: torch.Tensor, _: slice) -> torch.Tensor:
        if transform_sqrt:
            sums = _vote_sqrt(chunk, ch, cw, orientations, soft_bins)
        elif triton:
            from gliaboost.features.kernels.gpu.triton_hog import vote

            bins, lower, shares = _tables(orientations, chunk.device)
            sums = vote(
                chunk, ch, cw, orientations, lower if soft_bins else bins, shares, soft_bins
            )
        else:
            sums = _vote(chunk, ch, cw, orientations, soft_bins)
        return _normalise(sums / (ch * cw), bh, bw, block_norm)

    out = in_chunks(images, where, compute, pixels=at_once(triton))
    return out.reshape(len(images), rows * columns * bh * bw * orientations)


@functools.lru_cache(maxsize=8)
def _tables(
    orientations: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    bins, lower, shares = (torch.tensor(t).reshape(-1).to(device) for t in votes(orientations))
    return bins, lower, shares


def _differences(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Centred differences down and to the right, 0 where there is a border."""
    dy, dx = torch.zeros_like(values), torch.zeros_like(values)
    dy[:, 1:-1] = values[:, 2:] - values[:, :-2]
    dx[:, :, 1:-1] = values[:, :, 2:] - values[:, :, :-2]
    return dy, dx


def _vote(images: torch.Tensor, ch: int, cw: int, orientations: int, soft: bool) -> torch.Tensor:
    bins, lower, shares = _tables(orientations, images.device)
    dy, dx = _differences(images.to(torch.int32))
    index = (dy + SPAN) * SIDE + dx + SPAN
    magnitude = torch.sqrt((dy * dy + dx * dx).to(torch.float32)).to(torch.float64)
    if not soft:
        return _cells(magnitude, bins[index], ch, cw, orientations)
    first = lower[index].to(torch.int32)
    above = magnitude * shares[index].to(torch.float64)
    below = _cells(magnitude - above, first, ch, cw, orientations)
    return below + _cells(above, (first + 1) % orientations, ch, cw, orientations)


def _vote_sqrt(
    images: torch.Tensor, ch: int, cw: int, orientations: int, soft: bool
) -> torch.Tensor:
    dy, dx = _differences(torch.sqrt(images.to(torch.float64)))
    magnitude = torch.sqrt(dy * dy + dx * dx)
    degrees = torch.atan2(dy, dx) * (180.0 / math.pi)
    degrees = torch.where(degrees < 0.0, degrees + 180.0, degrees)
    degrees = torch.where(degrees >= 180.0, degrees - 180.0, degrees)
    per_bin = 180.0 / orientations
    if not soft:
        borders = per_bin * torch.arange(1, orientations, device=images.device, dtype=torch.float64)
        hard = torch.searchsorted(borders, degrees, right=True)
        return _cells(
            magnitude, _as_on_the_cpu(hard, degrees, dy, dx, orientations), ch, cw, orientations
        )
    position = degrees / per_bin - 0.5
    lower = torch.floor(position)
    share = position - lower
    first = lower.to(torch.int64)
    below = _cells(magnitude * (1.0 - share), first % orientations, ch, cw, orientations)
    return below + _cells(magnitude * share, (first + 1) % orientations, ch, cw, orientations)


def _as_on_the_cpu(
    hard: torch.Tensor, degrees: torch.Tensor, dy: torch.Tensor, dx: torch.Tensor, orientations: int
) -> torch.Tensor:
    """Let the CPU decide on gradients at a border; roots and differences are the same bits there.

    Along an axis an arc tangent is exact everywhere, and most pixels lie there: they stay.
    """
    off = torch.remainder(degrees + DOUBTFUL, 180.0 / orientations)
    doubtful = (off <= 2 * DOUBTFUL) & (dy != 0.0) & (dx != 0.0)
    y, x = (each[doubtful].cpu().numpy() for each in (dy, dx))
    bins = np.empty(len(y), np.int64)
    fill_bins(y, x, orientations, bins)
    return hard.masked_scatter(doubtful, torch.from_numpy(bins).to(hard.device))


def _cells(
    magnitude: torch.Tensor, bins: torch.Tensor, ch: int, cw: int, orientations: int
) -> torch.Tensor:
    """Sum votes by cell and bin: float64 [N, cell rows, cell columns, orientations]."""
    count, height, width = magnitude.shape
    rows, columns = height // ch, width // cw
    magnitude, bins = (t[:, : rows * ch, : columns * cw] for t in (magnitude, bins))
    sums = [
        (magnitude * (bins == b)).reshape(count, rows, ch, columns, cw).sum((2, 4))
        for b in range(orientations)
    ]
    return torch.stack(sums, -1)


def _normalise(cells: torch.Tensor, bh: int, bw: int, block_norm: str) -> torch.Tensor:
    """Normalise blocks of cells: float32 [N, block rows, block columns, bh * bw * bins]."""
    eps = 1e-5
    block = cells.unfold(1, bh, 1).unfold(2, bw, 1).permute(0, 1, 2, 4, 5, 3).flatten(3)
    norm = BLOCK_NORMS.index(block_norm)
    if norm < 2:
        block = block / (block.sum(-1, keepdim=True) + eps)
        return (torch.sqrt(block) if norm == 1 else block).to(torch.float32)
    block = block / torch.sqrt((block * block).sum(-1, keepdim=True) + eps * eps)
    if norm == 3:
        block = block.clamp(max=0.2)
        block = block / torch.sqrt((block * block).sum(-1, keepdim=True) + eps * eps)
    return block.to(torch.float32)
