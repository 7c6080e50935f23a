"""What went on inside the training parts: loss by epoch, and the search for parameters."""

from __future__ import annotations

import numpy as np

from gliaboost.reports.document import curves
from gliaboost.reports.document.blocks import Block, Cell, Figure, Table
from gliaboost.reports.document.numerals import UNKNOWN, count, seconds, share, words
from gliaboost.reports.protocol.experiment_record import HistoryRecord, SearchRecord
from gliaboost.reports.protocol.results import ExperimentResult, Results


def training(results: Results) -> list[Block]:
    """Draw the loss of each fold by epoch or round."""
    drawn, rows = [], []
    for e in results.experiments:
        lines, label = [], "loss"
        for run in e.record.history:
            label = run.metric
            rows.append(_epochs(e, run))
            for place, (side, said) in enumerate(
                ((run.train, "training part"), (run.valid, "held-out part"))
            ):
                values = np.asarray(side, dtype=np.float64)
                if len(values) > 1:
                    kept = np.unique(np.linspace(0, len(values) - 1, 200).astype(int))
                    lines.append(curves.Curve(place, said, kept + 1.0, values[kept]))
        if lines:
            drawn.append(
                curves.history(
                    f"history-{e.letter}", f"{e.letter}  {e.title}", "round", label, lines
                )
            )
    if not drawn:
        return []
    return [
        Figure(
            "history",
            drawn,
            "How training went, a line a fold: on the part of the training fold that was "
            "learned from, and on the part held out of it, by which training was stopped. Test "
            "folds take no part.",
            Table(
                "history",
                "Training in numbers: rounds, and where the held-out part was best.",
                ["", "Fold", "Measure", "#Rounds", "#Last, training", "#Best, held out", "#Round"],
                rows,
            ),
        )
    ]


def _epochs(e: ExperimentResult, run: HistoryRecord) -> list[Cell]:
    train, valid = run.train, run.valid
    best = int(np.argmin(valid)) if valid else None
    return [
        Cell(e.letter),
        Cell(run.fold),
        Cell(run.metric),
        Cell(count(len(train)), len(train)),
        Cell(share(train[-1]) if train else UNKNOWN, train[-1] if train else None),
        Cell(UNKNOWN) if best is None else Cell(share(valid[best]), valid[best]),
        Cell(UNKNOWN) if best is None else Cell(count(best + 1), best + 1),
    ]


def searches(results: Results) -> list[Block]:
    """Draw how far each search got by trial, and list what it chose."""
    drawn, rows = [], []
    for e in results.experiments:
        lines = []
        for run in e.record.search:
            rows.append(_chosen(e, run))
            # A pruned trial moves nothing.
            scores = [np.inf if t.score is None else t.score for t in run.trials]
            best = np.minimum.accumulate(scores)
            lines.append(
                curves.Curve(
                    0,
                    "best so far, a line a fold",
                    np.arange(1.0, len(best) + 1)[np.isfinite(best)],
                    best[np.isfinite(best)],
                )
            )
        if lines:
            drawn.append(
                curves.history(
                    f"search-{e.letter}", f"{e.letter}  {e.title}", "trial", "log loss", lines
                )
            )
    if not drawn:
        return []
    return [
        Figure(
            "search",
            drawn,
            "The search for parameters: the least balanced log loss after each trial, on inner "
            "folds of the training part, by patient. It was chosen as the least of many, so it "
            "flatters; the test fold took no part.",
            Table(
                "search",
                "What each search chose. Default: the log loss of the model's own parameters, "
                "which every search tries first. Pruned: stopped early, as others were better.",
                [
                    "",
                    "Fold",
                    "#Trials",
                    "#Pruned",
                    "#Default",
                    "#Best",
                    "#Seconds",
                    "Chosen",
                ],
                rows,
            ),
        )
    ]


def _chosen(e: ExperimentResult, run: SearchRecord) -> list[Cell]:
    states = [t.state for t in run.trials]
    default, best = run.default_score, run.score
    same = default is not None and best == default
    return [
        Cell(e.letter),
        Cell(run.fold),
        Cell(count(len(states)), len(states)),
        Cell(count(states.count("pruned")), states.count("pruned")),
        Cell(UNKNOWN) if default is None else Cell(share(default), default),
        Cell(share(best), best),
        Cell(seconds(run.seconds), run.seconds),
        Cell("the defaults" if same else words(run.parameters) or UNKNOWN),
    ]
