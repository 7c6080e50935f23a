"""The protocol: controls, ablation, what only a fitted model can tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.errors import UsageError
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.protocol import benchmark
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.elsewhere import Elsewhere, find_elsewhere
from gliaboost.reports.protocol.experiments import BY_IMAGE, SHUFFLED, Experiment, competitors
from gliaboost.reports.protocol.protocol import Protocol
from gliaboost.reports.protocol.record_file import read_record
from gliaboost.reports.statistics.dealt_labels import dealt_verdict

Make = Callable[..., Path]


@pytest.mark.integration
def test_controls_and_what_the_models_lean_on(make_images: Make, tmp_path: Path) -> None:
    manifest = Manifest.read(make_images(patients=16, per_patient=3))
    extractors = [create("lbp"), create("glcm")]
    protocol = Protocol(
        competitors(["lightgbm"], extractors), patient_folds(manifest, 4), "four", seed=0
    )
    results = run(manifest, protocol, FeatureStore(tmp_path / "store"), tmp_path / "out")
    records = {e.control: e for e in results.record.experiments}
    own = records[None]
    assert set(records) == {None, SHUFFLED, BY_IMAGE}
    assert records[SHUFFLED].of == records[BY_IMAGE].of == own.name
    assert (own.accuracy.pooled or 0) > 0.9
    dealt = results.record.dealt
    assert dealt is not None
    assert (dealt.unit, dealt.units, dealt.images, dealt.classes) == ("patient", 16, 48, 2)
    assert dealt_verdict(dealt) == "chance"
    assert dealt.true > 0.9
    assert dealt.p < 0.05
    assert len(dealt.own) == len(dealt.own_true) == 3
    assert dealt.own_true[0] == pytest.approx(records[SHUFFLED].balanced_accuracy.pooled, abs=1e-3)
    assert results.record.failed_controls == {}
    assert own.shap_by_family is not None
    assert set(own.shap_by_family) == {"lbp", "glcm"}
    assert sum(own.shap_by_family.values()) == pytest.approx(1)
    assert results.record == read_record(tmp_path / "out")
    saved = sorted(p.name for p in (tmp_path / "out" / "models").iterdir())
    assert saved == [f"lightgbm+lbp+glcm-fold-{i}.joblib" for i in (1, 2, 3, 4)]


@pytest.mark.integration
def test_no_control_by_image_without_patients(make_images: Make, tmp_path: Path) -> None:
    path = make_images(patients=16, per_patient=1)
    table = pd.read_csv(path).drop(columns="patient")
    manifest = Manifest.of(table, path.parent)
    protocol = Protocol(
        [Experiment("lightgbm", (create("glcm"),))], patient_folds(manifest, 2), "two"
    )
    results = run(manifest, protocol, FeatureStore(tmp_path / "store"), tmp_path / "out")
    assert [e.control for e in results.record.experiments] == [None, SHUFFLED]


@pytest.mark.integration
def test_tested_elsewhere_without_the_pictures_in_both(
    make_images: Make, tmp_path: Path, heard: Any
) -> None:
    here = Manifest.read(make_images(patients=12, name="here"))
    path = make_images(patients=12, name="there")
    # The same generator made both: all but the renamed copies must be other pictures.
    table = pd.read_csv(path)
    rng = np.random.default_rng(7)
    for i, name in enumerate(table["path"]):
        if i >= 6:
            noise = rng.normal(128, 40, (48, 48))
            sigma = 0.5 if table["label"][i] == "fine" else 2.0
            image = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float64)
            image = (image - image.mean()) / image.std() * 40 + 128
            cv2.imwrite(str(path.parent / name), np.clip(image, 0, 255).astype(np.uint8))
    table.loc[35, "label"] = "odd"
    table.to_csv(path, index=False)
    elsewhere = find_elsewhere(here, Manifest.read(path), progress=heard)
    assert heard.steps == [("comparing", i, 72) for i in range(1, 73)]
    assert elsewhere.left_out == {"in both": 6, "unknown class": 1}
    assert len(elsewhere.manifest) == 29
    protocol = Protocol(
        competitors(["lightgbm"], [create("lbp")]), patient_folds(here, 3), "three", controls=False
    )
    store, out = FeatureStore(tmp_path / "store"), tmp_path / "out"
    results = run(here, protocol, store, out, elsewhere=elsewhere)
    own, other = results.record.experiments
    assert own.test_on is None
    assert (other.test_on, other.trained_on) == ("there", ("here",))
    assert other.counts.images == 29
    assert other.left_out == elsewhere.left_out
    assert (other.accuracy.pooled or 0) > 0.9
    run(here, protocol, store, out, elsewhere=elsewhere, progress=heard)
    assert sum("taken from an earlier run" in line for line in heard.lines) == 4
    with pytest.raises(UsageError, match="36 are in here too"):
        find_elsewhere(here, here)


def test_folds_run_elsewhere_to_the_same_predictions(
    make_images: Make, tmp_path: Path, far: Any
) -> None:
    manifest = Manifest.read(make_images(patients=8))
    protocol = Protocol(
        competitors(["lightgbm"], [create("lbp")]),
        patient_folds(manifest, 2),
        "two",
        controls=False,
        parameters={"lightgbm": {"rounds": 3, "inner_folds": 0}},
    )
    store = FeatureStore(tmp_path / "store")
    run(manifest, protocol, store, tmp_path / "here")
    run(manifest, protocol, FeatureStore(tmp_path / "other"), tmp_path / "there", executor=far)
    assert far.tasks == 1 + 2 + 2  # hashing, chunks and folds
    here, there = (
        pd.read_parquet(tmp_path / name / "predictions.parquet") for name in ("here", "there")
    )
    pd.testing.assert_frame_equal(here, there)


@pytest.mark.parametrize("column", ["patient", "group", "site", "path"])
def test_what_is_told_of_test_rows_alone_begins_the_fold_anew(
    make_images: Make, tmp_path: Path, heard: Any, column: str
) -> None:
    manifest = Manifest.read(make_images(patients=8))
    folds = patient_folds(manifest, 2)
    tested = folds[0].test

    def again(table: pd.DataFrame) -> pd.DataFrame:
        protocol = Protocol(
            competitors(["lightgbm"], [create("lbp")]),
            folds[:1],
            "one",
            controls=False,
            parameters={"lightgbm": {"rounds": 3, "inner_folds": 0}},
        )
        other = Manifest.of(table, manifest.root)
        store = FeatureStore(tmp_path / "store")
        return run(other, protocol, store, tmp_path / "out", progress=heard).predictions

    table = manifest.table.assign(group=None, site=None)
    again(table)
    again(table)
    assert sum("taken from an earlier run" in line for line in heard.lines) == 1
    changed = table.copy()
    for row in tested:
        old = str(changed.at[row, "path"])
        if column == "path":
            changed.at[row, "path"] = f"moved-{Path(old).name}"
            (manifest.root / f"moved-{Path(old).name}").hardlink_to(manifest.root / old)
        else:
            changed.at[row, column] = f"another {row}"
    found = again(changed)
    assert sum("taken from an earlier run" in line for line in heard.lines) == 1
    assert set(found[column]) == set(changed[column].iloc[tested])


def test_a_part_knows_the_classes_and_the_decoding(
    make_images: Make, tmp_path: Path, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest.read(make_images(patients=8))
    folds = patient_folds(manifest, 2)
    rest = manifest.table.iloc[:3].assign(label="odd", patient=["o1", "o2", "o3"])
    protocol = Protocol(
        competitors(["lightgbm"], [create("lbp")]),
        folds,
        "two",
        controls=False,
        parameters={"lightgbm": {"rounds": 3, "inner_folds": 0}},
    )
    store, out = FeatureStore(tmp_path / "store"), tmp_path / "out"
    run(manifest, protocol, store, out)
    # Rows of another class that no fold has: every table has their column all the same.
    for n, path in enumerate(rest["path"]):
        (manifest.root / f"odd-{n}.png").write_bytes((manifest.root / path).read_bytes() + b"\0")
    rest = rest.assign(path=[f"odd-{n}.png" for n in range(3)])
    more = Manifest.of(pd.concat([manifest.table, rest], ignore_index=True), manifest.root)
    found = run(more, protocol, store, out, progress=heard).predictions
    assert found["proba_odd"].notna().all()
    monkeypatch.setattr("gliaboost.reports.protocol.benchmark.DECODING", 99)
    run(more, protocol, store, out, progress=heard)
    assert not any("taken from an earlier run" in line for line in heard.lines)


def test_other_labels_elsewhere_begin_the_test_anew(make_images: Make, tmp_path: Path) -> None:
    here = Manifest.read(make_images(patients=8, name="here"))
    there = Manifest.read(make_images(patients=6, name="there"))
    protocol = Protocol(
        competitors(["lightgbm"], [create("lbp")]),
        patient_folds(here, 2),
        "two",
        controls=False,
        parameters={"lightgbm": {"rounds": 3, "inner_folds": 0}},
    )

    def labels(other: Manifest) -> list[str]:
        store, out = FeatureStore(tmp_path / "store"), tmp_path / "out"
        found = run(here, protocol, store, out, elsewhere=Elsewhere("there", other, {}, {}))
        (abroad,) = found.transfers
        told: list[str] = abroad.predictions["label"].tolist()
        return told

    before = labels(there)
    turned = there.table["label"].map(dict(zip(here.classes, here.classes[::-1], strict=True)))
    after = labels(Manifest.of(there.table.assign(label=turned), there.root))
    assert before != after == turned.tolist()


def test_what_is_said_of_weights_leaves_a_part_valid(make_images: Make, tmp_path: Path) -> None:
    """Whoever says later what weights learned from takes the folds that were run."""
    manifest = Manifest.read(make_images(patients=4))
    store = FeatureStore(tmp_path / "store")
    data = TrainingData(manifest, [], Preparation(size=32), store)
    rows = np.arange(len(manifest))

    def identity(**parameters: Any) -> str:
        given = {"cnn-finetune": {"weights": "net.pth", **parameters}}
        experiment = Experiment("cnn-finetune")
        protocol = Protocol([experiment], patient_folds(manifest, 2), "two", parameters=given)
        return benchmark._identity(data, protocol, experiment, rows, data.labels, rows)

    assert identity() == identity(trained_on="BraTS 2021") != identity(epochs=2)
