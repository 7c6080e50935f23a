from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.document.blocks import Table
from gliaboost.reports.pages.overview import answer, rival, table
from gliaboost.reports.protocol.experiment_record import Seconds
from gliaboost.reports.protocol.results import Results, read_results

MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]


@pytest.fixture
def compared(
    make_predictions: MakePredictions, make_run: MakeRun, edit_experiment: MakeRun
) -> Callable[..., Results]:
    """Give results of experiments of given skill and cost."""

    def make(skills: dict[str, float], **spent: float) -> Results:
        frames = [
            make_predictions(600, 60, skill=skill, seed=i, experiment=name)
            for i, (name, skill) in enumerate(skills.items())
        ]
        folder = make_run(frames)
        for place, name in enumerate(skills):
            fit = spent.get(name.partition("+")[0], 10.0)
            seconds = Seconds(features=2.0, fit=fit, predict=0.5)
            edit_experiment(folder, place, seconds=seconds)
        return read_results(folder)

    return make


def test_boosted_features_are_set_against_networks(compared: Callable[..., Results]) -> None:
    results = compared(
        {"lightgbm+hog": 4.0, "lightgbm+hog+lbp": 3.9, "xgboost+hog": 3.8, "cnn-scratch": 1.0}
    )
    at = rival(results)
    assert at is not None
    assert results.experiments[at].name == "cnn-scratch"


def test_without_a_network_another_model_is_the_rival(compared: Callable[..., Results]) -> None:
    results = compared({"lightgbm+hog": 4.0, "lightgbm+hog+lbp": 3.9, "xgboost+hog": 1.0})
    assert results.experiments[rival(results) or 0].name == "xgboost+hog"


def test_one_experiment_has_no_rival(compared: Callable[..., Results]) -> None:
    assert rival(compared({"lightgbm+hog": 2.0})) is None


def test_a_rival_that_is_not_recommended_is_named(compared: Callable[..., Results]) -> None:
    skills = {"cnn-scratch": 1.0, "lightgbm+hog": 4.0}
    results = compared(skills, **{"cnn-scratch": 3990.0, "lightgbm": 90.0})
    said = " ".join(str(getattr(b, "text", "")) for b in answer(results).blocks)
    assert "Against cnn-scratch, the difference of" in said
    assert "A model of the best costs 1/40 of the other's computing." in said


def test_a_rival_that_is_in_the_brief_is_not_named_again(compared: Callable[..., Results]) -> None:
    skills = {"cnn-scratch": 4.0, "lightgbm+hog": 1.0}
    results = compared(skills, **{"cnn-scratch": 3990.0, "lightgbm": 90.0})
    said = " ".join(str(getattr(b, "text", "")) for b in answer(results).blocks)
    assert "Against" not in said
    assert "The best of 2 was picked on the images" in said


def test_pictures_show_every_model_before_more_of_one(compared: Callable[..., Results]) -> None:
    sets = ("hog", "lbp", "glcm", "hog+lbp", "hog+glcm")
    skills = {f"lightgbm+{s}": 4.0 - 0.1 * i for i, s in enumerate(sets)}
    results = compared({**skills, "xgboost+hog": 0.5, "cnn-scratch": 0.2})
    shown = [e.record.model for _, e in results.leading()]
    assert sorted(set(shown)) == ["cnn-scratch", "lightgbm", "xgboost"]
    assert len(shown) == 4
    positions = [i for i, _ in results.leading()]
    assert positions == sorted(positions)
    assert sorted(results.series) == list(range(7))
    assert [results.series[i] for i in positions] == [0, 1, 2, 3]


def test_each_fold_stands_by_itself_with_its_interval(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    frame = make_predictions(600, 60, folds=12)
    part = make_predictions(600, 60, folds=12, experiment="cnn-scratch", seed=1)
    folder = make_run([frame, part[part["fold"].isin(["2", "10"])]])
    results = read_results(folder)
    (folds,) = [b for b in table(results).blocks if isinstance(b, Table) and b.name == "folds"]
    names = [f"Fold {n}" for n in range(1, 13)]
    assert [h for h, _ in folds.headings] == ["", "Experiment", *names, "Pooled", "Mean", "SD"]
    rows = {str(row[1].text).partition(" ")[0]: row for row in folds.rows}
    own = frame[frame["fold"] == "10"]
    right = own["label"] == own["predicted"]
    cell = rows["LightGBM"][2 + 9]
    assert cell.value == pytest.approx(right.mean())
    # Patients are resampled whole, those of this fold alone.
    per_patient = right.groupby(own["patient"]).agg(["sum", "count"]).to_numpy()
    drawn = np.random.default_rng(1).integers(len(per_patient), size=(4000, len(per_patient)))
    sums = per_patient[drawn].sum(axis=1)
    assert cell.limits == pytest.approx(
        np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975]), abs=0.02
    )
    pooled = {e.record.title: e.pooled("accuracy") for e in results.experiments}
    assert rows["LightGBM"][14].value == pooled["LightGBM"]
    lone = rows["cnn-scratch"]
    assert [c.value is None for c in lone[2:14]] == [n not in (2, 10) for n in range(1, 13)]
    (folder / "predictions.parquet").unlink()
    bare = table(read_results(folder)).blocks
    (folds,) = [b for b in bare if isinstance(b, Table) and b.name == "folds"]
    assert all(not c.detail for row in folds.rows for c in row[2:14])
