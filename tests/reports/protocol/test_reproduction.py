from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.protocol.call_record import CallRecord
from gliaboost.reports.protocol.experiment_record import Seconds
from gliaboost.reports.protocol.record import RunRecord
from gliaboost.reports.protocol.reproduction import (
    Moved,
    Reproduction,
    compare_records,
    compare_tables,
    differing_places,
)
from tests.reports.conftest import predictions, run_record

CALL = CallRecord(
    data="d", folder="", models=(), settings={}, folds="5", only=(), modality="both", device="cpu"
)


@pytest.fixture(scope="module")
def frames() -> list[pd.DataFrame]:
    return [predictions(60, experiment=name) for name in ("svm+hog", "lightgbm+hog")]


@pytest.fixture(scope="module")
def record(frames: list[pd.DataFrame]) -> RunRecord:
    classes = sorted(set(frames[0]["label"]))
    return replace(run_record(frames, classes, 50), call=CALL)


def changed(record: RunRecord, place: int, **what: Any) -> RunRecord:
    own = list(record.experiments)
    own[place] = replace(own[place], **what)
    return replace(record, experiments=tuple(own))


def test_times_memory_and_names_are_no_results(record: RunRecord) -> None:
    compared, moved, unchecked = compare_records(record, record)
    assert compared > 100 and not moved and not unchecked
    other = changed(record, 0, seconds=Seconds(features=9, fit=9, predict=9), peak_memory=5)
    other = replace(
        other,
        environment=replace(record.environment, jobs=77),
        dataset=replace(record.dataset, name="elsewhere", inputs="x"),
        protocol=replace(record.protocol, command="typed"),
        call=None,
    )
    assert compare_records(record, other)[1] == []


def test_the_best_known_measures_come_first(record: RunRecord) -> None:
    e = record.experiments[1]
    other = changed(
        record,
        1,
        parameters={"rounds": 7},
        mcc=replace(e.mcc, pooled=0.123),
        accuracy=replace(e.accuracy, pooled=0.5, ci95=None),
    )
    other = replace(other, failed_controls={"image folds": "too few"})
    moved = compare_records(record, other)[1]
    assert [(m.experiment, m.measure) for m in moved][:2] == [
        (e.name, "accuracy.pooled"),
        (e.name, "mcc.pooled"),
    ]
    assert {m.measure for m in moved if m.experiment == ""} == {"failed_controls.image folds"}
    assert Moved(e.name, "parameters.rounds", None, 7) in moved


def test_an_experiment_that_is_not_there_is_one_line(record: RunRecord) -> None:
    fewer = replace(record, experiments=record.experiments[:1])
    name = record.experiments[1].name
    assert compare_records(record, fewer)[1] == [Moved(name, "there", True, None)]
    assert compare_records(fewer, record)[1] == [Moved(name, "there", None, True)]


def test_what_an_older_record_does_not_hold_has_not_moved(record: RunRecord) -> None:
    older = replace(record, call=None)
    newer = replace(record, dataset=replace(record.dataset, planes={"axial": 3}))
    _, moved, unchecked = compare_records(older, newer)
    assert moved == [] and unchecked == ["dataset: the older results do not hold it"]
    assert compare_records(record, newer)[1] == [Moved("", "dataset.planes.axial", None, 3)]


def test_answers_are_compared_row_by_row_in_any_order(frames: list[pd.DataFrame]) -> None:
    whole: Any = pd.concat(frames, ignore_index=True).assign(plane=None)
    shuffled = whole.sample(frac=1, random_state=0)
    assert compare_tables(whole, shuffled)[1] == []
    column = next(c for c in map(str, whole) if c.startswith("proba_"))
    other = whole.copy()
    other.loc[0, column] += 0.001
    other.loc[1, column] += 0.3
    other.loc[2, "predicted"] = "another"
    other.loc[len(other) - 1, "plane"] = "axial"
    n = len(frames[0])
    moved = compare_tables(whole, other)[1]
    assert [m.measure for m in moved] == [
        f"predicted (1 of {n} rows; the farthest)",
        f"{column} (2 of {n} rows; the farthest)",
        f"plane (1 of {n} rows; the farthest)",
    ]
    assert moved[1].then == whole.loc[1, column] and moved[2].now == "axial"
    assert "(1 of" in compare_tables(whole, other, within=0.01)[1][1].measure
    missing = whole.copy()
    missing.loc[0, column] = np.nan
    assert compare_tables(whole, missing)[1][0].now is None
    assert compare_tables(whole, whole.iloc[1:])[1] == [
        Moved("svm+hog", "rows of answers", n, n - 1)
    ]


def test_libraries_come_before_the_machine(record: RunRecord) -> None:
    then = replace(record.environment, versions={"numpy": "1", "torch": None, "old": "1"}, cores=4)
    now = replace(then, versions={"numpy": "1", "torch": "2"}, cores=8, gpu="one")
    assert differing_places(then, now) == [
        "torch none then, 2 now",
        "GPU none then, one now",
        "cores 4 then, 8 now",
    ]


def test_a_reproduction_says_it_in_two_lines() -> None:
    found = Reproduction(Path("run"), Path("again"), 10, [Moved("a", "mcc", 1, 2)])
    assert repr(found).splitlines() == ["Reproduction: run done again in again", "1 moved of 10"]
    assert not found.same and found.to_frame()["now"].tolist() == [2]
