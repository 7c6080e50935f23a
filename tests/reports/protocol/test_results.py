"""A run as pages see it: ranked, titled, lettered, with its predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.errors import ResultsError
from gliaboost.reports.protocol.record_file import read_record
from gliaboost.reports.protocol.results import PREDICTIONS, letter, read_results

MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]


def test_the_most_accurate_is_first_and_called_a(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    frames = [
        make_predictions(skill=skill, seed=i, experiment=name)
        for i, (name, skill) in enumerate({"lightgbm+hog+lbp": 0.5, "cnn": 4.0}.items())
    ]
    results = read_results(make_run(frames))
    assert [(e.letter, e.title) for e in results.experiments] == [
        ("A", "CNN"),
        ("B", "LightGBM on HOG + LBP"),
    ]
    assert [e.on_columns for e in results.experiments] == [False, True]
    values = [e.pooled("accuracy") or 0 for e in results.experiments]
    assert values == sorted(values, reverse=True)
    first = results.experiments[0]
    right = (first.predictions["label"] == first.predictions["predicted"]).mean()
    assert first.pooled("accuracy") == pytest.approx(right)


@pytest.mark.parametrize(
    ("whole_skill", "part_skill", "order"),
    [
        (0.5, 4.0, ["CNN (1 of 5 folds)", "LightGBM on HOG"]),
        (4.0, 0.5, ["LightGBM on HOG", "CNN (1 of 5 folds)"]),
        (2.0, 2.0, ["LightGBM on HOG", "CNN (1 of 5 folds)"]),
    ],
)
def test_what_was_tested_on_a_part_is_first_where_it_is_better_there(
    make_predictions: MakePredictions,
    make_run: MakeRun,
    whole_skill: float,
    part_skill: float,
    order: list[str],
) -> None:
    whole = make_predictions(experiment="lightgbm+hog", skill=whole_skill)
    part = make_predictions(experiment="cnn", skill=part_skill, seed=1).query("fold == '2'")
    results = read_results(make_run([whole, part.reset_index(drop=True)]))
    assert [e.title for e in results.experiments] == order
    assert [e.letter for e in results.experiments] == ["A", "B"]


def test_an_easy_fold_alone_is_no_better(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    """The part has a higher accuracy than all, and on its own images it is the worse."""
    whole = make_predictions(experiment="lightgbm+hog", skill=0.8)
    right = whole["label"] == whole["predicted"]
    part = whole[right | (whole.index % 9 == 0)].assign(experiment="cnn").reset_index(drop=True)
    part.loc[part.index[:5], "predicted"] = [
        next(c for c in sorted(set(whole["label"])) if c != label)
        for label in part["label"].head(5)
    ]
    results = read_results(make_run([whole, part], protocol={"n_folds": 5}))
    first, second = results.experiments
    assert (first.name, second.title) == ("lightgbm+hog", f"CNN ({len(part)} images)")
    assert (second.pooled("accuracy") or 0) > (first.pooled("accuracy") or 1)


def test_titles_that_are_the_same_give_way_to_names(
    make_predictions: MakePredictions, make_run: MakeRun, edit_experiment: MakeRun
) -> None:
    frames = [make_predictions(seed=i, experiment=f"lightgbm+{f}") for i, f in enumerate("ab")]
    folder = edit_experiment(make_run(frames), 1, features=("a",))
    results = read_results(folder)
    assert sorted(e.title for e in results.experiments) == ["lightgbm+a", "lightgbm+b"]


def test_controls_and_transfers_stand_apart(
    make_predictions: MakePredictions, make_run: MakeRun, add_experiment: MakeRun
) -> None:
    own = make_predictions(experiment="lightgbm+hog")
    folder = make_run([own])
    control = make_predictions(seed=1, experiment="lightgbm+hog (image folds)")
    add_experiment(folder, control, control="image folds", of="lightgbm+hog")
    moved = make_predictions(seed=2, experiment="lightgbm+hog (on kyoto)")
    add_experiment(folder, moved, test_on="kyoto", trained_on=("made-up",), left_out={})
    results = read_results(folder)
    assert [e.name for e in results.experiments] == ["lightgbm+hog"]
    assert [e.name for e in results.controls] == ["lightgbm+hog (image folds)"]
    assert [e.name for e in results.transfers] == ["lightgbm+hog (on kyoto)"]
    assert results.controls[0].title == results.transfers[0].title == "LightGBM on HOG"
    assert len(results.predictions) == 3 * len(own)
    assert set(results.predictions["experiment"]) == set(results.experiments_frame()["name"])


def test_predictions_are_those_on_disk(real_run: Any) -> None:
    saved = pd.read_parquet(real_run.folder / PREDICTIONS)
    found = real_run.results.predictions
    order = ["experiment", "fold", "key"]
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True)[list(saved)],
        saved.sort_values(order, ignore_index=True),
    )


def test_a_run_gives_back_what_it_wrote(real_run: Any) -> None:
    assert real_run.results.record == read_record(real_run.folder)
    assert real_run.results.images == real_run.manifest.root
    assert real_run.results.feature_titles == {"lbp": "LBP", "glcm": "GLCM"}


@pytest.mark.parametrize("column", ["fold", "label"])
def test_predictions_without_a_column_are_refused(
    make_predictions: MakePredictions, make_run: MakeRun, column: str
) -> None:
    folder = make_run([make_predictions()])
    pd.read_parquet(folder / PREDICTIONS).drop(columns=column).to_parquet(folder / PREDICTIONS)
    with pytest.raises(ResultsError, match=f"it has no column {column}"):
        read_results(folder)


def test_letters_go_on_after_z() -> None:
    names = [letter(i) for i in range(26 * 27)]
    assert len(set(names)) == len(names)
    assert names[-1] == "ZZ"
