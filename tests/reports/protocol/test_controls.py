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
from gliaboost.datasets.splits import column_folds, patient_folds
from gliaboost.errors import GliaboostError
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.boosters.lightgbm_booster import LightGBM
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.pages.render import render
from gliaboost.reports.protocol import controls
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.controls import cheapest, contained
from gliaboost.reports.protocol.experiments import BY_IMAGE, SHUFFLED, competitors
from gliaboost.reports.protocol.protocol import Protocol
from gliaboost.reports.protocol.results import Results
from gliaboost.reports.statistics.dealt_labels import dealt_verdict

Make = Callable[..., Path]
QUICK: dict[str, dict[str, Any]] = {"lightgbm": {"rounds": 5, "inner_folds": 0}}


def benchmark(manifest: Manifest, out: Path, folds: Any, **given: Any) -> Results:
    protocol = Protocol(
        competitors(["lightgbm"], [create("glcm")]), folds, "folds", parameters=QUICK, jobs=1
    )
    return run(manifest, protocol, FeatureStore(out / "store"), out, **given)


def stacks(folder: Path, patients: int = 12) -> Manifest:
    """Every patient has healthy slices, and slices with a bright spot, as BraTS has."""
    rng, rows = np.random.default_rng(0), []
    folder.mkdir(parents=True)
    for patient in range(patients):
        head = rng.normal(100, 15, (48, 48)) + rng.normal(0, 10)
        for z in range(6):
            image = head + rng.normal(0, 4, (48, 48))
            ill = 2 <= z < 5
            if ill:
                image[10:30, 10:30] = rng.normal(200, 40, (20, 20))
            name = f"p{patient:02}-{z}.png"
            cv2.imwrite(str(folder / name), np.clip(image, 0, 255).astype(np.uint8))
            label = "tumour" if ill else "healthy"
            rows.append({"path": name, "label": label, "patient": f"p{patient:02}"})
    return Manifest.of(pd.DataFrame(rows), folder)


def test_what_is_repeated_is_chosen_by_what_models_take_and_not_by_the_clock() -> None:
    def chosen(*models: str) -> str | None:
        found = cheapest(competitors(list(models), [create("glcm"), create("lbp")], ablation=True))
        return None if found is None else found.name

    assert chosen("stacked", "xgboost", "lightgbm") == "xgboost+glcm+lbp"
    assert chosen("xgboost", "random-forest", "svm", "logistic") == "logistic+glcm+lbp"
    assert chosen("cnn-scratch") is None


@pytest.mark.integration
def test_patients_with_both_classes_end_in_a_report(tmp_path: Path) -> None:
    manifest = stacks(tmp_path / "data")
    results = benchmark(manifest, tmp_path / "out", patient_folds(manifest, 3))
    dealt = results.record.dealt
    assert dealt is not None
    assert results.record.failed_controls == {}
    assert dealt_verdict(dealt) == "chance"
    assert dealt.true > 0.9
    assert {e.control for e in results.record.experiments} == {None, SHUFFLED, BY_IMAGE}
    assert render(tmp_path / "out")["html"]


def test_a_file_under_two_patients_is_one_unit_and_a_leak(
    make_images: Make, tmp_path: Path
) -> None:
    """The same bytes in two folds: whoever recognises them has their dealt label."""
    path = make_images(patients=16, per_patient=2)
    table = pd.read_csv(path)
    for name in table["path"]:
        (path.parent / f"again-{Path(name).name}").write_bytes((path.parent / name).read_bytes())
    again = table.assign(
        path=[f"again-{Path(n).name}" for n in table["path"]],
        patient=[f"other {p}" for p in table["patient"]],
    )
    both = pd.concat([table.assign(fold="1"), again.assign(fold="2")], ignore_index=True)
    manifest = Manifest.of(both, path.parent)
    results = benchmark(manifest, tmp_path / "out", column_folds(manifest))
    dealt = results.record.dealt
    assert dealt is not None
    assert dealt.units == 16
    assert dealt_verdict(dealt) == "leak"


@pytest.mark.integration
def test_copies_that_an_audit_found_are_dealt_together(make_images: Make, tmp_path: Path) -> None:
    """No patient is known, and each picture has a brighter copy in the other fold."""
    path = make_images(patients=24, per_patient=1)
    table = pd.read_csv(path).drop(columns="patient")
    for name in table["path"]:
        image = cv2.imread(str(path.parent / name), cv2.IMREAD_GRAYSCALE)
        assert image is not None
        brighter = np.minimum(image, 254) + 1
        cv2.imwrite(str(path.parent / f"again-{name}"), brighter.astype(np.uint8))
    again = table.assign(path=[f"again-{n}" for n in table["path"]])
    both = pd.concat([table.assign(fold="1"), again.assign(fold="2")], ignore_index=True)
    manifest = Manifest.of(both, path.parent).with_keys()
    keys = manifest.table["key"].tolist()
    copies = list(zip(keys[:24], keys[24:], strict=True))
    found = []
    for known in ((), copies):
        out = tmp_path / f"out-{len(known)}"
        dealt = benchmark(manifest, out, column_folds(manifest), copies=known).record.dealt
        assert dealt is not None
        found.append((dealt.unit, dealt.units, dealt_verdict(dealt)))
    assert found == [("image", 48, "chance"), ("image", 24, "leak")]


