"""Properties of co-occurrence matrices, all of them at once in double precision."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch

from gliaboost.features.kernels.cooccurrence import PROPERTIES

WEIGHTS = ("total", "i", "j", "ii", "jj", "ij", "difference", "contrast", "sum", "sums", "near")


def summarise(counts: torch.Tensor, properties: Sequence[str]) -> torch.Tensor:
    """Compute properties from whole counts, symmetric or not.

    Parameters
    ----------
    counts : integer tensor [M, levels, levels]
    properties : sequence of str
        Of `gliaboost.features.kernels.cooccurrence.PROPERTIES`.

    Returns
    -------
    float32 tensor [M, P]
        All 0 but ``correlation``, which is 1, where there is no pair.

    Notes
    -----
    Sums of whole numbers are exact in double precision, in whatever order they are taken.
    """
    levels = counts.shape[-1]
    c = counts.flatten(1).to(torch.float64)
    moments = dict(zip(WEIGHTS, (c @ _weights(levels, c.device)).unbind(1), strict=True))
    total = moments["total"]
    any_pair = total > 0
    n = total.clamp(min=1.0)
    values: dict[str, torch.Tensor] = {
        "contrast": moments["contrast"] / n,
        "dissimilarity": moments["difference"] / n,
        "homogeneity": moments["near"] / n,
        "ASM": (c * c).sum(1) / (n * n),
        "mean": moments["i"] / n,
        "variance": _variance(moments["i"], moments["ii"], n),
        "sum_average": moments["sum"] / n,
        "sum_variance": _variance(moments["sum"], moments["sums"], n),
        "difference_variance": _variance(moments["difference"], moments["contrast"], n),
        "entropy": _entropy(c, n),
    }
    variance, other = values["variance"], _variance(moments["j"], moments["jj"], n)
    covariance = moments["ij"] / n - (moments["i"] / n) * (moments["j"] / n)
    spread = (variance > 0) & (other > 0)
    deviations = torch.sqrt(torch.where(spread, variance * other, torch.ones_like(n)))
    values["correlation"] = torch.where(spread, covariance / deviations, torch.ones_like(n))
    values["energy"] = torch.sqrt(values["ASM"])
    values["std"] = torch.sqrt(variance)
    if any(p.endswith("_entropy") or p.startswith("imc") for p in properties):
        values |= _in_bits(c, n, levels, values["entropy"])
    nothing = {"correlation": 1.0}
    columns = [
        torch.where(any_pair, values[p], torch.full_like(n, nothing.get(p, 0.0)))
        for p in properties
    ]
    assert set(values) <= set(PROPERTIES)
    return torch.stack(columns, 1).to(torch.float32)


@functools.lru_cache(maxsize=8)
def _weights(levels: int, device: torch.device) -> torch.Tensor:
    """Tabulate what each pair of levels adds to each of WEIGHTS: float64 [levels ** 2, 11]."""
    i = torch.arange(levels, dtype=torch.float64, device=device)[:, None].expand(levels, levels)
    j = i.T
    d, s = (i - j).abs(), i + j
    one = torch.ones_like(d)
    columns = (one, i, j, i * i, j * j, i * j, d, d * d, s, s * s, 1.0 / (1.0 + d * d))
    return torch.stack([t.reshape(-1) for t in columns], 1)


def _variance(total: torch.Tensor, squares: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """Variance of n whole numbers from their sums, exactly 0 if they agree."""
    return (n * squares - total * total) / (n * n)


def _entropy(counts: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """Entropy in nats of histograms [M, bins], exactly 0 if one bin has it all."""
    entropy = (torch.log(n) - torch.xlogy(counts, counts).sum(1) / n).clamp(min=0.0)
    return torch.where(counts.amax(1) == n, 0.0, entropy)


def _in_bits(
    c: torch.Tensor, n: torch.Tensor, levels: int, nats: torch.Tensor
) -> dict[str, torch.Tensor]:
    bit = 1.0 / math.log(2.0)
    steps = torch.arange(levels, device=c.device)
    sums = c.new_zeros((len(c), 2 * levels - 1))
    sums.index_add_(1, (steps[:, None] + steps[None, :]).reshape(-1), c)
    differences = c.new_zeros((len(c), levels))
    differences.index_add_(1, (steps[:, None] - steps[None, :]).abs().reshape(-1), c)
    matrices = c.reshape(-1, levels, levels)
    joint = nats * bit
    first, second = (_entropy(matrices.sum(axis), n) * bit for axis in (2, 1))
    # The cross entropies HXY1 and HXY2 of the paper are both the sum of the marginal entropies.
    shared = first + second - joint
    largest = torch.maximum(first, second)
    varied = largest > 0
    safe = torch.where(varied, largest, torch.ones_like(n))
    return {
        "sum_entropy": _entropy(sums, n) * bit,
        "haralick_entropy": joint,
        "difference_entropy": _entropy(differences, n) * bit,
        "imc1": torch.where(varied, -shared / safe, torch.zeros_like(n)),
        "imc2": torch.sqrt((1.0 - torch.exp(-2.0 * shared)).clamp(min=0.0)),
    }
