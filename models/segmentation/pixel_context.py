"""What a second pass sees of the first: its probabilities here, around, and over the slice."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense.filters import shifted, smooth
from gliaboost.features.dense.pyramid import Pyramid, half

Map = NDArray[np.float32]
# In cells of the first pass's grid.
WIDTHS = (1.0, 2.0, 4.0)
DISTANCES = (2, 4, 8)


def context_pyramid(maps: NDArray[np.float32], columns: NDArray[np.float32]) -> Pyramid:
    """Turn a first pass's probabilities into columns.

    Parameters
    ----------
    maps : float32 array [K, g, g]
        Probability of each class of tumour, by cell.
    columns : float32 array [g, g, D]
        What the first pass saw there: how alike a cell is to what is believed to be tumour.

    Returns
    -------
    Pyramid
        One level of g x g cells.

    Examples
    --------
    >>> maps = np.zeros((2, 8, 8), np.float32)
    >>> [level.shape[:2] for level in context_pyramid(maps, np.zeros((8, 8, 5))).levels]
    [(8, 8)]
    """
    together = maps.sum(axis=0)
    found: list[Map] = [*maps, together]
    found += [smooth(together, width) for width in WIDTHS]
    found += [smooth(np.ascontiguousarray(each), 2.0) for each in maps] if len(maps) > 1 else []
    calm = smooth(together, 0.7)
    for distance in DISTANCES:
        for k in range(8):
            angle = math.pi * k / 4
            down, across = (round(distance * f(angle)) for f in (math.sin, math.cos))
            found.append(shifted(calm, down, across))
    found += _over_the_slice(maps, calm)
    found += _likeness(calm, columns)
    return Pyramid((half(found),))


def _over_the_slice(maps: NDArray[np.float32], calm: Map) -> list[Map]:
    """Where the peak is from here, how high it is, and how much is believed in all."""
    side = calm.shape[0]
    peak = float(calm.max())
    rows, columns = np.indices(calm.shape, dtype=np.float32)
    top, left = divmod(int(calm.argmax()), calm.shape[1])
    # Squared, so that the middle is that of what is believed most.
    weight = calm * calm
    total = float(weight.sum())
    middle = [
        float((weight * places).sum()) / total if total > 0 else (side - 1) / 2
        for places in (rows, columns)
    ]
    flat = np.ones(calm.shape, np.float32)
    classes = maps.sum(axis=(1, 2))
    shares = classes / max(1e-6, float(classes.sum()))
    return [
        calm / max(peak, 1e-6),
        (rows - top) / side,
        (columns - left) / side,
        np.hypot(rows - top, columns - left) / side,
        np.hypot(rows - middle[0], columns - middle[1]) / side,
        flat * peak,
        flat * (float(calm.sum()) / calm.size * 10),
        *(flat * share for share in shares),
    ]


def _likeness(calm: Map, columns: NDArray[np.float32]) -> list[Map]:
    """How far a cell's columns lie from those of what is believed tumour, and of the rest."""
    flat = columns.reshape(-1, columns.shape[2]).astype(np.float64)
    spread = flat.std(axis=0)
    standard = (flat - flat.mean(axis=0)) / np.where(spread > 1e-6, spread, 1)
    belief = calm.ravel().astype(np.float64) ** 2
    if belief.sum() <= 1e-12:
        nothing = np.zeros(calm.shape, np.float32)
        return [nothing, nothing]
    tumour = belief @ standard / belief.sum()
    toward = standard @ tumour / max(1e-6, float(np.linalg.norm(tumour)))
    distance = np.sqrt(((standard - tumour) ** 2).mean(axis=1))
    return [np.asarray(each.reshape(calm.shape), np.float32) for each in (toward, distance)]
