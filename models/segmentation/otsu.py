"""The floor without learning: the largest thing in the head that is brighter than the rest."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.segmentation.base import TUMOUR, Segmenter
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.registry import register

# The skull and scalp are bright too; so much of the head's shorter side is peeled off.
RIM = 0.12


@register
class Otsu(Segmenter):
    """Threshold the inside of the head by Otsu's method and keep the largest bright component.

    Nothing is learned: what this reaches, a segmenter that learns must pass. Otsu, "A threshold
    selection method from gray-level histograms", IEEE Trans. SMC 9(1), 1979.

    Examples
    --------
    >>> image = np.zeros((1, 64, 64), np.uint8)
    >>> image[0, 8:56, 8:56] = 60
    >>> image[0, 26:34, 26:34] = 220
    >>> model = Otsu().fit(image, image > 200)
    >>> model.segment(image)[0, [12, 30], [12, 30]].tolist()
    [False, True]
    """

    name: ClassVar[str] = "otsu"
    title: ClassVar[str] = "Otsu's threshold"
    library: ClassVar[str] = "opencv-python-headless"

    def _fit(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.bool_],
        labels: NDArray[Any],
        groups: NDArray[Any],
    ) -> None:
        self.classes_ = np.asarray([TUMOUR])
        self.decision_ = Decision(least=0.5, share=0.5, others=1.0)

    def _predict_maps(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([_bright_inside(image) for image in images])[:, None].astype(np.float32)

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        if native:
            raise NativeModelError(f"otsu learns nothing, and here are {len(native)} bytes of it")


def _bright_inside(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    import cv2
    from scipy import ndimage

    from gliaboost.datasets.prepare import bright, foreground_box

    nothing = np.zeros(image.shape, bool)
    top, left, bottom, right = foreground_box(image)
    head = np.pad(ndimage.binary_fill_holes(bright(image)), 1)
    depth = cv2.distanceTransform(head.astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    inside = depth > RIM * min(bottom - top, right - left)
    if not inside.any() or np.ptp(image[inside]) == 0:
        return nothing
    level, _ = cv2.threshold(image[inside][None], 0, 255, cv2.THRESH_OTSU)
    components, count = ndimage.label(inside & (cv2.medianBlur(image, 5) > level))
    if not count:
        return nothing
    sizes = np.bincount(components.ravel())[1:]
    return np.asarray(components == 1 + int(sizes.argmax()))
