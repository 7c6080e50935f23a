"""How probable each plane is, as feature columns."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.plane.inference import PLANES, VERSION, plane_probabilities
from gliaboost.features.base import Extractor
from gliaboost.features.registry import register


@register
class Plane(Extractor):
    """Probabilities that a slice is axial, coronal or sagittal, as its picture tells.

    Three columns that sum to 1; what they rest on is told by
    `gliaboost.datasets.plane.inference.plane_probabilities`.

    Examples
    --------
    >>> from gliaboost.features import create
    >>> columns = create("plane").transform(np.zeros((2, 64, 64), np.uint8))
    >>> columns.shape, columns.dtype.name
    ((2, 3), 'float32')
    """

    name: ClassVar[str] = "plane"
    title: ClassVar[str] = "plane"
    version: ClassVar[int] = VERSION

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([plane_probabilities(image) for image in images])

    def _names(self, height: int, width: int) -> list[str]:
        return [f"{self.name}__{plane}" for plane in PLANES]
