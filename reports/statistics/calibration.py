"""Whether probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.log_loss import log_losses
from gliaboost.reports.statistics.resampling import sums

BINS = 15
# A probability of nothing would surprise without end.
SMALLEST = 1e-12
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


def reliability(
    probabilities: Array,
    truth: NDArray[np.int64],
    codes: NDArray[np.int64],
    weights: Array,
    count: int = 10,
) -> tuple[Array, Array, Array]:
    """Bin images by confidence; say how confident and how often right each bin is.

    Parameters
    ----------
    probabilities : float64 array [N, K]
        Of each class.
    truth : int64 array [N]
        Classes by number.
    codes : int64 array [N]
        The group of each image.
    weights : float64 array [B, G]
        What an image of each group counts.
    count : int
        Number of bins of equal width.

    Returns
    -------
    images, confidence, accuracy : float64 arrays [B, count]
        The last two NaN for an empty bin.
    """
    top = probabilities.argmax(1)
    confidence = probabilities[np.arange(len(top)), top]
    inside = np.zeros((len(top), count))
    inside[np.arange(len(top)), bins(confidence, count)] = 1
    images, believed, right = (
        weights @ sums(codes, weights.shape[1], inside * values[:, None])
        for values in (np.ones(len(top)), confidence, top == truth)
    )
    known = np.where(images > 0, images, np.nan)
    return images, believed / known, right / known


def log_loss(probabilities: Array, truth: NDArray[np.int64]) -> Array:
    """Return the surprise of each image in nats: minus the log of its true class' probability."""
    return log_losses(probabilities, truth, SMALLEST)


def temperature(probabilities: Array, truth: NDArray[np.int64]) -> float:
    """Find the power that makes probabilities least surprising.

    Returns
    -------
    float
        T of `soften`: above 1 where the model is too sure of itself. From 0.05 to 20.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    def surprise(log_t: float) -> float:
        return float(log_loss(soften(probabilities, np.exp(log_t)), truth).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-3, 3), method="bounded").x))


def soften(probabilities: Array, t: float) -> Array:
    """Raise probabilities to the power 1 / `t` and scale their rows to 1."""
    from scipy.special import softmax

    return np.asarray(softmax(np.log(np.maximum(probabilities, SMALLEST)) / t, axis=1))


def isotonic(probabilities: Array, truth: NDArray[np.int64], new: Array) -> Array:
    """Learn a rising step for each class against the rest, and apply it to `new`.

    References
    ----------
    Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability
    estimates", KDD 2002.
    """
    from sklearn.isotonic import IsotonicRegression

    columns = [
        IsotonicRegression(out_of_bounds="clip")
        .fit(probabilities[:, k], truth == k)
        .predict(new[:, k])
        for k in range(probabilities.shape[1])
    ]
    mapped = np.stack(columns, axis=1)
    total = mapped.sum(1, keepdims=True)
    # Where every class was mapped to nothing, the model's own word stands.
    return np.asarray(np.divide(mapped, total, out=new.copy(), where=total > 0))


def crossfitted(
    probabilities: Array, truth: NDArray[np.int64], folds: NDArray[np.int64], method: str
) -> Array:
    """Recalibrate each fold by what the other folds teach: no image serves for its own map.

    Parameters
    ----------
    probabilities : float64 array [N, K]
        Of models that had not seen the image.
    truth : int64 array [N]
        Classes by number.
    folds : int64 array [N]
        Two at least; where folds keep patients whole, the map is patient-disjoint too.
    method : str
        ``temperature`` or ``isotonic``.

    Returns
    -------
    float64 array [N, K]
    """
    result = np.empty_like(probabilities)
    for fold in np.unique(folds):
        inside = folds == fold
        known, labels, new = probabilities[~inside], truth[~inside], probabilities[inside]
        if method == "temperature":
            result[inside] = soften(new, temperature(known, labels))
        else:
            result[inside] = isotonic(known, labels, new)
    return result
