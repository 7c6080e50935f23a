"""How many rounds to boost: chosen on patients that the model does not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import methodcaller
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.boosters.task import BoostingTask
from gliaboost.models.log_loss import log_losses
from gliaboost.parallel import map_in_order, threads


class Growing(Protocol):
    """A model that is boosted round by round while rows are held out from it."""

    def advance(self, number: int) -> float:
        """Boost round `number`, from 0; return the weighted sum of the held-out rows' log loss."""


class Source(Protocol):
    """What models are boosted on, each round of all of its rows or without some."""

    def without(self, rows: NDArray[np.int64]) -> Growing:
        """Begin a model that does not see some rows."""

    def boost(self, rounds: int) -> Any:
        """Boost a model of all rows."""


def boost_chosen(source: Source, task: BoostingTask, patience: int) -> tuple[Any, int]:
    """Choose the rounds where rows are to be held out, and boost a model of all rows.

    Parameters
    ----------
    source : Source
        Of the task's rows.
    task : BoostingTask
    patience : int
        As for `choose_rounds`.

    Returns
    -------
    model
        The library's.
    rounds : int
    """
    rounds = task.rounds
    if task.held_out:
        growing = [source.without(rows) for rows in task.held_out]
        rounds = choose_rounds(growing, rounds, patience, task.workers)
    return source.boost(rounds), rounds


def choose_rounds(
    models: Sequence[Growing],
    most: int,
    patience: int,
    workers: int,
    initializer: Callable[[], None] | None = None,
) -> int:
    """Boost models side by side, and stop when their summed held-out loss stops improving.

    Parameters
    ----------
    models : sequence of Growing
        One a division; together they hold out every row once, so one odd patient weighs little.
    most : int
        Most rounds.
    patience : int
        Rounds without improvement after which to stop.
    workers : int
        Models that are boosted at once.
    initializer : callable, optional
        Called at the start of each thread.

    Returns
    -------
    int
        The number of rounds with the least loss, 1 to `most`.
    """
    losses: list[float] = []
    with threads(min(workers, len(models)), initializer) as executor:
        for number in range(most):
            advance = methodcaller("advance", number)
            losses.append(sum(map_in_order(advance, models, executor=executor, window=len(models))))
            if number - int(np.argmin(losses)) >= patience:
                break
    return int(np.argmin(losses)) + 1


def summed_log_loss(
    probabilities: NDArray[np.floating[Any]], y: NDArray[np.int64], weight: NDArray[np.float64]
) -> float:
    """Sum the weighted log loss of rows ``[n, K]``; probabilities are kept above 1e-15."""
    losses = log_losses(probabilities.astype(np.float64), y, 1e-15)
    return float((weight * losses).sum())
