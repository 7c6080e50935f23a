"""The volume of a tumour over the slices of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.measurements import check_mask


@dataclass(frozen=True)
class SeriesVolume:
    """The volume of a tumour over the slices of a series.

    Attributes
    ----------
    mm3 : float
        Cubic millimetres.
    slices : int
        How many slices have a part of it.
    """

    mm3: float
    slices: int

    @property
    def ml(self) -> float:
        """Millilitres."""
        return self.mm3 / 1000

    def to_dict(self) -> dict[str, float]:
        """Return plain numbers: ``volume_mm3``, ``volume_ml`` and ``volume_slices``."""
        return {"volume_mm3": self.mm3, "volume_ml": self.ml, "volume_slices": self.slices}


def volume(
    masks: Iterable[NDArray[np.bool_]], spacing: tuple[float, float], thickness: float
) -> SeriesVolume:
    """Add up the masks of a series.

    Parameters
    ----------
    masks : iterable of bool array [H, W]
        One a slice, all of one size.
    spacing : (row mm, column mm)
        Within a slice.
    thickness : float
        From the middle of a slice to that of the next, in mm: with gaps or overlaps that is not the
        thickness of the slice.

    Returns
    -------
    SeriesVolume

    Raises
    ------
    UsageError
        If a length is not above 0, a mask is no bool array, or masks have several sizes.

    Examples
    --------
    >>> volume([np.ones((10, 10), bool)] * 4, (0.5, 0.5), 5.0).ml
    0.5
    """
    if not (np.isfinite(thickness) and thickness > 0):
        raise UsageError(f"slices {thickness} mm apart; expected a length above 0")
    pixels, slices, shape = 0, 0, None
    for mask in masks:
        check_mask(mask, spacing=spacing)
        if shape is not None and mask.shape != shape:
            raise UsageError(
                f"masks of {_by(shape)} and {_by(mask.shape)} pixels in one series; expected one "
                "size"
            )
        shape = mask.shape
        pixels += int(mask.sum())
        slices += bool(mask.any())
    return SeriesVolume(pixels * spacing[0] * spacing[1] * thickness, slices)


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, reversed(shape)))
