"""From scores to probabilities: one number, chosen on rows that were held out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.log_loss import balanced_log_loss

Floats = NDArray[np.float64]
# Natural logarithms of the least and the greatest sharpness.
SOFTEST, SHARPEST = -6.0, 6.0


def softmax(scores: Floats) -> Floats:
    """Turn scores ``[N, K]`` into probabilities.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [0.0, 800.0]])).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def learn_sharpness(scores: Floats, y: NDArray[np.int64]) -> float:
    """Choose what scores are multiplied by before the softmax (temperature scaling).

    Parameters
    ----------
    scores : float64 array [N, K]
        Of rows that the head did not learn from.
    y : int64 array [N]
        Their classes.

    Returns
    -------
    float
        Above 0: the one with the least log loss, balanced by class. The most probable class stays
        the same.

    References
    ----------
    C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 4000)
    >>> logits = np.where(rng.random(4000) < 0.8, y, 1 - y) * np.log(4)  # right for 80 %
    >>> scores = np.stack([np.log(4) - logits, logits], axis=1) / 10
    >>> round(learn_sharpness(scores, y))
    10
    """
    from scipy.optimize import minimize_scalar

    def loss(exponent: float) -> float:
        return balanced_log_loss(softmax(scores * np.exp(exponent)), y)

    found = minimize_scalar(loss, bounds=(SOFTEST, SHARPEST), method="bounded")
    return float(np.exp(found.x))
