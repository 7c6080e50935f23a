"""Where a segmenter sees a tumour on one picture, kept so that the outline can be drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageLike
from gliaboost.datasets.placement import placement
from gliaboost.models.segmentation.bundle import SegmenterBundle
from gliaboost.models.segmentation.decision import Decision, tumour_mask
from gliaboost.models.segmentation.measurements import Measurements, measure


@dataclass(frozen=True, eq=False)
class TumourMap:
    """Probabilities of a tumour, at a picture's own size.

    Attributes
    ----------
    image : uint8 array [H, W]
        The picture.
    probability : float32 array [H, W]
        0 to 1.
    decision : Decision
        How the segmenter itself decides.
    spacing : (row mm, column mm), optional
        Between the middles of pixels.

    Examples
    --------
    >>> hill = np.array([[0.1, 0.4, 0.6, 0.4, 0.1]], np.float32)
    >>> found = TumourMap(np.zeros((1, 5), np.uint8), hill, Decision(least=0.5, share=0.6))
    >>> round(found.usual, 2), found.mask().sum(), found.mask(0.5).sum(), found.mask(0.7).sum()
    (0.36, np.int64(3), np.int64(1), np.int64(0))
    """

    image: NDArray[np.uint8]
    probability: NDArray[np.float32]
    decision: Decision
    spacing: tuple[float, float] | None = None

    @property
    def peak(self) -> float:
        """The greatest probability."""
        return float(self.probability.max(initial=0))

    @property
    def usual(self) -> float:
        """The probability that its outline is drawn at; without a tumour, what it asks for one."""
        seen = self.peak >= self.decision.least
        return self.decision.share * self.peak if seen else self.decision.least

    def mask(self, threshold: float | None = None) -> NDArray[np.bool_]:
        """Decide which pixels are tumour.

        Parameters
        ----------
        threshold : float, optional
            Probability of the outline, above 0 to 1. Default: as the segmenter decides.

        Returns
        -------
        bool array [H, W]
            All False where no pixel is so probable.
        """
        if threshold is None:
            return tumour_mask(self.probability, self.decision)
        if threshold > self.peak:
            return np.zeros(self.probability.shape, bool)
        share = min(1.0, threshold / self.peak)
        own = Decision(least=threshold, share=share, others=self.decision.others)
        return tumour_mask(self.probability, own)

    def measured(self, threshold: float | None = None) -> tuple[NDArray[np.bool_], Measurements]:
        """Give the mask at a threshold, as `mask`, and its measurements."""
        mask = self.mask(threshold)
        found = measure(mask, self.image, probability=self.probability, spacing=self.spacing)
        return mask, found


def tumour_map(
    bundle: SegmenterBundle,
    image: ImageLike,
    *,
    spacing: tuple[float, float] | None = None,
    jobs: int | None = None,
) -> TumourMap:
    """Look for a tumour on one picture.

    Parameters
    ----------
    bundle : SegmenterBundle
        From `load_segmenter`.
    image : path-like or ImageSource
        One picture.
    spacing : (row mm, column mm), optional
        Between the middles of its pixels.
    jobs : int, optional
        Threads; default: all cores.

    Raises
    ------
    DecodeError
        If the picture cannot be read.
    UsageError
        If the bundle's segmenter is not here.
    """
    picture = decode(image)
    prepared = bundle.preparation_(picture)
    maps = bundle.model(jobs=jobs).predict_maps(prepared[None])[0]
    restored = placement(bundle.preparation_, picture).restored(maps.sum(axis=0))
    probability = np.asarray(np.minimum(restored, np.float32(1)), np.float32)
    return TumourMap(picture, probability, bundle.decision_, spacing)
