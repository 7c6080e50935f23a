"""``results.json``: what was written is read, and what is wrong in it is said, all of it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.errors import ResultsError
from gliaboost.reports.protocol.experiment_record import (
    HistoryRecord,
    SearchRecord,
    TrialRecord,
)
from gliaboost.reports.protocol.record_file import parsed, read_record, to_json, write_record

MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]


@pytest.fixture
def folder(make_predictions: MakePredictions, make_run: MakeRun) -> Path:
    return make_run([make_predictions(), make_predictions(seed=1, experiment="cnn")])


def spoilt(folder: Path, *steps: Any) -> ResultsError:
    """Set values at places of the saved file (``del`` takes one away), and read it."""
    path = folder / "results.json"
    saved = json.loads(path.read_text("utf-8"))
    for *place, key, value in steps:
        at = saved
        for step in place:
            at = at[step]
        if value is del_:
            del at[key]
        else:
            at[key] = value
    path.write_text(json.dumps(saved), "utf-8")
    with pytest.raises(ResultsError) as caught:
        read_record(folder)
    return caught.value


del_ = object()
NAME = "lightgbm+hog+lbp+glcm"


def test_what_is_written_is_read(folder: Path) -> None:
    record = read_record(folder)
    search = SearchRecord(
        fold="1",
        folds=3,
        score=0.25,
        default_score=None,
        parameters={"rounds": 7, "rate": 0.1, "on": True, "sizes": [1, 2], "none": None},
        trials=(TrialRecord(number=0, state="pruned", score=None),),
        seconds=1.5,
    )
    history = HistoryRecord(fold="1", metric="loss", train=(1.0, 0.5), valid=())
    changed = replace(
        record,
        experiments=(
            replace(record.experiments[0], search=(search,), history=(history,), model_bytes=7),
            replace(record.experiments[1], control="image folds", of=NAME, left_out={"a": 1}),
        ),
    )
    write_record(folder, changed)
    assert read_record(folder) == changed
    assert changed != record


def test_every_fault_is_told_with_its_place(folder: Path) -> None:
    error = spoilt(
        folder,
        ("experiments", 1, "seconds", "fit", "soon"),
        ("experiments", 0, "confusion", 2, 1, 0.5),
        ("experiments", 0, "images_per_second", 3),
        ("dataset", "name", del_),
        ("dataset", "unreadable", {"a b.png": 3}),
        ("protocol", "group", "hospital"),
        ("environment", "fast"),
    )
    assert set(error.faults) == {
        'experiments[1].seconds.fit: expected a valid number, seen "soon"',
        "experiments[0].confusion[2][1]: expected a valid integer, seen 0.5",
        "experiments[0].images_per_second: no such field is known",
        "dataset.name: it is missing",
        "dataset.unreadable['a b.png']: expected a valid string, seen 3",
        "protocol.group: expected 'patient', 'group' or 'image', seen \"hospital\"",
        'environment: expected an object, seen "fast"',
    }
    assert "7 faults" in str(error)
    assert "run gliaboost benchmark again" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (again.faults, str(again)) == (error.faults, str(error))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "expected a valid number"),
        ("1", "expected a valid number"),
        (float("nan"), "expected a finite number"),
        (None, "expected a valid number"),
    ],
)
def test_what_is_no_number_is_not_taken_for_one(folder: Path, value: Any, said: str) -> None:
    (fault,) = spoilt(folder, ("experiments", 0, "seconds", "predict", value)).faults
    assert fault.startswith(f"experiments[0].seconds.predict: {said}")


def test_a_long_value_is_quoted_in_part(folder: Path) -> None:
    (fault,) = spoilt(folder, ("dataset", "classes", ["x" * 500])).faults
    assert len(fault) < 150


@pytest.mark.parametrize("schema", [3, 99])
def test_a_newer_schema_asks_for_a_newer_gliaboost(folder: Path, schema: int) -> None:
    error = spoilt(folder, ("schema", schema))
    assert str(schema) in error.faults[0]
    assert "install the gliaboost that wrote it" in error.remedy


@pytest.mark.parametrize("schema", [0, "2", None])
def test_no_schema_of_ours_asks_for_another_run(folder: Path, schema: Any) -> None:
    assert "benchmark again" in spoilt(folder, ("schema", schema)).remedy


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b"", b"[" * 100_000])
def test_what_is_no_record_is_refused(folder: Path, content: bytes) -> None:
    (folder / "results.json").write_bytes(content)
    with pytest.raises(ResultsError, match="benchmark again"):
        read_record(folder)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"no results\.json in it; name the folder"):
        read_record(tmp_path)


def test_what_is_not_finite_is_not_written(folder: Path) -> None:
    record = read_record(folder)
    seconds = replace(record.experiments[0].seconds, fit=float("inf"))
    wrong = replace(record, experiments=(replace(record.experiments[0], seconds=seconds),))
    with pytest.raises(ValueError, match="JSON"):
        write_record(folder, wrong)
    assert read_record(folder) == record


def test_text_is_read_without_a_file(folder: Path) -> None:
    record = read_record(folder)
    assert parsed(to_json(record), "here") == record


def test_a_name_of_bytes_that_are_no_letters_is_read_again(folder: Path) -> None:
    record = read_record(folder)
    odd = b"donn\xe9es ".decode("utf-8", "surrogateescape") + "\U0001f9e0 \\udce9"
    named = replace(record, dataset=replace(record.dataset, name=odd))
    assert parsed(to_json(named), "x").dataset.name == "donn\\xe9es \U0001f9e0 \\udce9"
