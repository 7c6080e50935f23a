from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.boosters.lightgbm_booster import LightGBM
from gliaboost.models.estimate import out_of_fold
from gliaboost.models.training_data import TrainingData

FEW = {"rounds": 5, "inner_folds": 0}


def predicted(manifest: Manifest, folder: Path, **named: Any) -> Any:
    data = TrainingData(
        manifest,
        [create("glcm", levels=8)],
        Preparation(size=32),
        FeatureStore(folder / "store"),
        jobs=1,
    )
    return out_of_fold(data, "lightgbm", parameters=FEW, jobs=1, **named)


def test_every_row_is_predicted_once_by_a_model_without_its_patient(
    make_images: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest.read(make_images(patients=9, per_patient=2, size=32))
    fitted: list[tuple[int, set[str]]] = []
    fit = LightGBM.fit

    def watched(self: LightGBM, X: Any, y: Any, groups: Any = None, **named: Any) -> Any:
        fitted.append((len(X), set(groups)))
        return fit(self, X, y, groups=groups, **named)

    monkeypatch.setattr(LightGBM, "fit", watched)
    frame = predicted(manifest, tmp_path)
    assert sorted(frame["patient"]) == sorted(manifest.table["patient"])
    assert len(frame) == 18 and frame["fold"].nunique() == 3 == len(fitted)
    assert frame.groupby("patient")["fold"].nunique().max() == 1
    for (n, patients), (_, tested) in zip(fitted, frame.groupby("fold"), strict=True):
        assert n + len(tested) == 18
        assert not patients & set(tested["patient"])
    np.testing.assert_allclose(frame[["proba_coarse", "proba_fine"]].sum(axis=1), 1, atol=1e-6)


def test_labels_that_say_nothing_give_an_estimate_of_chance(
    make_images: Any, tmp_path: Path
) -> None:
    manifest = Manifest.read(make_images(patients=30, per_patient=3, classes=("fine",), size=32))
    table = manifest.table.copy()
    coin = np.random.default_rng(1).permutation(np.arange(30) % 2)
    table["label"] = np.where(np.repeat(coin, 3) == 1, "a", "b")
    frame = predicted(Manifest.of(table, manifest.root, "coin"), tmp_path)
    assert 0.25 < (frame["label"] == frame["predicted"]).mean() < 0.75


def test_a_class_of_one_patient_has_no_estimate(make_images: Any, tmp_path: Path) -> None:
    manifest = Manifest.read(make_images(patients=4, per_patient=2, size=32))
    table = manifest.table.copy()
    table["label"] = np.where(table["patient"] == "p00", "rare", "common")
    assert predicted(Manifest.of(table, manifest.root, "rare"), tmp_path) is None
