"""Local binary patterns on a device, with the codes of `cpu.lbp`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features.kernels.circles import (
    VARIANCE_BINS,
    Circle,
    check_circle,
    histogram_bins,
    ror_classes,
    sampling,
)
from gliaboost.features.kernels.gpu.chunks import CHUNK, FUSED, in_chunks, runs_triton, target
from gliaboost.features.kernels.grid import grid_edges

Edges = tuple[NDArray[np.int64], NDArray[np.int64]]


def lbp_codes(
    images: torch.Tensor,
    points: int,
    radius: float,
    method: str = "default",
    *,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Compute the local binary pattern of every pixel, by plain torch operations.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
        On any device with double precision, or in pinned host memory.
    points, radius, method
        As `gliaboost.features.kernels.cpu.lbp.lbp_codes` takes them.
    device : torch.device or str, optional
        Where to compute; default: where the images lie, for pinned memory the current GPU.

    Returns
    -------
    int64 tensor [N, H, W], float64 for ``var``
        Identical to the CPU's.

    Raises
    ------
    UsageError
        If a parameter is out of range.

    Examples
    --------
    >>> import torch
    >>> from gliaboost.features.kernels.gpu.lbp import lbp_codes
    >>> bright = torch.zeros((1, 3, 3), dtype=torch.uint8)
    >>> bright[0, 1, 1] = 255
    >>> lbp_codes(bright, 4, 1)[0].tolist()
    [[15, 15, 15], [15, 0, 15], [15, 15, 15]]
    """
    where = target(images, device)
    check_circle(points, radius, method)
    circle = sampling(images.shape[1], images.shape[2], points, float(radius))
    return in_chunks(images, where, lambda c, _: _codes(c, circle, method), pixels=CHUNK // 4)


def lbp_histograms(
    images: torch.Tensor,
    points: Sequence[int],
    radii: Sequence[float],
    method: str = "uniform",
    *,
    grid: tuple[int, int] = (1, 1),
    normed: bool = False,
    device: torch.device | str | None = None,
) -> torch.Tensor:
    """Count the patterns in each cell of a grid, for several circles.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
        On any device with double precision, or in pinned host memory.
    points, radii, method, grid, normed
        As `gliaboost.features.kernels.cpu.lbp.lbp_histograms` takes them.
    device : torch.device or str, optional
        Where to compute; default: where the images lie, for pinned memory the current GPU.

    Returns
    -------
    float32 tensor [N, D]
        For each circle, for each cell row by row, `histogram_bins` bins; on that device.

    Raises
    ------
    UsageError
        If a parameter is out of range.

    Examples
    --------
    >>> import torch
    >>> from gliaboost.features.kernels.gpu.lbp import lbp_histograms
    >>> lbp_histograms(torch.zeros((1, 8, 8), dtype=torch.uint8), [8], [1])[0].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 64.0, 0.0]
    """
    where = target(images, device)
    if len(points) != len(radii):
        raise UsageError(f"{len(points)} numbers of points for {len(radii)} radii; give one each")
    height, width = images.shape[1:]
    edges = grid_edges((height, width), grid)
    circles = []
    for p, r in zip(points, radii, strict=True):
        bins = histogram_bins(p, method)
        check_circle(p, r, method)
        circles.append((sampling(height, width, p, float(r)), bins))
    heights, widths = (torch.from_numpy(np.diff(e)).to(where) for e in edges)
    area = (heights[:, None] * widths).reshape(-1, 1)

    def compute(chunk: torch.Tensor, _: slice) -> torch.Tensor:
        parts = []
        for circle, bins in circles:
            counts = _count(chunk, circle, method, edges, bins)
            if normed:
                counts = counts.to(torch.float64) / area
            parts.append(counts.to(torch.float32).flatten(1))
        return torch.cat(parts, 1)

    # In plain torch a code is 8 bytes, and several numbers a pixel are held beside it.
    pixels = FUSED if runs_triton(where) else CHUNK // 4
    return in_chunks(images, where, compute, pixels=pixels)


def _count(
    images: torch.Tensor, circle: Circle, method: str, edges: Edges, bins: int
) -> torch.Tensor:
    """Count codes by cell: int32 [N, G, bins]."""
    ys, xs = edges
    cells = (len(ys) - 1) * (len(xs) - 1)
    shape = (len(images), cells, bins)
    counts = torch.zeros(shape, dtype=torch.int32, device=images.device)
    if counts.numel() == 0:
        return counts
    points = len(circle.corners)
    classes = ror_classes(points) if method == "ror" else np.zeros(1, np.int64)
    table = torch.from_numpy(classes).to(images.device)
    if runs_triton(images.device):
        from gliaboost.features.kernels.gpu.triton_lbp import count_patterns

        count_patterns(images, circle, method, table, ys, xs, counts)
        return counts
    codes = _codes(images, circle, method)
    if method == "var":
        exponents = torch.frexp(codes.nan_to_num(0.0)).exponent.to(torch.int64)
        codes = torch.where(codes >= 1.0, exponents.clamp(max=VARIANCE_BINS - 1), 0)
    elif method == "ror":
        codes = table[codes]
    rows, columns = (
        torch.from_numpy(np.repeat(np.arange(len(e) - 1), np.diff(e))).to(images.device)
        for e in edges
    )
    cell = rows[:, None] * (len(xs) - 1) + columns
    number = torch.arange(len(images), device=images.device)[:, None, None] * cells + cell
    index = (number * bins + codes).reshape(-1)
    counts.view(-1).scatter_add_(0, index, torch.ones_like(index, dtype=torch.int32))
    return counts


def _neighbours(images: torch.Tensor, circle: Circle) -> Iterator[torch.Tensor]:
    """Give each neighbour's interpolated intensity: float64 [N, H, W], in scikit-image's order."""
    (height, width), border = images.shape[1:], circle.border
    margins = (border, border + 1, border, border + 1)
    padded = torch.nn.functional.pad(images.to(torch.float64), margins)
    rows = torch.from_numpy(circle.row_fractions).to(images.device)
    columns = torch.from_numpy(circle.column_fractions).to(images.device)
    for k, (dy, dx, down, right) in enumerate(circle.corners.tolist()):
        top, left = border + dy, border + dx
        low, f = rows[k][:, None], columns[k]
        above = padded[:, top : top + height]
        a, b = above[..., left : left + width], above[..., left + right :][..., :width]
        upper = (1.0 - f) * a + f * b if right else a
        below = padded[:, top + down : top + down + height]
        a, b = below[..., left : left + width], below[..., left + right :][..., :width]
        lower = (1.0 - f) * a + f * b if right else a
        yield (1.0 - low) * upper + low * lower if down else upper


def _codes(images: torch.Tensor, circle: Circle, method: str) -> torch.Tensor:
    points = len(circle.corners)
    if method == "var":
        return _variances(images, circle)
    pixel = images.to(torch.float64)
    zero = torch.zeros(images.shape, dtype=torch.int64, device=images.device)
    pattern, ones, changes = zero, zero, zero
    first_one, first_zero = zero + points, zero + points
    previous: torch.Tensor | None = None
    for k, value in enumerate(_neighbours(images, circle)):
        bit = value >= pixel
        if method in ("default", "ror"):
            pattern = pattern | (bit.to(torch.int64) << k)
            continue
        ones = ones + bit
        if previous is not None:
            changes = changes + (bit != previous)
        previous = bit
        if method == "nri_uniform":
            first_one = torch.where(bit & (first_one == points), k, first_one)
            first_zero = torch.where(~bit & (first_zero == points), k, first_zero)
    if method == "default":
        return pattern
    if method == "ror":
        least, turned = pattern, pattern
        for _ in range(points - 1):
            turned = (turned >> 1) | ((turned & 1) << (points - 1))
            least = torch.minimum(least, turned)
        return least
    if method == "uniform":
        return torch.where(changes <= 2, ones, points + 1)
    turns = torch.where(first_one == 0, ones - first_zero, points - first_one)
    codes = 1 + (ones - 1) * points + turns
    codes = torch.where(ones == 0, 0, codes)
    codes = torch.where(ones == points, points * (points - 1) + 1, codes)
    return torch.where(changes > 2, points * (points - 1) + 2, codes)


def _variances(images: torch.Tensor, circle: Circle) -> torch.Tensor:
    points = len(circle.corners)
    total = torch.zeros(images.shape, dtype=torch.float64, device=images.device)
    squares = torch.zeros_like(total)
    for value in _neighbours(images, circle):
        total = total + value
        squares = squares + value * value
    variance = (squares - (total * total) / points) / points
    return torch.where(variance != 0.0, variance, math.nan)
