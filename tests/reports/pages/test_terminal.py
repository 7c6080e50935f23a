from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gliaboost.reports.pages.terminal import facts_text, results_table
from gliaboost.reports.protocol.environment import describe
from gliaboost.reports.protocol.experiment_record import Seconds
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.statistics.measures import Metric


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
