"""What the real writer notes, held against what can be measured beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.datasets.splits import Fold
from gliaboost.features import create
from gliaboost.features.extract import seconds_spent
from gliaboost.features.store import FeatureStore
from gliaboost.models.registry import model_class, model_title
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.parts import stem_of
from gliaboost.reports.protocol.protocol import Protocol

BOOSTED = "lightgbm+lbp+glcm"
NETWORK = "cnn-scratch"


@pytest.fixture(scope="module")
def records(real_run: Any) -> dict[str, ExperimentRecord]:
    return {e.name: e for e in real_run.results.record.experiments}


def test_every_experiment_control_and_transfer_is_noted(
    records: dict[str, ExperimentRecord],
) -> None:
    assert list(records) == [
        BOOSTED,
        NETWORK,
        f"{BOOSTED} (shuffled labels)",
        f"{BOOSTED} (image folds)",
        f"{BOOSTED} (on there)",
        f"{NETWORK} (on there)",
    ]
    for kind in ("shuffled labels", "image folds"):
        control = records[f"{BOOSTED} ({kind})"]
        assert (control.control, control.of, control.competes) == (kind, BOOSTED, False)


def test_model_bytes_are_those_of_the_saved_models(
    real_run: Any, records: dict[str, ExperimentRecord]
) -> None:
    for name in (BOOSTED, NETWORK):
        files = [real_run.folder / "models" / f"{stem_of(name, fold)}.joblib" for fold in "12"]
        sizes = [file.stat().st_size for file in files]
        assert min(sizes) > 1000
        assert records[name].model_bytes == int(np.median(sizes))
    assert records[f"{BOOSTED} (shuffled labels)"].model_bytes is None


def test_feature_seconds_are_those_of_the_store(
    real_run: Any, records: dict[str, ExperimentRecord]
) -> None:
    (boosted,) = [e for e in real_run.protocol.experiments if e.name == BOOSTED]
    keys = list(real_run.manifest.with_keys().table["key"])
    spent = seconds_spent(keys, boosted.extractors, real_run.protocol.preparation, real_run.store)
    assert spent > 0
    assert records[BOOSTED].seconds.features == pytest.approx(spent)
    assert records[NETWORK].seconds.features == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell")
def test_peak_memory_is_what_such_a_process_holds(records: dict[str, ExperimentRecord]) -> None:
    for name in (BOOSTED, NETWORK):
        held = records[name].peak_memory
        assert held is not None
        assert 2**26 < held < 2**36


def test_seconds_are_the_sum_of_the_folds(records: dict[str, ExperimentRecord]) -> None:
    for record in records.values():
        assert record.seconds.fit == pytest.approx(sum(f.fit for f in record.folds))
        assert record.seconds.predict == pytest.approx(sum(f.predict for f in record.folds))
        assert min(f.fit for f in record.folds) > 0
        assert min(f.predict for f in record.folds) > 0


def test_folds_count_their_images(records: dict[str, ExperimentRecord]) -> None:
    assert [f.fold for f in records[BOOSTED].folds] == ["1", "2"]
    assert sum(f.test for f in records[BOOSTED].folds) == 24
    assert all(f.train + f.test == 24 for f in records[BOOSTED].folds)
    (fold,) = records[f"{BOOSTED} (on there)"].folds
    assert (fold.train, fold.test) == (24, 8)


def test_what_a_model_says_of_itself_is_noted(records: dict[str, ExperimentRecord]) -> None:
    for name in (BOOSTED, NETWORK):
        record = records[name]
        model = model_class(record.model)
        assert record.title == model_title(record.model)
        assert record.library == model.library
        assert record.takes == ("columns" if name == BOOSTED else "images")
        assert record.device == "cpu"
    assert records[NETWORK].parameters["epochs"] == 2
    assert records[BOOSTED].features == ("lbp", "glcm")


def test_only_the_fitted_model_can_tell(records: dict[str, ExperimentRecord]) -> None:
    shares = records[BOOSTED].shap_by_family
    assert shares is not None
    assert set(shares) == {"lbp", "glcm"}
    assert sum(shares.values()) == pytest.approx(1)
    network = records[NETWORK]
    assert [(h.fold, len(h.train)) for h in network.history] == [("1", 2), ("2", 2)]
    assert (network.training_images_per_second or 0) > 0
    assert records[BOOSTED].training_images_per_second is None
    assert network.shap_by_family is None


def test_searches_are_noted_and_what_they_found_is_no_shared_parameter(
    records: dict[str, ExperimentRecord],
) -> None:
    for name in (BOOSTED, NETWORK):
        searches = records[name].search
        assert [s.fold for s in searches] == ["1", "2"]
        assert all([t.number for t in s.trials] == [0, 1] for s in searches)
        assert all(s.seconds > 0 for s in searches)
        assert all(s.parameters for s in searches)
        for parameter, value in records[name].parameters.items():
            assert all(s.parameters.get(parameter, value) == value for s in searches)
    assert "rounds" not in records[BOOSTED].search[0].parameters


def test_a_test_elsewhere_says_what_was_left_out(
    real_run: Any, records: dict[str, ExperimentRecord]
) -> None:
    record = records[f"{BOOSTED} (on there)"]
    assert record.test_on == "there"
    assert record.trained_on == (named(real_run.manifest),)
    assert record.left_out == {"in both": 3, "unknown class": 0}
    assert record.shap_by_family is None
    assert record.counts.images == 8


def test_the_data_set_the_protocol_and_the_machine_are_noted(real_run: Any) -> None:
    record, manifest = real_run.results.record, real_run.manifest
    dataset = record.dataset
    assert (dataset.name, dataset.images, dataset.patients) == (named(manifest), 24, 12)
    assert dataset.classes == {"coarse": 12, "fine": 12}
    assert dataset.fingerprint == manifest.fingerprint()
    assert dataset.audit == (("fine", "No picture is there twice."),)
    assert dataset.unreadable == {}
    assert not dataset.simulated
    protocol = record.protocol
    assert (protocol.folds, protocol.n_folds, protocol.group) == ("two", 2, "patient")
    assert [(e.label, e.title) for e in protocol.extractors] == [("lbp", "LBP"), ("glcm", "GLCM")]
    assert protocol.command == "gliaboost benchmark here"
    assert protocol.preparation == real_run.protocol.preparation.to_dict()
    assert record.environment.jobs == 1
    assert record.environment.versions["numpy"] == np.__version__


def test_copies_of_tested_images_in_the_training_part_are_counted(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    """Of patients, so that no group holds the copies together; one copy is on its own side."""
    path = make_images(patients=8)
    for source, copy in (("p00-0", "p01-0"), ("p02-0", "p03-0"), ("p04-0", "p04-1")):
        (path.parent / f"{copy}.png").write_bytes((path.parent / f"{source}.png").read_bytes())
    manifest = Manifest.read(path)
    names = list(manifest.table["patient"])
    test = np.array([i for i, p in enumerate(names) if p in sorted(set(names))[1:5:2]])
    fold = Fold("only", np.setdiff1d(np.arange(len(names)), test), test)
    protocol = Protocol(
        competitors(["lightgbm"], [create("glcm")]),
        [fold],
        "one",
        controls=False,
        parameters={"lightgbm": {"rounds": 2}},
        jobs=1,
    )
    results = run(manifest, protocol, FeatureStore(tmp_path / "store"), tmp_path / "run")
    assert results.protocol.copies == 2
