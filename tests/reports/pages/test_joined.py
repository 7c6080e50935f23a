from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.errors import UsageError
from gliaboost.reports.pages.joined import render_joined
from gliaboost.reports.pages.render import render
from gliaboost.reports.pages.transfer import transfers
from gliaboost.reports.protocol.results import read_results

MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]


def text_of(pages: dict[str, Any]) -> str:
    page = pages["html"].read_text("utf-8")
    page = re.sub(r"(?s)<(style|script).*?</\1>", " ", page)
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&#39;", "'").split())


@pytest.fixture
def carried(add_experiment: MakeRun) -> MakeRun:
    """Return a function that adds a test of the model of "oslo" on "kyoto" to a run."""

    def carry(folder: Path, frame: pd.DataFrame) -> Path:
        return add_experiment(
            folder,
            frame.assign(experiment="lightgbm+hog (on kyoto)"),
            n_boot=50,
            test_on="kyoto",
            trained_on=("oslo",),
            left_out={"in both": 4, "unknown class": 0},
        )

    return carry


def other_images(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(key="other-" + frame["key"], path="other/" + frame["path"])


def test_runs_on_the_same_images_are_set_against_each_other(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    """Another machine's paths differ; the pictures are matched by what they hold."""
    first = make_run([make_predictions(experiment="lightgbm+hog")], name="a")
    moved = make_predictions(experiment="lightgbm+hog", seed=1).assign(
        path=lambda f: "/elsewhere/" + f["path"]
    )
    better = make_predictions(experiment="cnn", seed=2, skill=4.0)
    second = make_run([moved, better], name="b", protocol={"seed": 7})
    made = render_joined([first, second], tmp_path / "out")
    page = text_of(made)
    assert "2 benchmarks on made-up" in page
    assert "the best is CNN" in page
    assert "(run 2)" in page
    values = [read_results(f).experiments[-1].pooled("accuracy") for f in (first, second)]
    assert f"{sum(v or 0 for v in values) / 2:.3f}" in page
    assert "0, 7" in page
    assert "of 3 pairs" in page
    assert "No two experiments have predictions of the same images" not in page
    names = [p.name for p in made["figures"]]
    assert len(names) == len(set(names))
    assert {p.name for p in (tmp_path / "out" / "figures").iterdir()} == set(names)


def test_other_data_sets_are_never_compared(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    runs = [
        make_run(
            [make_predictions(seed=n)],
            name=name,
            dataset={"name": name, "fingerprint": name * 8},
        )
        for n, name in enumerate(("oslo", "kyoto"))
    ]
    page = text_of(render_joined(runs, tmp_path / "out"))
    assert "Numbers of different data sets cannot be compared" in page
    assert page.count("nothing to compare it with") == 2
    assert "No experiment was run twice" in page
    assert "whether any of them travels is not known" in page


def test_a_folder_twice_is_refused(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    folder = make_run([make_predictions()])
    with pytest.raises(UsageError, match="named twice"):
        render_joined([folder, folder / "."], folder)
    with pytest.raises(UsageError, match="no results folder"):
        render_joined([], folder)


def test_one_run_can_stand_alone(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    page = text_of(render_joined([make_run([make_predictions()])], tmp_path / "out"))
    assert "1 benchmark on made-up" in page


def test_trained_here_tested_there(
    make_predictions: MakePredictions, make_run: MakeRun, carried: MakeRun, tmp_path: Path
) -> None:
    home = make_predictions(experiment="lightgbm+hog", skill=3.0)
    away = other_images(make_predictions(skill=0.5, seed=3))
    folder = carried(make_run([home], dataset={"name": "oslo"}), away)
    results = read_results(folder)
    # A test elsewhere is no competitor on these folds.
    assert [e.name for e in results.experiments] == ["lightgbm+hog"]
    cells = {(c.trained, c.tested): c for c in transfers([results])}
    assert set(cells) == {("oslo", "oslo"), ("oslo", "kyoto")}
    right = float((away["label"] == away["predicted"]).mean())
    assert cells["oslo", "kyoto"].accuracy == pytest.approx(right)
    assert cells["oslo", "oslo"].accuracy == results.experiments[0].pooled("accuracy")
    for made in (render(folder), render_joined([folder], tmp_path / "out")):
        page = text_of(made)
        assert f"trained on oslo, reaches {right:.3f} on kyoto" in page
        assert "4 in both" in page
        assert "transfer-1.svg" in {p.name for p in made["figures"]}


def test_pictures_in_both_sets_are_refused(
    make_predictions: MakePredictions, make_run: MakeRun, carried: MakeRun
) -> None:
    home = make_predictions(experiment="lightgbm+hog")
    away = other_images(home)
    away.loc[:4, "key"] = home.loc[:4, "key"]
    folder = carried(make_run([home], dataset={"name": "oslo"}), away)
    (cell,) = [c for c in transfers([read_results(folder)]) if c.tested == "kyoto"]
    assert cell.shared == 5
    assert cell.accuracy is None
    page = text_of(render(folder))
    assert "oslo and kyoto (5)" in page
    assert "No test on another data set can be shown" in page


@pytest.mark.parametrize(("skill", "best"), [(4.0, "CNN (120 images)"), (0.1, "LightGBM on HOG")])
def test_a_run_on_a_part_is_best_only_where_it_is_better_there(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path, skill: float, best: str
) -> None:
    """The part is easy: whoever is tested on it alone has the higher accuracy."""
    whole = make_predictions(experiment="lightgbm+hog", skill=1.0)
    right = whole["label"] == whole["predicted"]
    easy = whole[right].head(90).index.union(whole[~right].head(30).index)
    part = make_predictions(experiment="cnn", skill=skill, seed=2).loc[easy].reset_index(drop=True)
    runs = [make_run([whole], name="a"), make_run([part], name="b", protocol={"n_folds": 1})]
    page = text_of(render_joined(runs, tmp_path / "out"))
    assert f"the best is {best} with an accuracy" in page
