"""Voting of HOG in Triton: gradients, table and cell sums in registers, nothing written between."""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

from gliaboost.features.kernels.gradients import SIDE, SPAN

jit: Any = triton.jit


def vote(
    images: torch.Tensor,
    ch: int,
    cw: int,
    orientations: int,
    table: torch.Tensor,
    shares: torch.Tensor,
    soft: bool,
) -> torch.Tensor:
    """Sum votes by cell and bin.

    Parameters
    ----------
    images : uint8 tensor [N, H, W]
    ch, cw : int
        Rows and columns of a cell.
    orientations : int
    table : uint8 tensor [511 * 511]
        The bin of each gradient; the lower one if `soft`.
    shares : float32 tensor [511 * 511]
        What the next bin gets, if `soft`.
    soft : bool

    Returns
    -------
    float64 tensor [N, cell rows, cell columns, orientations]
    """
    count, height, width = images.shape
    rows, columns = height // ch, width // cw
    sums = images.new_empty((count, rows, columns, orientations), dtype=torch.float64)
    bins = triton.next_power_of_2(orientations)
    block = max(16, min(triton.next_power_of_2(ch * cw), 4096 // bins))
    if count:
        _vote[(count * rows * columns,)](
            images,
            table,
            shares,
            sums,
            height,
            width,
            rows,
            columns,
            ch,
            cw,
            orientations,
            SPAN=SPAN,
            SIDE=SIDE,
            SOFT=soft,
            BINS=bins,
            BLOCK=block,
            # One rounding an operation, as on the CPU.
            enable_fp_fusion=False,
        )
    return sums


@jit
def _vote(  # type: ignore[no-untyped-def]
    images,
    table,
    shares,
    sums,
    height,
    width,
    rows,
    columns,
    ch,
    cw,
    orientations,
    SPAN: tl.constexpr,
    SIDE: tl.constexpr,
    SOFT: tl.constexpr,
    BINS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    cell = tl.program_id(0).to(tl.int64)
    row, column = cell // columns % rows, cell % columns
    image = images + cell // (rows * columns) * height * width
    bins = tl.arange(0, BINS)
    total = tl.zeros((BINS,), tl.float64)
    for start in range(0, ch * cw, BLOCK):
        p = start + tl.arange(0, BLOCK)
        inside = p < ch * cw
        y, x = row * ch + p // cw, column * cw + p % cw
        here = image + y * width + x
        down = inside & (y > 0) & (y < height - 1)
        along = inside & (x > 0) & (x < width - 1)
        dy = tl.load(here + width, down, 0).to(tl.int32) - tl.load(here - width, down, 0)
        dx = tl.load(here + 1, along, 0).to(tl.int32) - tl.load(here - 1, along, 0)
        index = (dy + SPAN) * SIDE + dx + SPAN
        magnitude = tl.sqrt_rn((dy * dy + dx * dx).to(tl.float32)).to(tl.float64)
        first = tl.load(table + index, inside, 0).to(tl.int32)
        if SOFT:
            above = magnitude * tl.load(shares + index, inside, 0.0).to(tl.float64)
            second = (first + 1) % orientations
            total += tl.sum(tl.where(second[:, None] == bins[None, :], above[:, None], 0.0), 0)
            magnitude -= above
        total += tl.sum(tl.where(first[:, None] == bins[None, :], magnitude[:, None], 0.0), 0)
    tl.store(sums + cell * orientations + bins, total, bins < orientations)