@pytest.mark.integration
def test_a_model_that_knows_the_truth_by_another_way_is_a_leak(
    make_images: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told dealt labels and learns true ones: a pipeline that looks past its labels."""
    manifest = Manifest.read(make_images(patients=24, per_patient=2))
    store = FeatureStore(tmp_path / "out" / "store")
    data = TrainingData(manifest, [create("glcm")], Preparation(), store, jobs=1)
    columns = np.asarray(data.columns(np.arange(len(manifest)), data.extractors))
    truth = {row.tobytes(): label for row, label in zip(columns, data.labels, strict=True)}
    honest = LightGBM.fit

    def fit(self: LightGBM, X: Any, y: Any, groups: Any = None, **_: Any) -> LightGBM:
        return honest(self, X, [truth[row.tobytes()] for row in np.asarray(X)], groups)

    monkeypatch.setattr(LightGBM, "fit", fit)
    dealt = benchmark(manifest, tmp_path / "out", patient_folds(manifest, 4)).record.dealt
    assert dealt is not None
    assert min(dealt.own_true) > 0.9
    assert dealt_verdict(dealt) == "leak"


@pytest.mark.integration
def test_groups_are_dealt_where_patients_are_not_known(make_images: Make, tmp_path: Path) -> None:
    path = make_images(patients=16, per_patient=2)
    table = pd.read_csv(path)
    table = table.assign(group=table["patient"]).drop(columns="patient")
    manifest = Manifest.of(table, path.parent)
    results = benchmark(manifest, tmp_path / "out", patient_folds(manifest, 4))
    dealt = results.record.dealt
    assert dealt is not None
    assert (dealt.unit, dealt.units) == ("group", 16)
    assert dealt_verdict(dealt) == "chance"


def test_a_control_that_fails_is_noted_and_the_report_comes(
    make_images: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    manifest = Manifest.read(make_images(patients=8, per_patient=2))

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("a singular matrix")

    def refused(*_: Any, **__: Any) -> None:
        raise GliaboostError("3 folds; expected 2")

    monkeypatch.setattr(controls, "measure_dealt", broken)
    monkeypatch.setattr(controls, "image_folds", refused)
    results = benchmark(manifest, tmp_path / "out", patient_folds(manifest, 2), progress=heard)
    assert results.record.dealt is None
    assert results.record.failed_controls == {
        SHUFFLED: "ValueError: a singular matrix",
        BY_IMAGE: "3 folds; expected 2",
    }
    assert [e.control for e in results.record.experiments] == [None]
    assert any("failed, the benchmark goes on: ValueError" in line for line in heard.lines)
    render(tmp_path / "out")
    text = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert "did not come to its end: ValueError: a singular matrix" in text
    assert "The control on folds by image could not be run: 3 folds; expected 2." in text


def test_an_interrupt_is_no_failure(heard: Any) -> None:
    failed: dict[str, str] = {}
    with pytest.raises(KeyboardInterrupt), contained(SHUFFLED, failed, heard):
        raise KeyboardInterrupt
    assert not failed


@pytest.mark.integration
def test_a_run_goes_on_with_the_scores_that_it_has(
    make_images: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    manifest = Manifest.read(make_images(patients=8, per_patient=2))
    folds = patient_folds(manifest, 2)
    first = benchmark(manifest, tmp_path / "out", folds)
    monkeypatch.setattr(controls, "measure_dealt", None)
    again = benchmark(manifest, tmp_path / "out", folds, progress=heard)
    assert again.record.dealt == first.record.dealt
    assert sum("taken from an earlier run" in line for line in heard.lines) == 2 + 3 * 2 + 2
    # Other folds are another control, and a damaged file none.
    other = benchmark(manifest, tmp_path / "out", patient_folds(manifest, 2, seed=1))
    assert "dealt" not in other.record.failed_controls
    assert other.record.dealt is None
    (tmp_path / "out" / "parts" / "dealt-labels.json").write_text("{")
    assert benchmark(manifest, tmp_path / "out", folds).record.dealt is None
