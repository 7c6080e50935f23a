"""The head on a slice: which pixels it has, its box, and how deep under its rim a pixel lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.prepare import bright


@dataclass(frozen=True, eq=False)
class HeadGeometry:
    """Where the head is.

    Attributes
    ----------
    mask : bool array [H, W]
        The largest bright component without its holes; all False where nothing stands out.
    box : tuple of int
        Top, left, bottom and right, half-open; the whole image where there is no head.
    """

    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]

    @cached_property
    def depth(self) -> NDArray[np.float32]:
        """Distance to the rim in pixels, 0 outside: float32 ``[H, W]``."""
        import cv2

        # The picture's own edge is a rim too.
        filled = np.pad(self.mask.astype(np.uint8), 1)
        depth = cv2.distanceTransform(filled, cv2.DIST_L2, 5)[1:-1, 1:-1]
        return np.ascontiguousarray(depth, np.float32)


def find_head(image: NDArray[np.uint8]) -> HeadGeometry:
    """Find the head.

    Parameters
    ----------
    image : uint8 array [H, W]
        A picture on black ground.

    Returns
    -------
    HeadGeometry

    Examples
    --------
    >>> image = np.zeros((40, 50), np.uint8)
    >>> image[10:30, 20:45] = 200
    >>> image[15:20, 25:30] = 0
    >>> head = find_head(image)
    >>> head.box, int(head.mask.sum()), float(head.depth.max())
    ((10, 20, 30, 45), 488, 10.0)
    """
    import cv2

    height, width = image.shape
    count, components, statistics, _ = cv2.connectedComponentsWithStats(bright(image))
    if count < 2:
        return HeadGeometry(np.zeros(image.shape, bool), (0, 0, height, width))
    largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    left, top, across, down = (int(v) for v in statistics[largest, :4])
    own = (components == largest).astype(np.uint8)
    rims, _ = cv2.findContours(own, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.asarray(cv2.drawContours(own, rims, -1, 1, cv2.FILLED), bool)
    return HeadGeometry(filled, (top, left, top + down, left + across))
