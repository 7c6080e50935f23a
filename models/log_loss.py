"""Log loss, image by image and balanced by class."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", bound=np.floating[Any])
# Single precision tells probabilities near 1 apart by about as much.
LEAST = 1e-7


def log_losses(probabilities: NDArray[Float], y: NDArray[np.int64], least: float) -> NDArray[Float]:
    """Return minus the log of each image's right class' probability.

    Parameters
    ----------
    probabilities : float array [N, K]
        Of each class.
    y : int64 array [N]
        Right classes by number.
    least : float
        What smaller probabilities count as, above 0; else one sure mistake would weigh without end.

    Returns
    -------
    float array [N]
        In nats, 0 or more; of the probabilities' dtype.

    Examples
    --------
    >>> log_losses(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1]), 1e-7).round(2).tolist()
    [0.69, 16.12]
    """
    right = probabilities[np.arange(len(y)), y]
    return np.asarray(-np.log(np.maximum(right, least)), dtype=probabilities.dtype)


def balanced_log_loss(probabilities: NDArray[np.floating[Any]], y: NDArray[np.int64]) -> float:
    """Average the mean log losses of the classes that occur; see `log_losses`.

    Probabilities are kept above 1e-7.
    """
    loss = log_losses(probabilities, y, LEAST)
    return float(np.mean([loss[y == k].mean() for k in np.unique(y)]))
