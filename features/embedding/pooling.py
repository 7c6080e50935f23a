"""From a network's maps to columns."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# The exponent that Radenović and others (2019) start from.
GEM_POWER = 3.0
GEM_LEAST = 1e-6
# Below it a standard deviation is rounding; its root has a slope there.
LEAST_VARIANCE = 1e-12


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


def deviation(maps: torch.Tensor) -> torch.Tensor:
    """Take each map's standard deviation, ``[N, C, H, W]`` -> ``[N, C]``."""
    return maps.var(dim=(2, 3), correction=0).clamp(min=LEAST_VARIANCE).sqrt()


def cells(maps: torch.Tensor, sides: int) -> torch.Tensor:
    """Average each cell of a square grid, ``[N, C, H, W]`` -> ``[N, sides ** 2 * C]``, row by row.

    Where a side is no multiple, neighbouring cells share a row or a column.
    """
    import torch

    means = torch.nn.functional.adaptive_avg_pool2d(maps, sides)
    return means.permute(0, 2, 3, 1).flatten(1)


POOLS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "avg": average,
    "max": maximum,
    "std": deviation,
    "gem": generalised_mean,
    "grid2x2": functools.partial(cells, sides=2),
    "grid3x3": functools.partial(cells, sides=3),
}


def _named(sides: int) -> tuple[str, ...]:
    return tuple(f"y{y}_x{x}_" for y in range(sides) for x in range(sides))


# What a pool's columns are called before the channel's number.
CELLS = {
    "avg": ("",),
    "max": ("",),
    "std": ("",),
    "gem": ("",),
    "grid2x2": _named(2),
    "grid3x3": _named(3),
}
