"""What the HOG kernels of both devices share: blocks, norms, and the table of votes."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

BLOCK_NORMS = ("L1", "L1-sqrt", "L2", "L2-Hys")
# uint8 differences lie in -255..255.
SPAN = 255
SIDE = 2 * SPAN + 1


def check_votes(orientations: int, block_norm: str) -> None:
    """Refuse numbers of bins and norms that are unknown."""
    if not 1 <= orientations <= 255:
        raise UsageError(f"{orientations} orientations; expected 1 to 255")
    if block_norm not in BLOCK_NORMS:
        raise UsageError(f"no block norm {block_norm!r}; the norms are: {', '.join(BLOCK_NORMS)}")


def blocks(
    height: int, width: int, pixels_per_cell: tuple[int, int], cells_per_block: tuple[int, int]
) -> tuple[int, int]:
    """Count the rows and columns of blocks in an image of this size.

    Raises
    ------
    UsageError
        If there is not one.
    """
    if min(*pixels_per_cell, *cells_per_block) < 1:
        raise UsageError(
            f"cells of {pixels_per_cell} pixels, blocks of {cells_per_block} cells; "
            "expected both >= 1"
        )
    rows = height // pixels_per_cell[0] - cells_per_block[0] + 1
    columns = width // pixels_per_cell[1] - cells_per_block[1] + 1
    block = [p * c for p, c in zip(pixels_per_cell, cells_per_block, strict=True)]
    if rows < 1 or columns < 1:
        raise UsageError(
            f"images of {height} x {width} pixels; one HOG block needs {block[0]} x {block[1]}: "
            "take smaller cells or larger images"
        )
    return rows, columns


@functools.lru_cache(maxsize=8)
def votes(orientations: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Tabulate which bin each uint8 gradient votes for.

    Parameters
    ----------
    orientations : int

    Returns
    -------
    bins : uint8 array [511, 511]
        By vertical and horizontal difference plus 255: the bin that holds the angle.
    lower : uint8 array [511, 511]
        The lower of the two bins whose centres are nearest.
    shares : float32 array [511, 511]
        What the bin above the latter gets of the vote.
    """
    steps = np.arange(-SPAN, SPAN + 1.0)
    dy, dx = steps[:, None], steps[None, :]
    degrees = np.rad2deg(np.arctan2(dy, dx)) % 180
    # By Niven's theorem these are the only rational tangents at rational angles, so the only
    # angles that can lie on a border between bins; no arc tangent's last bit may decide.
    degrees = np.where(dy == 0, 0.0, np.where(dx == 0, 90.0, degrees))
    degrees = np.where((dy == dx) & (dy != 0), 45.0, degrees)
    degrees = np.where((dy == -dx) & (dy != 0), 135.0, degrees)
    borders = 180.0 / orientations * np.arange(1, orientations)
    hard = np.searchsorted(borders, degrees, side="right")
    position = degrees * (orientations / 180.0) - 0.5
    lower = np.floor(position)
    return (
        hard.astype(np.uint8),
        (lower % orientations).astype(np.uint8),
        (position - lower).astype(np.float32),
    )
