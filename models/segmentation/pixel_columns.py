"""One slice as boosted pixels see it: its head, its dense columns, its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense.classical import STRIDES, classical_pyramid
from gliaboost.features.dense.frozen import frozen_pyramid, wide_pyramid
from gliaboost.features.dense.head import HeadGeometry, find_head
from gliaboost.features.dense.memo import MEMO
from gliaboost.features.dense.pyramid import Pyramid, joined
from gliaboost.models.segmentation.pixel_model import PixelModel

# Every slice is brought to this side first: filters, grids and nearness are in its pixels.
SIDE = 256
# A later pass does not look where an earlier one believes less than this.
NEGLIGIBLE = 0.005
MAPS = ("classical", "frozen")


@dataclass(frozen=True, eq=False)
class SeenSlice:
    """A slice of 256 x 256 pixels with what is known of every place.

    Attributes
    ----------
    image : uint8 array [256, 256]
    head : HeadGeometry
    pyramid : Pyramid
        Dense columns.
    """

    image: NDArray[np.uint8]
    head: HeadGeometry
    pyramid: Pyramid

    @cached_property
    def surrounded(self) -> Pyramid:
        """The dense columns, and beside a frozen network's their averages all around."""
        frozen = Pyramid(self.pyramid.levels[len(STRIDES) :])
        if not frozen.levels:
            return self.pyramid
        return joined([self.pyramid, wide_pyramid(frozen)])

    def columns(self, cells: int) -> NDArray[np.float32]:
        """Give the columns of all cells of a grid, ``float32 [cells, cells, D]``."""
        places = (np.arange(cells, dtype=np.float32) + np.float32(0.5)) / np.float32(cells)
        y, x = (each.ravel() for each in np.meshgrid(places, places, indexing="ij"))
        return self.pyramid.at(y, x).reshape(cells, cells, -1)


def see(image: NDArray[np.uint8], maps: str) -> SeenSlice:
    """Compute, or remember, what is known of a slice.

    Parameters
    ----------
    image : uint8 array [H, W]
    maps : {"classical", "frozen"}
        Classical columns alone, or a frozen network's beside them.
    """
    image = to_side(image)
    pyramids = [MEMO.get("classical", image, classical_pyramid)]
    if maps == "frozen":
        pyramids.append(MEMO.get("frozen", image, frozen_pyramid))
    return SeenSlice(image, find_head(image), joined(pyramids))


def to_side(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a slice to 256 x 256 pixels."""
    import cv2

    if image.shape == (SIDE, SIDE):
        return image
    shrinks = max(image.shape) >= SIDE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=method), np.uint8)


def mask_to_side(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bring a mask to 256 x 256 pixels: True where at least half of a pixel lies inside."""
    import cv2

    if mask.shape == (SIDE, SIDE):
        return mask
    method = cv2.INTER_AREA if max(mask.shape) >= SIDE else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(mask.astype(np.float32), (SIDE, SIDE), interpolation=method) >= 0.5
    )


def cell_maps(
    seen: SeenSlice,
    pyramid: Pyramid,
    models: Sequence[PixelModel],
    cells: int,
    before: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Average models' probabilities on a grid.

    Parameters
    ----------
    seen : SeenSlice
        Where the head is; beyond it there is no tumour.
    pyramid : Pyramid
        The models' columns.
    models : sequence of PixelModel
        Of classes "none" and K of tumour.
    cells : int
        Cells a side.
    before : float32 array [K, g, g], optional
        An earlier pass's: where it believes next to nothing, next to it too, nothing is believed.

    Returns
    -------
    float32 array [K, cells, cells]
    """
    import cv2

    inside = seen.head.mask.astype(np.float32)
    head = cv2.resize(inside, (cells, cells), interpolation=cv2.INTER_AREA)
    maps = np.zeros((models[0].classes - 1, cells, cells), np.float32)
    asked = head > 0
    if before is not None:
        around = cv2.dilate(before.sum(axis=0), np.ones((3, 3), np.uint8))
        asked &= cv2.resize(around, (cells, cells)) > NEGLIGIBLE
    rows, columns = np.nonzero(asked)
    if not len(rows):
        return maps
    y, x = ((each + 0.5) / cells for each in (rows, columns))
    X = pyramid.at(y.astype(np.float32), x.astype(np.float32))
    together = sum(model.probabilities(X) for model in models) / np.float32(len(models))
    maps[:, rows, columns] = np.asarray(together)[:, 1:].T
    return maps


def enlarged(maps: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Interpolate maps ``[K, g, g]`` bilinearly to another size."""
    import cv2

    return np.stack(
        [cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR) for each in maps]
    )
