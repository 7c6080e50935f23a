"""Two models' probabilities as one: a geometric mean, weighted as held-out rows say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.log_loss import LEAST, balanced_log_loss

Probabilities = NDArray[np.floating[Any]]
# Coarse on purpose: one number from some hundred rows knows no more.
SHARES = tuple(step / 20 for step in range(21))


def blended(first: Probabilities, second: Probabilities, share: float) -> NDArray[np.float64]:
    """Blend ``[N, K]`` probabilities: proportional to ``first**share * second**(1 - share)``.

    Examples
    --------
    >>> p, q = np.array([[0.8, 0.2]]), np.array([[0.2, 0.8]])
    >>> blended(p, q, 0.5).round(3).tolist()
    [[0.5, 0.5]]
    """
    from scipy.special import softmax

    logs = share * np.log(np.maximum(first, LEAST))
    logs = logs + (1 - share) * np.log(np.maximum(second, LEAST))
    return softmax(logs, axis=1)  # type: ignore[no-any-return]


def best_share(
    network: Probabilities, booster: Probabilities, codes: NDArray[np.int64]
) -> tuple[float, dict[str, float]]:
    """Find the network's share with the least balanced log loss.

    Parameters
    ----------
    network, booster : float array [N, K]
        Probabilities of rows that neither had seen.
    codes : int64 array [N]
        Right classes.

    Returns
    -------
    share : float
        0 to 1, in steps of a twentieth.
    losses : dict
        Balanced log loss of ``network``, ``booster`` and ``blend``.
    """
    losses = [balanced_log_loss(blended(network, booster, s), codes) for s in SHARES]
    best = int(np.argmin(losses))
    return SHARES[best], {"network": losses[-1], "booster": losses[0], "blend": losses[best]}
