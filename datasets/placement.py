"""Where a prepared image lies on the picture it came from: masks go in by it, maps come back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError


@dataclass(frozen=True)
class Placement:
    """The part of a picture that a prepared image shows, and where it shows it.

    Attributes
    ----------
    shape : tuple of int
        Height and width of the picture in pixels.
    cut : tuple of int
        Top, left, bottom and right of the part that is shown, half-open.
    size : int
        Side of the prepared image.
    placed : tuple of int
        Top, left, bottom and right of that part on the prepared image; beyond it lies padding.

    Examples
    --------
    >>> from gliaboost.datasets.prepare import Preparation
    >>> wide = np.zeros((64, 128), np.uint8)
    >>> placement(Preparation(size=32, keep_aspect=True), wide).placed
    (8, 0, 24, 32)
    """

    shape: tuple[int, int]
    cut: tuple[int, int, int, int]
    size: int
    placed: tuple[int, int, int, int]

    def mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Bring a mask of the picture onto the prepared image.

        Parameters
        ----------
        mask : bool array [H, W]
            Of the picture.

        Returns
        -------
        bool array [size, size]
            True where at least half of a pixel lies inside.

        Raises
        ------
        UsageError
            If the mask is of another size than the picture.
        """
        import cv2

        if mask.shape != self.shape:
            raise UsageError(
                f"a mask of {mask.shape[0]} x {mask.shape[1]} pixels for a picture of "
                f"{self.shape[0]} x {self.shape[1]}; expected the same size"
            )
        top, left, bottom, right = self.cut
        part = np.ascontiguousarray(mask[top:bottom, left:right], dtype=np.float32)
        above, beside, below, behind = self.placed
        shrinks = below - above <= part.shape[0] and behind - beside <= part.shape[1]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        inside = np.zeros((self.size, self.size), bool)
        inside[above:below, beside:behind] = (
            cv2.resize(part, (behind - beside, below - above), interpolation=method) >= 0.5
        )
        return inside

    def restored(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Bring a map of the prepared image back onto the picture.

        Parameters
        ----------
        values : float array [size, size]
            Such as probabilities.

        Returns
        -------
        float32 array [H, W]
            Bilinear; 0 where the prepared image shows nothing.
        """
        import cv2

        above, beside, below, behind = self.placed
        part = np.ascontiguousarray(values[above:below, beside:behind], dtype=np.float32)
        top, left, bottom, right = self.cut
        method = cv2.INTER_AREA if bottom - top < part.shape[0] else cv2.INTER_LINEAR
        picture = np.zeros(self.shape, np.float32)
        picture[top:bottom, left:right] = cv2.resize(
            part, (right - left, bottom - top), interpolation=method
        )
        return picture


def placement(preparation: Preparation, image: NDArray[np.uint8]) -> Placement:
    """Say where a preparation puts a picture.

    Parameters
    ----------
    preparation : Preparation
        Its ``crop``, ``size`` and ``keep_aspect`` matter.
    image : uint8 array [H, W]
        As decoded.

    Returns
    -------
    Placement

    Examples
    --------
    >>> from gliaboost.datasets.prepare import Preparation
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[16:48, 16:48] = 200
    >>> where = placement(Preparation(size=32, crop="foreground"), image)
    >>> where.cut, int(where.mask(image > 0).sum())
    ((15, 15, 49, 49), 900)
    """
    cut = preparation.cut(image)
    height, width = cut[2] - cut[0], cut[3] - cut[1]
    return Placement(
        (image.shape[0], image.shape[1]),
        cut,
        preparation.size,
        preparation.placed(height, width),
    )
