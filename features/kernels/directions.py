"""How a gradient votes for the directions beside it: a table for both devices."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.gradients import SPAN


@functools.lru_cache(maxsize=4)
def directed_votes(
    directions: int,
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Tabulate the votes of each uint8 gradient, shared by the two directions that are nearest.

    Parameters
    ----------
    directions : int
        Over 360 degrees, the first of them across; from dark to bright, so opposite edges differ.

    Returns
    -------
    first : uint8 array [511, 511]
        By difference down and across plus 255: the lower direction.
    near, far : float32 array [511, 511]
        What it gets of the gradient's magnitude, and what the next one gets.

    Examples
    --------
    >>> first, near, far = directed_votes(8)
    >>> first[255, 255 + 3], near[255, 255 + 3], far[255, 255 + 3]
    (np.uint8(0), np.float32(3.0), np.float32(0.0))
    """
    steps = np.arange(-SPAN, SPAN + 1.0)
    down, across = steps[:, None], steps[None, :]
    place = np.arctan2(down, across) * (directions / (2 * np.pi)) % directions
    # A negative angle of almost nothing rounds up to the number of directions.
    first = np.floor(place) % directions
    share = place - np.floor(place)
    magnitude = np.hypot(down, across)
    return (
        first.astype(np.uint8),
        (magnitude * (1 - share)).astype(np.float32),
        (magnitude * share).astype(np.float32),
    )
