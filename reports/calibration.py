"""Whether probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.resampling import sums

BINS = 15
Array = NDArray[np.float64]


def brier(probabilities: Array, truth: NDArray[np.int64]) -> Array:
    """Return the Brier score of each image: squared distance to the truth, 0 (best) to 2.

    Parameters
    ----------
    probabilities : float64 array [N, K]
        Rows add up to 1.
    truth : int64 array [N]
        Classes by number.

    Returns
    -------
    float64 array [N]

    References
    ----------
    Brier, "Verification of forecasts expressed in terms of probability", Mon. Weather Rev. 78
    (1950).
    """
    distance = probabilities.copy()
    distance[np.arange(len(truth)), truth] -= 1
    return np.asarray((distance**2).sum(1))


def gaps(
    probabilities: Array, truth: NDArray[np.int64], codes: NDArray[np.int64], n_groups: int
) -> Array:
    """Surplus of confidence over correctness by group and bin, the makings of `calibration_error`.

    Returns
    -------
    float64 array [G, BINS]
        Sum over a group's images in a bin of (largest probability - 1 if it was right).
    """
    top = probabilities.argmax(1)
    confidence = probabilities[np.arange(len(top)), top]
    surplus = np.zeros((len(top), BINS))
    surplus[np.arange(len(top)), bins(confidence)] = confidence - (top == truth)
    return sums(codes, n_groups, surplus)


def bins(confidence: Array, count: int = BINS) -> NDArray[np.int64]:
    """Return the bin of each confidence, from 0: equal widths, closed on the right, as Guo's."""
    number = np.ceil(np.asarray(confidence) * count).astype(np.int64) - 1
    return np.clip(number, 0, count - 1)


def calibration_error(gap: Array, images: Array) -> Array:
    """Return the expected calibration error: the mean gap of an image's bin.

    Parameters
    ----------
    gap : float64 array [..., BINS]
        Sums of `gaps`.
    images : float64 array [...]
        How many images they are over.

    Returns
    -------
    float64 array [...]
        0 to 1.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017 (15 bins).
    """
    return np.asarray(np.abs(gap).sum(-1) / np.where(images > 0, images, np.nan))
