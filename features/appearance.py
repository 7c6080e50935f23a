"""What a picture looks like, whatever a model reads in it: to tell brain slices from all else."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.base import Extractor

# All is measured on a picture of SIDE x SIDE pixels.
SIDE = 128
# Lowest cosine frequencies a side, of a thumbnail of mean 0 and deviation 1.
THUMBNAIL, LOW = 64, 16
CELL, BINS = 16, 9
GREYS = 32
GROUPS = ("frequency", "gradient", "texture", "grey")


class Appearance(Extractor):
    """Coarse layout, gradients, texture and greys of a picture, some 900 numbers.

    A fixed description that needs no parameter, so that pictures can be compared with those that a
    model was trained on, whatever the model itself is given. The first ``LOW * LOW`` columns are
    the lowest cosine frequencies, row by row; then HOG without blocks, LBP on a 2 x 2 grid and a
    histogram of greys, the latter two as square roots (Hellinger's distance).

    Examples
    --------
    >>> columns = Appearance().transform(np.zeros((2, 256, 256), np.uint8))
    >>> columns.shape, columns.dtype.name
    ((2, 904), 'float32')
    """

    name: ClassVar[str] = "appearance"
    title: ClassVar[str] = "appearance"

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        import cv2

        scaled = np.stack([_scaled(image, SIDE) for image in images])
        small = np.stack([_scaled(image, THUMBNAIL) for image in scaled]).astype(np.float32)
        small -= small.mean(axis=(1, 2), keepdims=True)
        small /= small.std(axis=(1, 2), keepdims=True) + np.float32(1e-6)
        low = np.stack([cv2.dct(one)[:LOW, :LOW].ravel() for one in small]) / THUMBNAIL
        hog, lbp = _kinds()
        grey = np.stack([np.bincount(one.ravel() >> 3, minlength=GREYS) for one in scaled])
        return np.hstack(
            [
                low,
                hog.transform(scaled),
                np.sqrt(lbp.transform(scaled)),
                np.sqrt(grey / SIDE**2),
            ]
        ).astype(np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        hog, lbp = _kinds()
        groups = (
            [f"y{y}_x{x}" for y in range(LOW) for x in range(LOW)],
            hog.feature_names(SIDE, SIDE),
            lbp.feature_names(SIDE, SIDE),
            [str(g) for g in range(GREYS)],
        )
        return [
            f"{self.name}__{group}__{column}"
            for group, columns in zip(GROUPS, groups, strict=True)
            for column in columns
        ]


def edges() -> list[int]:
    """Give where each of the four groups of columns begins, and where the last one ends.

    Examples
    --------
    >>> edges()
    [0, 256, 832, 872, 904]
    """
    kinds = [kind.feature_names(SIDE, SIDE) for kind in _kinds()]
    widths = [0, LOW * LOW, *map(len, kinds), GREYS]
    return [int(e) for e in np.cumsum(widths)]


def _kinds() -> tuple[Extractor, Extractor]:
    from gliaboost.features.hog import HOG
    from gliaboost.features.lbp import LBP

    hog = HOG(orientations=BINS, pixels_per_cell=CELL, cells_per_block=1, block_norm="L2")
    return hog, LBP(8, 1, grid=2)


def _scaled(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    import cv2

    way = cv2.INTER_AREA if min(image.shape) >= side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=way), np.uint8)
