"""The pictures of a pair laid on each other, and what is left between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.audit.likeness import matched_greys
from gliaboost.datasets.audit.orientation import turned_back

Image = NDArray[np.uint8]

# Differences are shown so many times as strong: those of a recompressed copy stay near black.
GAIN = 4


@dataclass(frozen=True, eq=False)
class Overlap:
    """Two pictures of a pair in one frame, that of the first.

    Attributes
    ----------
    first, second : uint8 array [H, W]
        Both; the second turned back and moved, black where it does not reach.
    reach : bool array [H, W]
        Where both are.
    difference : uint8 array [H, W]
        `GAIN` times the absolute difference of their greys, 0 to 255; 0 where not both are. One has
        the other's greys, in order of its own, where that makes them more alike: a change of
        contrast is no difference.
    """

    first: Image
    second: Image
    reach: NDArray[np.bool_]
    difference: Image


def overlap(
    first: Image,
    second: Image,
    orientation: str,
    move: Sequence[float],
    *,
    longest: int = 256,
) -> Overlap:
    """Lay the second picture of a pair on the first.

    Parameters
    ----------
    first, second : uint8 array [H, W]
        As decoded; of any sizes.
    orientation, move
        Of the pair, as in the table of `gliaboost.datasets.audit.duplicates.link`.
    longest : int
        Pixels of the first picture's longer side at most.

    Returns
    -------
    Overlap
        Of the first picture's shape, shrunk.

    Examples
    --------
    >>> from gliaboost.datasets.audit.alignment import HERE, flat
    >>> picture = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> laid = overlap(picture, picture[:, ::-1].copy(), "mirrored", flat(HERE))
    >>> bool((laid.second == picture).all()), int(laid.difference.max())
    (True, 0)
    """
    # Laid at twice the size and then shrunk: a turn of small pictures would blur them.
    a, b = _within(first, 2 * longest), _within(second, 2 * longest)
    back, reached = turned_back(b, orientation, move, (a.shape[0], a.shape[1]))
    reach = reached > 0
    x, y = a.astype(np.float32), back.astype(np.float32)
    if reach.any():
        ways = [(x, y), *matched_greys(x, y, reach)]
        x, y = min(ways, key=lambda way: float(np.abs(way[0] - way[1])[reach].sum()))
    rest = _within(np.where(reach, np.abs(x - y), np.float32(0)), longest)
    return Overlap(
        _within(a, longest),
        _within(np.where(reach, back, np.uint8(0)), longest),
        _within(reached, longest) > 127,
        np.clip(np.rint(GAIN * rest), 0, 255).astype(np.uint8),
    )


def _within(image: NDArray[Any], longest: int) -> NDArray[Any]:
    """Shrink a picture so that its longer side fits."""
    import cv2

    scale = longest / max(image.shape)
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
