from __future__ import annotations

from pathlib import Path

import pytest

import gliaboost
from gliaboost._face.answers import answer, certainty_of
from gliaboost._face.fold_bundle import best_fold_bundle
from gliaboost.datasets.image_source import ImageSource
from gliaboost.errors import ResultsError
from gliaboost.models.bundle import load, save
from gliaboost.reports.protocol.results import Results

pytestmark = pytest.mark.integration


@pytest.fixture
def results(make_images: object, tmp_path: Path) -> Results:
    manifest = make_images(patients=24, per_patient=2)  # type: ignore[operator]
    return gliaboost.benchmark(
        manifest, features="lbp", models="lightgbm,svm", folds=3, controls=False, audit=False,
        settings={"lightgbm": {"rounds": 10}}, out=tmp_path / "run", store=tmp_path / "store",
    )  # fmt: skip


def test_the_bundle_knows_its_training_pictures_and_how_sure_it_is(
    results: Results, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    bundle, test = best_fold_bundle(results, root)
    assert bundle.model == "lightgbm" and bundle.metrics["images"] == 48 - len(test)
    assert bundle.metrics["patients"] == 16 and bundle.metrics["estimate"]["folds"] == 3
    assert certainty_of(bundle) is not None
    again = load(save(bundle, tmp_path / "m.joblib"))
    tested = set(test["path"])
    for file in sorted(root.glob("*.png")):
        (one,) = answer(again, [ImageSource(file)])
        assert ("was in its training set: how" in one.seen) == (file.name not in tested)


def test_the_bundle_of_the_fold_itself_stays_as_it_was(results: Results, tmp_path: Path) -> None:
    before = {f: f.read_bytes() for f in (tmp_path / "run" / "models").iterdir()}
    best_fold_bundle(results, tmp_path / "data")
    assert before and before == {f: f.read_bytes() for f in (tmp_path / "run" / "models").iterdir()}


def test_without_the_bundle_of_a_fold_that_is_said(results: Results, tmp_path: Path) -> None:
    for file in (tmp_path / "run" / "models").iterdir():
        file.unlink()
    with pytest.raises(ResultsError, match="run the benchmark again"):
        best_fold_bundle(results, tmp_path / "data")
