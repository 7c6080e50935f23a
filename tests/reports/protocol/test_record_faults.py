from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.errors import ResultsError
from gliaboost.reports.protocol.record import RunRecord
from gliaboost.reports.protocol.record_faults import faults
from gliaboost.reports.protocol.record_file import parsed, read_record, to_json

COMMITTED = Path(__file__).parents[3] / "benchmarks" / "results"


@pytest.fixture
def record(
    make_predictions: Callable[..., pd.DataFrame], make_run: Callable[..., Path]
) -> RunRecord:
    frames = [make_predictions(), make_predictions(seed=1, experiment="cnn")]
    return read_record(make_run(frames))


def changed(record: RunRecord, place: int, **changes: Any) -> RunRecord:
    experiments = list(record.experiments)
    experiments[place] = replace(experiments[place], **changes)
    return replace(record, experiments=tuple(experiments))


def test_real_runs_have_none(real_run: Any) -> None:
    assert faults(real_run.results.record) == []
    for run in ("figshare", "figshare-features"):
        assert faults(read_record(COMMITTED / run)) == []


def test_each_contradiction_is_told_with_its_place(record: RunRecord) -> None:
    first = record.experiments[0]
    assert first.patient_level is not None
    short = first.confusion[:3]
    fewer = {k: v for k, v in first.per_class.items() if k != "glioma"}
    level = replace(first.patient_level, confusion=short)
    for change, said in (
        ({"name": "cnn"}, "experiments[0].name: 'cnn' is there 2 times"),
        ({"confusion": short}, "experiments[0].confusion: rows of [4, 4, 4], expected 4 of 4"),
        ({"per_class": fewer}, "experiments[0].per_class: has meningioma, no_tumor, pituitary"),
        ({"patient_level": level}, "experiments[0].patient_level.confusion: rows of [4, 4, 4]"),
        ({"control": "image folds"}, "experiments[0].of: expected for a control"),
        ({"of": "cnn"}, "experiments[0].of: expected for a control"),
        ({"control": "image folds", "of": "svm"}, "experiments[0].of: no experiment is called"),
        ({"test_on": "kyoto"}, "experiments[0].trained_on: expected where there is test_on"),
        ({"trained_on": ("oslo",)}, "experiments[0].trained_on: expected where there is test_on"),
    ):
        assert faults(changed(record, 0, **change))[0].startswith(said), change
    assert faults(changed(record, 0, control="image folds", of="cnn")) == []


def test_patients_without_a_single_truth_need_no_matrix(record: RunRecord) -> None:
    level = record.experiments[1].patient_level
    assert level is not None
    empty = replace(level, patients=0, mixed=3, per_class={}, confusion=())
    assert faults(changed(record, 1, patient_level=empty)) == []


def test_all_of_them_are_refused_at_once(record: RunRecord) -> None:
    wrong = changed(changed(record, 0, of="x"), 1, confusion=())
    with pytest.raises(ResultsError) as caught:
        parsed(to_json(wrong), "here")
    assert len(caught.value.faults) == 2
