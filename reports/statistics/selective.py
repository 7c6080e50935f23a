"""Answering only where sure: error against coverage, and sets that hold the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def risk_coverage(confidence: Array, right: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Answer the surest first; say how often the answers so far are wrong.

    Parameters
    ----------
    confidence : float64 array [N]
        Largest probability of each image.
    right : bool array [N]
        Whether it was right.

    Returns
    -------
    coverage, risk : float64 arrays [M]
        Share of images answered, and share of these that are wrong; one entry a distinct
        confidence.

    References
    ----------
    El-Yaniv and Wiener, "On the foundations of noise-free selective classification", JMLR 11
    (2010).

    Examples
    --------
    >>> coverage, risk = risk_coverage(np.array([0.9, 0.6, 0.8, 0.5]), np.array([1, 0, 1, 1]) > 0)
    >>> coverage.tolist(), risk.round(3).tolist()
    ([0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.333, 0.25])
    """
    order = np.argsort(-confidence, kind="stable")
    sure, wrong = confidence[order], np.cumsum(~right[order])
    last = np.flatnonzero(np.r_[sure[1:] != sure[:-1], True])
    answered = last + 1
    return answered / len(sure), wrong[last] / answered


def risk_at(coverage: Array, risk: Array, share: float) -> float:
    """Return the error when at least `share` of the images are answered."""
    return float(risk[np.searchsorted(coverage, share - 1e-12)])


def accepted(
    confidence: Array,
    right: NDArray[np.bool_],
    folds: NDArray[np.int64],
    allowed: float,
) -> NDArray[np.bool_]:
    """Accept the answers that are sure enough, by a threshold that the other folds teach.

    Parameters
    ----------
    confidence : float64 array [N]
        Largest probability of each image.
    right : bool array [N]
        Whether it was right.
    folds : int64 array [N]
        Fold of each image.
    allowed : float
        Share of accepted answers that may be wrong, on the folds that are learned from.

    Returns
    -------
    bool array [N]
        Whether the answer is accepted; none where no threshold kept the error that low.

    Examples
    --------
    >>> sure = np.array([0.9, 0.8, 0.6, 0.95, 0.7, 0.5])
    >>> right = np.array([1, 1, 0, 1, 0, 0]) > 0
    >>> accepted(sure, right, np.array([0, 0, 0, 1, 1, 1]), 0.1).astype(int).tolist()
    [0, 0, 0, 1, 0, 0]
    """
    taken = np.zeros(len(confidence), dtype=np.bool_)
    for fold in np.unique(folds):
        here = folds == fold
        sure = np.unique(confidence[~here])[::-1]
        _, risk = risk_coverage(confidence[~here], right[~here])
        kept = np.flatnonzero(risk <= allowed)
        if len(kept):
            taken[here] = confidence[here] >= sure[kept[-1]]
    return taken


def threshold(scores: Array, codes: NDArray[np.int64], alpha: float) -> float:
    """Return the score that a new patient's image exceeds with probability `alpha` at most.

    Images of one patient are alike, so each patient weighs 1, whatever its number of images, and
    the patient to come weighs 1 too. With groups of one this is the split conformal quantile.

    Parameters
    ----------
    scores : float64 array [N]
        Strangeness of calibration images: 1 - probability of the true class.
    codes : int64 array [N]
        Their patients.
    alpha : float
        Share of misses allowed.

    Returns
    -------
    float
        Infinity where there are fewer than 1 / `alpha` - 1 patients: no promise can be kept then
        but by naming every class.

    References
    ----------
    Lee, Barber and Willett, "Distribution-free inference with hierarchical data", arXiv:2306.06342
    (2023); Vovk, Gammerman and Shafer, "Algorithmic learning in a random world" (2005).
    """
    _, group, size = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.argsort(scores, kind="stable")
    mass = np.cumsum(1 / ((len(size) + 1) * size[group[order]]))
    at = np.searchsorted(mass, 1 - alpha - 1e-12)
    return float(scores[order][at]) if at < len(scores) else float("inf")


def conformal_sets(
    probabilities: Array,
    truth: NDArray[np.int64],
    folds: NDArray[np.int64],
    codes: NDArray[np.int64],
    alpha: float,
) -> NDArray[np.bool_]:
    """Name for each image the classes that cannot be ruled out, by what the other folds teach.

    Parameters
    ----------
    probabilities : float64 array [N, K]
        Of models that had not seen the image.
    truth, folds, codes : int64 arrays [N]
        Class, fold and patient of each image.
    alpha : float
        Share of sets that may lack the true class.

    Returns
    -------
    bool array [N, K]
        Whether the class is in the image's set. May be empty: nothing fits.
    """
    strangeness = 1 - probabilities
    true = strangeness[np.arange(len(truth)), truth]
    inside = np.empty(probabilities.shape, dtype=np.bool_)
    for fold in np.unique(folds):
        here = folds == fold
        inside[here] = strangeness[here] <= threshold(true[~here], codes[~here], alpha)
    return inside
