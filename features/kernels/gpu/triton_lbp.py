"""LBP in Triton: patterns are made in registers and counted in shared memory, never written."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import triton
import triton.language as tl
from numpy.typing import NDArray

from gliaboost.features.kernels.circles import METHODS, Circle

jit: Any = triton.jit
# A histogram of more bins leaves no room in shared memory for others beside it.
MOST_SHARED_BINS = 4096
DEFAULT, ROR, UNIFORM, NRI_UNIFORM, VAR = (tl.constexpr(k) for k in range(len(METHODS)))


def count_patterns(
    images: torch.Tensor,
    circle: Circle,
    method: str,
    classes: torch.Tensor,
    ys: NDArray[np.int64],
    xs: NDArray[np.int64],
    counts: torch.Tensor,
) -> None:
    """Add codes to counts.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
    circle : Circle
    method : str
    classes : int64 tensor
        For ``ror``, the class of each pattern.
    ys, xs : int64 arrays
        Edges of the cells.
    counts : int32 tensor [N, G, bins]
    """
    count, height, width = images.shape
    bins = counts.shape[-1]
    edges = (torch.from_numpy(e).to(images.device, torch.int32) for e in (ys, xs))
    corners, rows, columns = (
        torch.from_numpy(t).to(images.device)
        for t in (circle.corners.astype(np.int32), circle.row_fractions, circle.column_fractions)
    )
    largest = int(np.diff(ys).max() * np.diff(xs).max())
    block = min(1024, max(128, triton.next_power_of_2(largest)))
    cells = (len(ys) - 1) * (len(xs) - 1)
    _count_patterns[(count * cells, triton.cdiv(largest, block))](
        images,
        corners,
        rows,
        columns,
        classes,
        *edges,
        counts,
        height,
        width,
        len(ys) - 1,
        len(xs) - 1,
        len(circle.corners),
        bins,
        KIND=METHODS.index(method),
        BINS=max(32, triton.next_power_of_2(bins)),
        SHARED=bins <= MOST_SHARED_BINS,
        BLOCK=block,
        # Ties fall as on the CPU only without fused multiply-add.
        enable_fp_fusion=False,
    )


@jit
def _pixel(image, y, x, height, width, wanted):  # type: ignore[no-untyped-def]
    inside = wanted & (y >= 0) & (y < height) & (x >= 0) & (x < width)
    return tl.load(image + y * width + x, inside, 0).to(tl.float64)


@jit
def _count_patterns(  # type: ignore[no-untyped-def]
    images,
    corners,
    row_fractions,
    column_fractions,
    classes,
    ys,
    xs,
    counts,
    height,
    width,
    rows,
    columns,
    points,
    bins,
    KIND: tl.constexpr,
    BINS: tl.constexpr,
    SHARED: tl.constexpr,
    BLOCK: tl.constexpr,
):
    cell = tl.program_id(0).to(tl.int64)
    row, column = cell // columns % rows, cell % columns
    image = images + cell // (rows * columns) * height * width
    y0, y1 = tl.load(ys + row), tl.load(ys + row + 1)
    x0, x1 = tl.load(xs + column), tl.load(xs + column + 1)
    wide = x1 - x0
    p = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    wanted = p < (y1 - y0) * wide
    y, x = y0 + p // wide, x0 + p % wide
    pixel = _pixel(image, y, x, height, width, wanted)
    pattern = tl.zeros((BLOCK,), tl.int64)
    ones = tl.zeros((BLOCK,), tl.int32)
    changes = tl.zeros((BLOCK,), tl.int32)
    previous = tl.zeros((BLOCK,), tl.int32)
    first_one = tl.zeros((BLOCK,), tl.int32) + points
    first_zero = tl.zeros((BLOCK,), tl.int32) + points
    total = tl.zeros((BLOCK,), tl.float64)
    squares = tl.zeros((BLOCK,), tl.float64)
    for k in range(points):
        top, left = y + tl.load(corners + 4 * k), x + tl.load(corners + 4 * k + 1)
        bottom, right = top + tl.load(corners + 4 * k + 2), left + tl.load(corners + 4 * k + 3)
        low = tl.load(row_fractions + k * height + y, wanted, 0.0)
        f = tl.load(column_fractions + k * width + x, wanted, 0.0)
        a = _pixel(image, top, left, height, width, wanted)
        b = _pixel(image, top, right, height, width, wanted)
        upper = (1.0 - f) * a + f * b
        a = _pixel(image, bottom, left, height, width, wanted)
        b = _pixel(image, bottom, right, height, width, wanted)
        lower = (1.0 - f) * a + f * b
        value = (1.0 - low) * upper + low * lower
        if KIND == VAR:
            total += value
            squares += value * value
        else:
            bit = (value >= pixel).to(tl.int32)
            pattern |= bit.to(tl.int64) << k
            ones += bit
            if k > 0:
                changes += bit ^ previous
            previous = bit
            if KIND == NRI_UNIFORM:
                first_one = tl.where((bit == 1) & (first_one == points), k, first_one)
                first_zero = tl.where((bit == 0) & (first_zero == points), k, first_zero)
    if KIND == DEFAULT:
        code = pattern.to(tl.int32)
    elif KIND == ROR:
        code = tl.load(classes + pattern, wanted, 0).to(tl.int32)
    elif KIND == UNIFORM:
        code = tl.where(changes <= 2, ones, points + 1)
    elif KIND == NRI_UNIFORM:
        turns = tl.where(first_one == 0, ones - first_zero, points - first_one)
        code = 1 + (ones - 1) * points + turns
        code = tl.where(ones == 0, 0, code)
        code = tl.where(ones == points, points * (points - 1) + 1, code)
        code = tl.where(changes > 2, points * (points - 1) + 2, code)
    else:
        variance = (squares - (total * total) / points) / points
        # The exponent of a double is its octave: 1.0 begins the first.
        octave = ((variance.to(tl.int64, bitcast=True) >> 52) - 1022).to(tl.int32)
        code = tl.where(variance >= 1.0, tl.minimum(octave, bins - 1), 0)
    code = tl.where(wanted, code, 0)
    out = counts + cell * bins
    if SHARED:
        b = tl.arange(0, BINS)
        found = tl.histogram(code, BINS)
        # Pixels beyond the cell were taken for code 0.
        found -= tl.where(b == 0, BLOCK - tl.sum(wanted.to(tl.int32), 0), 0)
        tl.atomic_add(out + b, found, (b < bins) & (found > 0))
    else:
        tl.atomic_add(out + code, 1, wanted)
