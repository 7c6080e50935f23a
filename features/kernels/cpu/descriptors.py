"""Dense gradient descriptors: votes by block, and cells gathered from what Gaussians pooled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.compiled import entry
from gliaboost.features.kernels.directions import directed_votes
from gliaboost.features.kernels.gradients import SIDE, SPAN


def direction_maps(image: NDArray[np.uint8], directions: int, block: int) -> NDArray[np.float32]:
    """Sum votes for directions, and greys, by blocks.

    Gradients are central differences; at the edge the image is continued.

    Parameters
    ----------
    image : uint8 array [H, W]
    directions : int
        Over 360 degrees.
    block : int
        Side of a block in pixels; the last ones may be cut.

    Returns
    -------
    float32 array [ceil(H / block), directions + 1, ceil(W / block)]
        The greys come last.

    Examples
    --------
    >>> ramp = np.tile(np.arange(4, dtype=np.uint8), (4, 1))
    >>> direction_maps(ramp, 8, 4)[0, [0, 1, 8], 0].tolist()
    [24.0, 0.0, 24.0]
    """
    height, width = image.shape
    out = np.zeros((-(-height // block), directions + 1, -(-width // block)), np.float32)
    _vote(np.require(image, None, ["C", "W"]), block, *directed_votes(directions), out)
    return out


def gathered(
    pooled: NDArray[np.float32],
    down: NDArray[np.int64],
    across: NDArray[np.int64],
    least: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Put descriptors together from pooled cells; those of almost no gradient are left out.

    Parameters
    ----------
    pooled : float32 array [P, directions + 1, Q]
        Of `direction_maps`, by cell down and across.
    down, across : int64 array [n, c], [m, c]
        The cells of each row and of each column of descriptors.
    least : float
        Mean magnitude of a descriptor's cells that is enough.

    Returns
    -------
    descriptors : float32 array [k, c * c * directions]
        Of length 1: the roots of shares that sum to 1. By cell down, cell across, direction.
    beside : float32 array [k, 4]
        Row and column of the descriptor among n and m, its mean magnitude, its mean grey.
    """
    rows, columns, side = len(down), len(across), down.shape[1]
    length = side * side * (pooled.shape[1] - 1)
    descriptors = np.empty((rows * columns, length), np.float32)
    beside = np.empty((rows * columns, 4), np.float32)
    kept = _gather(pooled, down, across, np.float32(least), descriptors, beside)
    return descriptors[:kept], beside[:kept]


@entry
def _vote(image: Any, block: Any, first: Any, near: Any, far: Any, out: Any) -> None:
    height, width = image.shape
    directions = out.shape[1] - 1
    low, one, two = first.reshape(-1), near.reshape(-1), far.reshape(-1)
    for y in range(height):
        above, here = image[max(y - 1, 0)], image[y]
        below = image[min(y + 1, height - 1)]
        row = out[y // block]
        for c in range(out.shape[2]):
            for x in range(c * block, min((c + 1) * block, width)):
                row[directions, c] += np.float32(here[x])
                dy = np.int64(below[x]) - np.int64(above[x])
                dx = np.int64(here[min(x + 1, width - 1)]) - np.int64(here[max(x - 1, 0)])
                if dy == 0 and dx == 0:
                    continue
                index = (dy + SPAN) * SIDE + dx + SPAN
                k = np.int64(low[index])
                row[k, c] += one[index]
                row[k + 1 if k + 1 < directions else 0, c] += two[index]


@entry
def _gather(pooled: Any, down: Any, across: Any, least: Any, descriptors: Any, beside: Any) -> Any:
    rows, columns, side = len(down), len(across), down.shape[1]
    directions = pooled.shape[1] - 1
    cells = side * side
    sums = np.empty(directions, np.float32)
    kept = 0
    for i in range(rows):
        for j in range(columns):
            own = descriptors[kept]
            sums[:] = 0
            grey = np.float32(0)
            for a in range(side):
                for b in range(side):
                    p, q, at = down[i, a], across[j, b], (a * side + b) * directions
                    grey += pooled[p, directions, q]
                    for o in range(directions):
                        value = pooled[p, o, q]
                        own[at + o] = value
                        sums[o] += value
            total = np.float32(0)
            for o in range(directions):
                total += sums[o]
            if total < least * np.float32(cells):
                continue
            scale = np.float32(1) / total
            for d in range(len(own)):
                own[d] = math.sqrt(own[d] * scale)
            beside[kept, 0], beside[kept, 1] = i, j
            beside[kept, 2], beside[kept, 3] = total / np.float32(cells), grey / np.float32(cells)
            kept += 1
    return kept
