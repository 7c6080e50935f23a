from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gliaboost.reports.pages.brief import in_brief
from gliaboost.reports.pages.recommendation import recommend
from gliaboost.reports.protocol.experiment_record import Seconds
from gliaboost.reports.protocol.results import read_results


def said(results: Any, rows: Callable[..., Any]) -> dict[str, str]:
    return dict(rows(in_brief(results)))


def test_each_question_is_answered_of_the_best(three: Any, rows: Callable[..., Any]) -> None:
    best, found = three.experiments[0], said(three, rows)
    assert found["Most accurate"] == f"{best.letter}, {best.title}."
    accuracy = best.pooled("accuracy")
    assert found["How good, how sure"].startswith(f"Accuracy {accuracy:.3f}, with 95 % confidence")
    largest = max(three.dataset.classes.values()) / 300
    assert f"the largest class would give {largest:.3f}" in found["How good, how sure"]
    assert found["At what cost"].startswith("4.0 s from images to a fitted model")
    assert "120 images a second" in found["At what cost"]
    assert found["Was the split honest"].startswith("40 patients, none in two folds")
    assert "no control with shuffled labels" in found["Was the split honest"]
    assert f"Off by {best.pooled('ece'):.3f}" in found["Are its probabilities usable"]
    assert "for 99 % of images" in found["Are its probabilities usable"]


def test_the_brief_names_what_is_recommended(three: Any, rows: Callable[..., Any]) -> None:
    found, recommended = said(three, rows), recommend(three)
    assert recommended is not None
    assert recommended.rows == list(found.items())[: len(recommended.rows)]


def test_costs_of_two_are_told_apart(
    make_predictions: Any, make_run: Any, edit_experiment: Any, rows: Callable[..., Any]
) -> None:
    frame = make_predictions(experiment="cnn")
    folder = make_run([frame, frame.assign(experiment="lightgbm+hog")])
    edit_experiment(folder, 0, seconds=Seconds(features=0.0, fit=900.0, predict=1.0))
    cost = said(read_results(folder), rows)["At what cost"]
    assert cost.startswith("A: 3 min from images to a fitted model, 300 images a second")
    assert " B: 6.0 s from images" in cost


def test_a_cut_patient_is_a_no(
    make_predictions: Any, make_run: Any, rows: Callable[..., Any]
) -> None:
    frame = make_predictions()
    mine = frame["patient"] == "P003"
    frame.loc[mine, "fold"] = [str(i % 2 + 1) for i in range(mine.sum())]
    found = said(read_results(make_run([frame])), rows)
    assert found["Was the split honest"].startswith("No: 1 patient in more than one fold")
