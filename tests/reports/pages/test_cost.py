from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.reports.pages.cost import cost, costs, fitting, front, predicting, rate
from gliaboost.reports.protocol.experiment_record import Seconds
from gliaboost.reports.protocol.results import read_results

points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


@given(drawn=points)
def test_the_front_is_what_none_beats_in_both(drawn: list[tuple[float, float]]) -> None:
    kept = front(drawn)
    assert set(kept) <= set(drawn)
    beaten = {p for p in drawn if any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in drawn)}
    assert set(kept) == set(drawn) - beaten
    assert kept == sorted(kept)


def test_times_are_those_of_a_model_and_of_an_image(three: Any) -> None:
    best = three.experiments[0]
    assert fitting(best) == pytest.approx(2 + 10 / 5)
    assert predicting(three)(best) == pytest.approx((2 + 0.5) / 300)
    assert rate(three, best) == pytest.approx(300 / 2.5)


def test_features_of_training_images_do_not_slow_prediction(
    make_predictions: Any, make_run: Any
) -> None:
    """One part is tested, as under --folds split; features were computed for all images."""
    tested = make_predictions(images=100, folds=1)
    unreadable = {f"{i}.png": "is empty" for i in range(4)}
    run = read_results(
        make_run(
            [tested], dataset={"images": 404, "unreadable": unreadable}, protocol={"n_folds": 1}
        )
    )
    (e,) = run.experiments
    assert predicting(run)(e) == pytest.approx(2 / 400 + 0.5 / 100)
    assert rate(run, e) == pytest.approx(1 / (2 / 400 + 0.5 / 100))


def test_what_extractors_learned_from_does_not_slow_prediction(
    make_predictions: Any, make_run: Any, edit_experiment: Any
) -> None:
    """A vocabulary is learned, and training rows are described, for the model and not an image."""
    spent = Seconds(features=500.0, fit=10.0, predict=0.5, tested=3.0)
    run = read_results(edit_experiment(make_run([make_predictions()]), 0, seconds=spent))
    (e,) = run.experiments
    assert predicting(run)(e) == pytest.approx(3.5 / 300)
    assert fitting(e) == pytest.approx(500 + 10 / 5)


def test_fewer_folds_are_not_cheaper(make_predictions: Any, make_run: Any) -> None:
    """The same seconds for two folds as for five make a dearer model."""
    whole = make_predictions(experiment="lightgbm+hog")
    part = make_predictions(experiment="cnn", seed=1).query("fold in ('1', '2')")
    folder = make_run([whole, part.reset_index(drop=True)])
    costs = {e.name: fitting(e) for e in read_results(folder).experiments}
    assert costs == {"lightgbm+hog": pytest.approx(2 + 10 / 5), "cnn": pytest.approx(2 + 20 / 2)}


def test_every_experiment_is_in_the_table_and_the_picture(
    three: Any, rows: Callable[..., Any]
) -> None:
    table = costs(three)
    assert [row[:2] for row in rows(table)] == [[e.letter, e.title] for e in three.experiments]
    assert rows(table)[0][2:8] == ["2.0 s", "10 s", "0.5 s", "120", "–", "cpu"]
    assert rows(table)[0][8:] == ["–", "–"]
    section = cost(three)
    said = " ".join(p.alt for block in section.blocks for p in getattr(block, "pictures", []))
    assert all(e.title in said for e in three.experiments)
    assert np.all([r[1].text != r[0].text for r in table.rows])
