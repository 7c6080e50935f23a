"""Segmenters compared from Python: folds, places, and what is told before work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import gliaboost
from gliaboost.errors import UsageError
from tests.reports.protocol.test_segmentation import cohort


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def step(self, stage: str, done: int, total: int | None) -> None:
        pass


def compare(tmp_path: Path, **more: Any) -> Any:
    given = {"models": "Otsu", "prepare": "size=64", "out": tmp_path / "run", "jobs": 1, **more}
    return gliaboost.segment_benchmark(given.pop("table", None) or cohort(tmp_path), **given)


def test_a_comparison_writes_its_folder(tmp_path: Path) -> None:
    heard = Lines()
    results = compare(tmp_path, folds=2, command="typed", progress=heard)
    assert sorted(results.slices["fold"].unique()) == ["1", "2"]
    names = {f.name for f in (tmp_path / "run").iterdir()}
    assert {"segmentation.json", "slices.parquet", "report.html", "report.md", "models"} <= names
    assert json.loads((tmp_path / "run" / "segmentation.json").read_text())["command"] == "typed"
    assert sum("Dice" in line for line in heard.lines) == 2


def test_the_column_fold_is_taken_where_it_is_filled(tmp_path: Path) -> None:
    table = cohort(tmp_path, fold=["a"] * 4 + ["b"] * 4)
    results = compare(tmp_path, table=table, only="b")
    assert results.slices["fold"].unique().tolist() == ["b"]
    assert "'fold'" in results.record.division and "of these only b" in results.record.division


def test_labels_are_not_needed(tmp_path: Path) -> None:
    table = cohort(tmp_path, label=None, presence=["tumor" if k % 3 else "no" for k in range(8)])
    results = compare(tmp_path, table=table, folds=2)
    assert len(results.slices) == 8 and results.slices["label"].unique().tolist() == [""]


@pytest.mark.integration
def test_a_run_has_its_own_folder_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = cohort(tmp_path)
    first = compare(tmp_path, table=table, folds=2, out=None)
    second = compare(tmp_path, table=table, folds=2, out=None)
    assert first.folder.parent == Path("runs") and "cohort-segmentation" in first.folder.name
    assert first.folder != second.folder


def test_all_that_is_wrong_is_told_before_work(tmp_path: Path) -> None:
    table = cohort(tmp_path)
    with pytest.raises(UsageError) as caught:
        compare(tmp_path, table=table, models="otsi", folds=1, jobs=0)
    for fault in ("otsi", "jobs=0", "1 fold"):
        assert fault in str(caught.value), fault
    with pytest.raises(UsageError, match="expected folds alone"):
        compare(tmp_path, table=table, folds=2, only="otsu=1")
    assert not (tmp_path / "run").exists()
