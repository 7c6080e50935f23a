from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gliaboost.models.prediction import Prediction
from gliaboost.reports.pages.terminal import (
    facts_text,
    predictions_csv,
    predictions_json,
    predictions_table,
    results_table,
)
from gliaboost.reports.protocol.environment import describe
from gliaboost.reports.protocol.experiment_record import Seconds
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.statistics.measures import Metric

CLASSES = ["glioma", "no_tumor"]
MADE = [
    Prediction("a, b.png", "glioma", {"glioma": 0.75, "no_tumor": 0.25}),
    Prediction("c.png", None, {}, "is empty"),
]


def test_csv_reads_back_with_failures_and_commas() -> None:
    rows = list(csv.DictReader(io.StringIO(predictions_csv(CLASSES, MADE))))
    assert rows[0]["path"] == "a, b.png" and float(rows[0]["proba_glioma"]) == 0.75
    assert rows[1]["error"] == "is empty" and rows[1]["predicted"] == ""


def test_json_parts_failures_from_predictions() -> None:
    said = json.loads(json.dumps(predictions_json({"model": "lightgbm"}, MADE)))
    assert [p["path"] for p in said["predictions"]] == ["a, b.png"]
    assert said["failed"] == [{"path": "c.png", "reason": "is empty"}]


def test_table_is_aligned() -> None:
    head, row = predictions_table(CLASSES, MADE).splitlines()
    assert head.index("predicted") == row.index("glioma")
    assert row.endswith("0.250") and len(head) == len(row)


def test_results_without_interval_or_auc_are_dashes(
    make_predictions: Callable[..., pd.DataFrame],
    make_run: Callable[..., Path],
    edit_experiment: Callable[..., Path],
) -> None:
    folder = make_run([make_predictions(experiment="lightgbm+hog")])
    edit_experiment(
        folder,
        0,
        accuracy=Metric(0.5),
        balanced_accuracy=Metric(0.5),
        macro_f1=Metric(0.4),
        macro_auc=Metric(),
        seconds=Seconds(features=2.0, fit=1.25, predict=0.5),
    )
    row = results_table(read_results(folder)).splitlines()[1].split()
    assert row == ["lightgbm+hog", "0.500", "-", "0.500", "0.400", "-", "1.2"]


def test_facts_name_everything_and_how_to_get_what_is_missing() -> None:
    facts = describe()
    facts["missing"]["wings"] = {"reason": "none are installed", "how": "pip install wings"}
    text = facts_text(facts)
    assert all(f"\n  {name} " in text for name in (*facts["models"], *facts["extractors"]))
    assert all(f"\n  {name} " in text for name in facts["segmenters"])
    assert text.endswith("  wings: none are installed\n    to get it: pip install wings")


def test_facts_on_a_terminal_stay_in_their_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    facts = describe()
    facts["extractors"] = {"hog": "gradients " * 20}
    lines = facts_text(facts, fit=True).split("\n\n")[1].splitlines()
    assert [len(line) <= 80 for line in lines] == [True] * len(lines)
    assert len({line.index("gradients") for line in lines[1:]}) == 1
