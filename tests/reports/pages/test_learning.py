from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gliaboost.reports.document.blocks import Figure
from gliaboost.reports.pages.learning import searches, training
from gliaboost.reports.protocol.experiment_record import (
    HistoryRecord,
    SearchRecord,
    TrialRecord,
)
from gliaboost.reports.protocol.results import read_results

Edit = Callable[..., Any]


def test_without_curves_there_is_no_figure(three: Any) -> None:
    assert training(three) == []
    assert searches(three) == []


def test_the_best_round_is_that_of_the_held_out_part(
    make_predictions: Any, make_run: Any, edit_experiment: Edit, rows: Callable[..., Any]
) -> None:
    history = (
        HistoryRecord(fold="1", metric="log loss", train=(1.0, 0.5, 0.2), valid=(1.0, 0.7, 0.8)),
        HistoryRecord(fold="2", metric="log loss", train=(1.0, 0.4), valid=()),
    )
    folder = edit_experiment(make_run([make_predictions()]), 0, history=history)
    (figure,) = training(read_results(folder))
    assert isinstance(figure, Figure)
    assert figure.table is not None
    assert [row[1:] for row in rows(figure.table)] == [
        ["1", "log loss", "3", "0.200", "0.700", "2"],
        ["2", "log loss", "2", "0.400", "–", "–"],
    ]
    assert len(figure.pictures) == 1


def test_a_search_is_drawn_as_the_best_so_far(
    make_predictions: Any, make_run: Any, edit_experiment: Edit, rows: Callable[..., Any]
) -> None:
    trials = tuple(
        TrialRecord(number=i, state="complete" if score else "pruned", score=score)
        for i, score in enumerate([0.9, None, 0.7, 0.8])
    )
    search = SearchRecord(
        fold="1", folds=3, score=0.7, default_score=0.9, parameters={"rounds": 5}, trials=trials,
        seconds=12.0,
    )  # fmt: skip
    folder = edit_experiment(make_run([make_predictions()]), 0, search=(search,))
    (figure,) = searches(read_results(folder))
    assert isinstance(figure, Figure)
    assert figure.table is not None
    ((_, *row),) = rows(figure.table)
    assert row[:5] == ["1", "4", "1", "0.900", "0.700"]
    body = figure.pictures[0].body
    path = next(p for p in body.split("<path ") if 'class="curve' in p)
    ys = [float(step.split()[1]) for step in path.split('"')[1].strip("M").split("L")]
    # Down twice never, once, then level: the least so far.
    assert ys[0] == ys[1] < ys[2] == ys[3]
