"""The eight ways to lay a square: a picture turned and mirrored, its points, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import Move, moved, unflat

# Orientation of b seen from a: (transpose, then turn rows over, then turn columns over).
ORIENTATIONS: dict[str, tuple[bool, bool, bool]] = {
    "same": (False, False, False),
    "mirrored": (False, False, True),
    "upside down": (False, True, False),
    "rotated 180": (False, True, True),
    "transposed": (True, False, False),
    "rotated 90": (True, True, False),
    "rotated 270": (True, False, True),
    "transposed over the other diagonal": (True, True, True),
}
NAMES = tuple(ORIENTATIONS)
INVERSE = np.array([0, 1, 2, 3, 4, 6, 5, 7], np.int8)


def turned(images: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn square images ``[..., S, S]`` into an orientation (index into `NAMES`).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4).reshape(2, 2)
    >>> turned(x, NAMES.index("rotated 90")).tolist() == np.rot90(x).tolist()
    True
    """
    transpose, rows, columns = ORIENTATIONS[NAMES[orientation]]
    if transpose:
        images = images.swapaxes(-1, -2)
    if rows:
        images = images[..., ::-1, :]
    return images[..., ::-1] if columns else images


def turning(orientation: int) -> NDArray[np.float64]:
    """Give what `turned` does as a matrix for points (column, row, 1) of a unit square.

    Examples
    --------
    >>> turning(NAMES.index("mirrored")) @ [0.25, 0.5, 1]
    array([0.75, 0.5 , 1.  ])
    """
    transpose, rows, columns = ORIENTATIONS[NAMES[orientation]]
    there = np.eye(3)
    if transpose:
        there = there[[1, 0, 2]]
    over = np.diag([-1.0 if columns else 1.0, -1.0 if rows else 1.0, 1.0])
    over[:2, 2] = columns, rows
    return np.asarray(over @ there)


def in_first(move: Move, orientation: int) -> Move:
    """Give a move from a picture turned into an orientation as one from that picture itself.

    Both ends are turned back: it takes points of a to those of b as it lies once turned back.
    """
    there = turning(orientation)
    return np.asarray(np.linalg.inv(there) @ move @ there)


def turned_back(
    image: NDArray[np.uint8], orientation: str, move: Sequence[float], shape: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Lay the second picture of a pair on the first, to show both alike and their difference.

    Parameters
    ----------
    image : uint8 array [H, W]
        The second picture.
    orientation, move
        Of the pair, as in the table of `gliaboost.datasets.audit.duplicates.link`.
    shape : (int, int)
        Height and width of the first picture, as it is to be shown.

    Returns
    -------
    uint8 array [h, w]
        The second picture turned back, and moved to where the first is.
    uint8 array [h, w]
        255 where the second picture reaches, 0 elsewhere: where it is cropped.
    """
    back = turned(image, int(INVERSE[NAMES.index(orientation)]))
    seen, reach = moved(np.ascontiguousarray(back), unflat(move), shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8), reach
