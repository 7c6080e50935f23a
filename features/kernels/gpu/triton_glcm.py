"""Counting of GLCM in Triton: each program has a histogram of its own for some pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import triton
import triton.language as tl
from numpy.typing import NDArray

jit: Any = triton.jit
# A histogram of more bins leaves no room in shared memory for others beside it.
MOST_SHARED_BINS = 4096


def count_pairs(
    images: torch.Tensor,
    masks: torch.Tensor | None,
    offsets: NDArray[np.int64],
    ys: NDArray[np.int64],
    xs: NDArray[np.int64],
    levels: int,
    counts: torch.Tensor,
) -> None:
    """Add pairs of grey levels to counts.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
    masks : bool tensor [N, H, W], optional
    offsets : int64 array [K, 2]
    ys, xs : int64 arrays
        Edges of the cells.
    levels : int
    counts : int32 tensor [N, G, K, levels, levels]
    """
    count, height, width = images.shape
    edges = (torch.from_numpy(e).to(images.device, torch.int32) for e in (ys, xs))
    steps = torch.from_numpy(np.ascontiguousarray(offsets)).to(images.device, torch.int32)
    largest = int(np.diff(ys).max() * np.diff(xs).max())
    block = min(4096, max(128, triton.next_power_of_2(largest)))
    cells = (len(ys) - 1) * (len(xs) - 1)
    _count_pairs[(count * cells, len(offsets), triton.cdiv(largest, block))](
        images,
        images if masks is None else masks.contiguous().view(torch.uint8),
        steps,
        *edges,
        counts,
        height,
        width,
        len(ys) - 1,
        len(xs) - 1,
        levels,
        MASKED=masks is not None,
        BINS=max(32, triton.next_power_of_2(levels * levels)),
        SHARED=levels * levels <= MOST_SHARED_BINS,
        BLOCK=block,
        enable_fp_fusion=False,
    )


@jit
def _count_pairs(  # type: ignore[no-untyped-def]
    images,
    masks,
    offsets,
    ys,
    xs,
    counts,
    height,
    width,
    rows,
    columns,
    levels,
    MASKED: tl.constexpr,
    BINS: tl.constexpr,
    SHARED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    cell = tl.program_id(0).to(tl.int64)
    k = tl.program_id(1)
    row, column = cell // columns % rows, cell % columns
    first = cell // (rows * columns) * height * width
    dy, dx = tl.load(offsets + 2 * k), tl.load(offsets + 2 * k + 1)
    y0, y1 = tl.load(ys + row), tl.load(ys + row + 1)
    x0, x1 = tl.load(xs + column), tl.load(xs + column + 1)
    top, left = tl.maximum(y0, y0 - dy), tl.maximum(x0, x0 - dx)
    high = tl.maximum(tl.minimum(y1, y1 - dy) - top, 0)
    wide = tl.maximum(tl.minimum(x1, x1 - dx) - left, 0)
    p = tl.program_id(2) * BLOCK + tl.arange(0, BLOCK)
    inside = p < high * wide
    across = tl.maximum(wide, 1)
    here = first + (top + p // across) * width + left + p % across
    there = here + dy * width + dx
    if MASKED:
        inside &= (tl.load(masks + here, inside, 0) != 0) & (tl.load(masks + there, inside, 0) != 0)
    i = (tl.load(images + here, inside, 0).to(tl.int32) * levels) >> 8
    j = (tl.load(images + there, inside, 0).to(tl.int32) * levels) >> 8
    code = i * levels + j
    out = counts + (cell * tl.num_programs(1) + k) * levels * levels
    if SHARED:
        bins = tl.arange(0, BINS)
        found = tl.histogram(code, BINS)
        # Pixels that do not count were taken for pairs of black ones.
        found -= tl.where(bins == 0, BLOCK - tl.sum(inside.to(tl.int32), 0), 0)
        tl.atomic_add(out + bins, found, (bins < levels * levels) & (found > 0))
    else:
        # Half of a scan is black: those pairs would all wait for one counter.
        black = inside & (code == 0)
        tl.atomic_add(out, tl.sum(black.to(tl.int32), 0))
        tl.atomic_add(out + code, 1, inside & (code != 0))
