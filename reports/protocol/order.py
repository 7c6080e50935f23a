"""In which order experiments stand: the most accurate first, on paired evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gliaboost.reports.protocol.experiment_record import ExperimentRecord

if TYPE_CHECKING:
    import pandas as pd


def in_order(
    records: Sequence[ExperimentRecord], frames: Sequence[pd.DataFrame], seed: int
) -> tuple[list[int], list[bool]]:
    """Order what competes.

    Parameters
    ----------
    records : sequence of ExperimentRecord [E]
        All on one data set.
    frames : sequence of pandas.DataFrame [E]
        Their predictions, empty where they were not saved; matched by ``path`` for the comparison.
    seed : int
        Of the bootstrap.

    Returns
    -------
    order : list of int [E]
        Positions: the most accurate (`gliaboost.reports.statistics.choice.most_accurate`), then
        what was tested on every picture, then what was tested on a part, each by its accuracy.
    partial : list of bool [E]
        Of each position of `records`, whether it was tested on a part.
    """
    from gliaboost.reports.statistics.choice import most_accurate
    from gliaboost.reports.statistics.paired import compare

    keys = [set(f["key"]) for f in frames]
    tested = [len(k) or r.counts.images for k, r in zip(keys, records, strict=True)]
    everything = max([len(set().union(*keys)), *tested])
    partial = [0 < n < everything for n in tested]
    accuracies = [r.accuracy.pooled for r in records]
    order = sorted(range(len(records)), key=lambda i: (partial[i], -(accuracies[i] or 0.0)))
    if any(partial):
        # Where accuracies are equal, what stood first stays there.
        chosen = most_accurate(
            [accuracies[i] for i in order],
            [tested[i] for i in order],
            everything,
            compare([frames[i] for i in order], seed=seed),
        )
        order.insert(0, order.pop(chosen))
    return order, partial
