"""From a network's maps to columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# The exponent that Radenović and others (2019) start from.
GEM_POWER = 3.0
GEM_LEAST = 1e-6
GRID = 2


def average(maps: torch.Tensor) -> torch.Tensor:
    """Average each map, ``[N, C, H, W]`` -> ``[N, C]``."""
    return maps.mean(dim=(2, 3))


def maximum(maps: torch.Tensor) -> torch.Tensor:
    """Take each map's largest value, ``[N, C, H, W]`` -> ``[N, C]``."""
    return maps.amax(dim=(2, 3))


def generalised_mean(maps: torch.Tensor) -> torch.Tensor:
    """Take each map's generalised mean, ``[N, C, H, W]`` -> ``[N, C]``.

    ``mean(max(x, 1e-6) ** 3) ** (1 / 3)``: Radenović, Tolias, Chum, "Fine-tuning CNN image
    retrieval with no human annotation", TPAMI 2019.
    """
    return maps.clamp(min=GEM_LEAST).pow(GEM_POWER).mean(dim=(2, 3)).pow(1 / GEM_POWER)


def quarters(maps: torch.Tensor) -> torch.Tensor:
    """Average each quarter of each map, ``[N, C, H, W]`` -> ``[N, 4 * C]``, row by row.

    Where a side is odd the middle row or column belongs to both halves.
    """
    import torch

    cells = torch.nn.functional.adaptive_avg_pool2d(maps, GRID)
    return cells.permute(0, 2, 3, 1).flatten(1)


POOLS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "avg": average,
    "max": maximum,
    "gem": generalised_mean,
    "grid2x2": quarters,
}
# What a pool's columns are called before the channel's number.
CELLS = {
    "avg": ("",),
    "max": ("",),
    "gem": ("",),
    "grid2x2": tuple(f"y{y}_x{x}_" for y in range(GRID) for x in range(GRID)),
}
