from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ManifestError
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models import training_data
from gliaboost.models.estimate import out_of_fold
from gliaboost.models.registry import create_model, model_class
from gliaboost.models.training import search, taken, train
from gliaboost.models.training import training_data as training_data_of

LBP, GLCM = create("lbp", grid=1), create("glcm")
PREPARATION = Preparation(size=32)
QUICK = {"rounds": 5, "inner_folds": 0}


@pytest.fixture
def manifest(make_images: Any) -> Manifest:
    return Manifest.read(make_images(patients=6, per_patient=2, size=32))


def trained(manifest: Manifest, folder: Path, **named: Any) -> Any:
    given: dict[str, Any] = {
        "preparation": PREPARATION, "parameters": QUICK, "jobs": 1, "device": "cpu", **named
    }  # fmt: skip
    return train(manifest, [LBP, GLCM], "lightgbm", FeatureStore(folder / "store"), **given)


def test_the_bundle_answers_as_the_model_fitted_by_hand(manifest: Manifest, tmp_path: Path) -> None:
    bundle, extraction = trained(manifest, tmp_path)
    images = np.stack([PREPARATION(decode(p)) for p in manifest.paths])
    X = np.hstack([e.transform(images) for e in (LBP, GLCM)])
    y = manifest.table["label"].to_numpy(dtype=object)
    model = create_model("lightgbm", **QUICK, jobs=1, device="cpu", seed=0)
    model.fit(X, y, groups=np.asarray(manifest.groups, dtype=object))
    np.testing.assert_allclose(bundle.predict_proba(X), model.predict_proba(X), atol=1e-9)
    assert list(bundle.classes) == ["coarse", "fine"]
    assert extraction.failed == {}


def test_what_it_was_trained_on_is_kept(manifest: Manifest, tmp_path: Path) -> None:
    manifest.paths[0].write_bytes(b"no picture")
    bundle, extraction = trained(manifest, tmp_path, facts={"note": "held"})
    assert list(extraction.failed) == [0]
    facts = bundle.metrics
    assert (facts["images"], facts["patients"], facts["note"]) == (11, 6, "held")
    assert facts["classes"] == {"coarse": 6, "fine": 5}


def test_weights_that_nobody_says_the_training_of_are_told(
    manifest: Manifest, tmp_path: Path, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "nobody says what the weights of lbp"
    trained(manifest, tmp_path, progress=heard)
    assert not any(line.startswith(said) for line in heard.lines)
    monkeypatch.setattr(type(LBP), "pretraining", ("unknown",))
    bundle, _ = trained(manifest, tmp_path, progress=heard)
    assert any(line.startswith(said) for line in heard.lines)
    assert bundle.metrics["pretrained_on"] == {LBP.label: ["unknown"]}


def test_parameters_win_over_what_models_share(manifest: Manifest, tmp_path: Path) -> None:
    bundle, _ = trained(manifest, tmp_path, parameters={**QUICK, "seed": 7, "rounds": 2}, seed=3)
    other, _ = trained(manifest, tmp_path, parameters={**QUICK, "rounds": 2}, seed=7)
    assert bundle.native == other.native


def test_a_table_without_labels_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    table = manifest.table.assign(label=None)
    unlabelled = Manifest.of(table, manifest.paths[0].parent)
    with pytest.raises(ManifestError, match="label"):
        trained(unlabelled, tmp_path)


def test_networks_take_no_columns() -> None:
    assert taken("cnn-scratch", [LBP]) == []
    assert taken("lightgbm", [LBP, GLCM]) == taken("hybrid", [LBP, GLCM]) == [LBP, GLCM]


def test_a_search_ends_in_parameters_for_training(manifest: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    found = search(
        manifest, [LBP], "lightgbm", FeatureStore(tmp_path / "store"), tmp_path / "study",
        preparation=PREPARATION, trials=1, folds=2, fixed=QUICK, jobs=1, device="cpu",
    )  # fmt: skip
    assert len(found.trials) == 1
    bundle, _ = trained(manifest, tmp_path, parameters=found.parameters)
    assert len(bundle.classes) == 2


@pytest.mark.parametrize("model", ["lightgbm", "xgboost", "logistic"])
def test_a_model_of_columns_in_the_store_is_that_of_columns_in_memory(
    manifest: Manifest, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, parameters = FeatureStore(tmp_path / "store"), {} if model == "logistic" else QUICK
    given: dict[str, Any] = {
        "preparation": PREPARATION, "parameters": parameters, "jobs": 1, "device": "cpu"
    }  # fmt: skip
    asked = list[type]()
    usual = model_class(model).fit

    def noted(self: Any, X: Any, *args: Any, **named: Any) -> Any:
        asked.append(type(X))
        return usual(self, X, *args, **named)

    monkeypatch.setattr(model_class(model), "fit", noted)
    in_memory, _ = train(manifest, [LBP, GLCM], model, store, **given)
    monkeypatch.setattr(training_data, "IN_MEMORY", 0)
    in_store, _ = train(manifest, [LBP, GLCM], model, store, **given)
    # A model that cannot read by batches is given an array, however large.
    assert asked == [np.ndarray, np.ndarray if model == "logistic" else StoredColumns]
    assert in_store.native == in_memory.native
    estimate = out_of_fold(
        training_data_of(manifest, [LBP, GLCM], model, store, preparation=PREPARATION, jobs=1),
        model, parameters=parameters, device="cpu", jobs=1,
    )  # fmt: skip
    assert estimate is not None and len(estimate) == len(manifest)


def test_a_search_on_columns_in_the_store_is_that_on_columns_in_memory(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {
        "preparation": PREPARATION, "trials": 2, "folds": 2, "jobs": 1, "device": "cpu",
        "fixed": {"rounds": 5, "inner_folds": 0},
    }  # fmt: skip
    store, study = FeatureStore(tmp_path / "store"), tmp_path / "study"
    found = search(manifest, [LBP, GLCM], "xgboost", store, study, **given)
    monkeypatch.setattr(training_data, "IN_MEMORY", 0)
    # It is the same search, which is done already.
    assert search(manifest, [LBP, GLCM], "xgboost", store, study, **given) == found
    own = search(manifest, [LBP, GLCM], "xgboost", store, tmp_path / "other", **given)
    assert [t["score"] for t in own.trials] == [t["score"] for t in found.trials]
