from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import GliaboostError, UsageError
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import Bundle
from gliaboost.models.training import train
from gliaboost.reports.protocol.held_out import evaluate_bundle

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def trained(write_images: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Manifest]:
    folder = tmp_path_factory.mktemp("trained")
    manifest = Manifest.read(write_images(folder / "data", patients=16, per_patient=2, size=48))
    bundle, _ = train(
        manifest,
        [create("glcm", levels=8)],
        "lightgbm",
        FeatureStore(folder / "store"),
        preparation=Preparation(size=48),
        parameters={"rounds": 5, "inner_folds": 0},
        jobs=1,
    )
    return bundle, manifest


def changed(manifest: Manifest, **columns: Any) -> Manifest:
    return Manifest.of(manifest.table.assign(**columns), manifest.root, "changed")


def test_numbers_are_those_of_the_predictions(trained: Any, make_images: Any) -> None:
    bundle, _ = trained
    new = Manifest.read(make_images(patients=6, per_patient=3, seed=5))
    found = evaluate_bundle(bundle, new, jobs=1)
    frame = found.predictions
    assert frame["path"].tolist() == [str(p) for p in new.paths]
    assert frame["patient"].tolist() == new.table["patient"].tolist()
    right = (frame["label"] == frame["predicted"]).mean()
    assert found.evaluation.accuracy.pooled == pytest.approx(right)
    assert found.evaluation.bootstrap.unit == "patient" and found.evaluation.counts.groups == 6
    assert (found.unseen, found.other_classes, found.failed) == (None, {}, {})
    assert not any("training" in s and "patient" in s for s in found.warnings)
    json.dumps(found.to_dict())


def test_training_pictures_are_told_and_measured_apart(trained: Any, make_images: Any) -> None:
    bundle, own = trained
    new = Manifest.read(make_images(patients=6, per_patient=3, seed=5))
    parts = [m.table.assign(path=[str(p) for p in m.paths]) for m in (own, new)]
    both = Manifest.of(pd.concat(parts, ignore_index=True), Path("/"), "both")
    found = evaluate_bundle(bundle, both, jobs=1)
    alone = evaluate_bundle(bundle, new, jobs=1)
    assert found.evaluation.counts.images == 32 + 18
    assert found.unseen is not None and found.unseen.counts.images == 18
    assert found.unseen.accuracy == alone.evaluation.accuracy
    assert any(s.startswith("32 of 50 pictures are among the files") for s in found.warnings)
    # All of them seen: nothing is left to measure apart.
    assert evaluate_bundle(bundle, own, jobs=1).unseen is None


def test_classes_that_the_model_does_not_know_are_left_out_and_told(trained: Any) -> None:
    bundle, own = trained
    odd = np.where(own.table["patient"] == "p00", "cyst", own.table["label"])
    found = evaluate_bundle(bundle, changed(own, label=odd), jobs=1)
    assert found.other_classes == {"cyst": 2}
    assert found.evaluation.counts.images == 30
    assert any("2 cyst" in s for s in found.warnings)


def test_a_class_without_images_is_told(trained: Any) -> None:
    bundle, own = trained
    fine = Manifest.of(own.table[own.table["label"] == "fine"], own.root, "fine")
    found = evaluate_bundle(bundle, fine, jobs=1)
    assert any("no image of coarse" in s for s in found.warnings)


def test_no_class_in_common_names_both_lists_and_what_to_do(trained: Any) -> None:
    bundle, own = trained
    with pytest.raises(UsageError, match=r"classes cyst; .*coarse, fine apart.*--rename"):
        evaluate_bundle(bundle, changed(own, label="cyst"), jobs=1)


def test_without_patients_groups_are_resampled_and_a_warning_is_given(trained: Any) -> None:
    bundle, own = trained
    grouped = own.table.assign(group=own.table["patient"]).drop(columns="patient")
    found = evaluate_bundle(bundle, Manifest.of(grouped, own.root, "grouped"), jobs=1)
    assert found.evaluation.bootstrap.unit == "group"
    assert found.evaluation.counts.groups == 16
    assert any("patients are not known" in s for s in found.warnings)


def test_unreadable_files_are_named_and_all_of_them_are_an_error(
    trained: Any, make_images: Any
) -> None:
    bundle, _ = trained
    new = Manifest.read(make_images(patients=2, per_patient=2, seed=5))
    new.paths[1].write_bytes(b"no picture")
    found = evaluate_bundle(bundle, new, jobs=1)
    assert list(found.failed) == [str(new.paths[1])] and len(found.predictions) == 3
    for path in new.paths:
        path.write_bytes(b"no picture")
    with pytest.raises(GliaboostError, match="none of the 4 images"):
        evaluate_bundle(bundle, new, jobs=1)


def test_a_notebook_shows_classes_and_warnings(trained: Any) -> None:
    bundle, own = trained
    found = evaluate_bundle(bundle, own, jobs=1)
    html = found._repr_html_()
    first, second = repr(found).splitlines()
    assert first.startswith("<HeldOut: ") and second.startswith(" accuracy ")
    assert second.strip(" >") in html
    assert "sensitivity" in html and "coarse" in html and "among the files" in html


def test_rows_without_a_label_are_no_part_of_it(trained: Any) -> None:
    bundle, own = trained
    some = own.table["label"].where(own.table["patient"] != "p00", None)
    assert evaluate_bundle(bundle, changed(own, label=some), jobs=1).evaluation.counts.images == 30
    with pytest.raises(UsageError, match="has no labels; predict"):
        evaluate_bundle(bundle, changed(own, label=None), jobs=1)


def test_weights_that_nobody_says_the_training_of_are_warned_of(
    trained: Any, make_images: Any
) -> None:
    bundle, _ = trained
    new = Manifest.read(make_images(patients=6, per_patient=3, seed=5))
    warned = "nobody says what the weights of embedding were trained on"
    for before, expected in (({}, False), ({"embedding": ["unknown"]}, True)):
        told = replace(bundle, metrics={**bundle.metrics, "pretrained_on": before})
        found = evaluate_bundle(told, new, jobs=1)
        assert any(s.startswith(warned) for s in found.warnings) is expected
