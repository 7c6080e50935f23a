from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import SILENT
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.fold import FoldTask, run_fold
from gliaboost.reports.protocol.search import FitOptions

OPTIONS = FitOptions({"device": "cpu", "jobs": 1, "seed": 0}, {"rounds": 5, "inner_folds": 0}, 0)


@pytest.fixture
def task(make_images: Callable[..., Path], tmp_path: Path) -> FoldTask:
    lbp = create("lbp")
    manifest = Manifest.read(make_images(patients=8, per_patient=2))
    data = TrainingData(manifest, [lbp], Preparation(), FeatureStore(tmp_path / "store"), jobs=1)
    train, test = np.arange(12), np.arange(12, 16)
    experiment = Experiment("lightgbm", (lbp,))
    return FoldTask(experiment, "1", data, train, data.labels[train], data, test, "identity")


def test_a_fold_is_fitted_once_and_noted(task: FoldTask, tmp_path: Path, heard: Any) -> None:
    kept: list[tuple[str, str]] = []

    def keep(fitted: Any, stem: str) -> int:
        kept.append((fitted.model.name, stem))
        return 321

    first = run_fold(task, OPTIONS, tmp_path, heard, keep)
    notes = first.notes
    assert kept == [("lightgbm", "lightgbm+lbp-fold-1")]
    assert (notes.identity, notes.fold, notes.train, notes.test) == ("identity", "1", 12, 4)
    assert notes.model_bytes == 321
    assert notes.parameters["rounds"] == 5
    assert notes.fit > 0
    assert notes.predict > 0
    assert (notes.shap_by_family, notes.history, notes.search) == (None, None, None)
    assert list(first.frame["path"]) == list(task.data.manifest.table["path"][12:])
    assert "right" in heard.lines[-1]

    again = run_fold(task, OPTIONS, tmp_path, heard, keep)
    assert len(kept) == 1
    assert again.notes == notes
    assert "taken from an earlier run" in heard.lines[-1]
    run_fold(replace(task, identity="another"), OPTIONS, tmp_path, heard, keep)
    assert len(kept) == 2


def test_a_class_that_training_lacked_has_no_probability(
    task: FoldTask, tmp_path: Path, heard: Any
) -> None:
    labels = np.where(task.labels == "fine", "odd", task.labels)
    manifest = task.data.manifest
    table = manifest.table.assign(label=[*labels, *task.data.labels[12:]])
    data = TrainingData(
        Manifest.of(table, manifest.root),
        task.data.extractors,
        Preparation(),
        task.data.store,
        jobs=1,
    )
    other = replace(task, data=data, asked=data, labels=labels)
    part = run_fold(other, OPTIONS, tmp_path, heard, lambda fitted, stem: None)
    assert sorted(part.frame.filter(like="proba_").columns) == [
        "proba_coarse",
        "proba_fine",
        "proba_odd",
    ]
    assert (part.frame["proba_fine"] == 0).all()
    assert part.notes.model_bytes is None


def test_predictions_name_the_group_where_there_is_one(task: FoldTask, tmp_path: Path) -> None:
    part = run_fold(task, OPTIONS, tmp_path, SILENT, lambda fitted, stem: None)
    assert "group" not in part.frame
    table = task.data.manifest.table.assign(group=[f"g{i // 3}" for i in range(16)])
    task.data.manifest = Manifest.of(table, task.data.manifest.root)
    part = run_fold(replace(task, identity="b"), OPTIONS, tmp_path, SILENT, lambda *_: None)
    assert part.frame["group"].tolist() == ["g4", "g4", "g4", "g5"]
