from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gliaboost
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UnreadableWarning
from gliaboost.files import sha256_file
from gliaboost.models import training
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import Silent

MakeImages = Callable[..., Path]
FEW = {"lightgbm": {"rounds": 5, "inner_folds": 0}}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_a_model_is_the_same_from_every_form_of_the_data(
    make_images: MakeImages, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_images(per_patient=1, size=64)
    monkeypatch.chdir(path.parent)
    table = Manifest.read(path)
    forms = (path, str(path), path.parent, table, pd.read_csv(path))
    bundles = [
        gliaboost.train(data, features="glcm", settings=FEW, store=store, jobs=1, estimate=0)
        for data in forms
    ]
    assert bundles[0].metrics["patients"] == 10
    assert bundles[0].parameters["rounds"] == 5
    answers = [gliaboost.predict(b, path.parent).to_frame()["proba_fine"] for b in bundles]
    for other in answers[1:]:
        np.testing.assert_array_equal(answers[0], other)


@pytest.mark.integration
def test_training_warns_of_files_that_it_did_without(
    make_images: MakeImages, store: Path, tmp_path: Path
) -> None:
    path = make_images()
    (path.parent / "p00-0.png").write_bytes(b"")
    with pytest.warns(UnreadableWarning) as caught:
        bundle = gliaboost.train(
            path,
            features="glcm",
            settings=FEW,
            estimate=0,
            store=store,
            out=tmp_path / "m.joblib",
        )
    warning = caught[0].message
    assert isinstance(warning, UnreadableWarning)
    assert list(warning.failed) == [str(path.parent / "p00-0.png")]
    assert caught[0].filename == __file__
    assert bundle.metrics["images"] == 29
    assert gliaboost.load(tmp_path / "m.joblib") == bundle


@pytest.mark.integration
def test_training_writes_nothing_unless_told_where(
    make_images: MakeImages, store: Path, tmp_path: Path
) -> None:
    path = make_images()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UnreadableWarning)
        gliaboost.train(path, features="glcm", settings=FEW, store=store)
    assert {f.name for f in tmp_path.iterdir()} == {"data", "store"}


class _ReachedError(Exception):
    """What is asked of the floor below has been seen."""


@pytest.mark.parametrize("name", ["training_data", "search"])
def test_every_option_reaches_the_floor_below(
    name: str, make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def instead(
        table: Any, extractors: Any, model: str, store: Any, *more: Any, **named: Any
    ) -> None:
        labels = [e.label for e in extractors]
        seen.update(named, labels=labels, model=model, store=store.path, more=more)
        if name == "search":
            raise _ReachedError

    def fit(data: Any, model: str, **named: Any) -> None:
        seen.update(named)
        raise _ReachedError

    monkeypatch.setattr(training, "train_on", fit)
    monkeypatch.setattr(training, name, instead)
    heard = Silent()
    given: dict[str, Any] = {"device": "cpu", "jobs": 2, "seed": 3, "progress": heard}
    searched: dict[str, Any] = {"trials": 4, "timeout": 9.0, "folds": 5}
    with pytest.raises(_ReachedError):
        if name == "training_data":
            gliaboost.train(
                make_images(),
                model="xgboost",
                features="glcm",
                settings={"xgboost": {"rounds": 7}},
                prepare="size=64",
                store=tmp_path / "s",
                **given,
            )
        else:
            gliaboost.tune(
                make_images(),
                model="xgboost",
                features="glcm",
                settings={"xgboost": {"rounds": 7}},
                prepare="size=64",
                store=tmp_path / "s",
                study=tmp_path / "j",
                **given,
                **searched,
            )
    own: dict[str, Any] = {"parameters": {"rounds": 7}, "more": ()}
    if name == "training_data":
        own["executor"] = None
    if name == "search":
        own = {"fixed": {"rounds": 7}, "more": (tmp_path / "j",), **searched}
    expected: dict[str, Any] = {"labels": ["glcm"], "model": "xgboost", "store": tmp_path / "s"}
    expected["preparation"] = Preparation(size=64)
    assert seen == {**given, **own, **expected}


@pytest.mark.integration
def test_what_images_go_through_is_kept_and_gone_through_again(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path, out = make_images(patients=12), tmp_path / "m.joblib"
    common: dict[str, Any] = {
        "features": "glcm", "store": tmp_path / "s", "settings": FEW, "estimate": 0,
    }  # fmt: skip
    plain = gliaboost.train(path, **common)
    cropped = gliaboost.train(path, prepare="crop=foreground,size=64", out=out, **common)
    assert gliaboost.load(out).preparation["size"] == 64
    assert gliaboost.load(out).preparation["crop"] == "foreground"
    image = path.parent / "p00-0.png"
    (mine,) = gliaboost.predict(out, image)
    assert mine.probabilities == pytest.approx(gliaboost.predict(cropped, image)[0].probabilities)
    assert mine.probabilities != pytest.approx(gliaboost.predict(plain, image)[0].probabilities)


@pytest.mark.integration
def test_the_manifest_of_a_folder_lies_beside_the_bundle(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path = make_images()
    folder = tmp_path / "classes"
    for row in pd.read_csv(path).itertuples():
        (folder / str(row.label)).mkdir(parents=True, exist_ok=True)
        shutil.copy(path.parent / str(row.path), folder / str(row.label))
    gliaboost.train(
        folder,
        features="glcm",
        settings=FEW,
        estimate=0,
        out=tmp_path / "m.joblib",
        store=tmp_path / "s",
    )
    assert len(gliaboost.Manifest.read(tmp_path / "m-classes.parquet").check()) == len(
        pd.read_csv(path)
    )


@pytest.mark.integration
def test_an_estimate_is_kept_by_the_unit_that_is_known(
    make_images: MakeImages, store: Path, heard: Any
) -> None:
    table = Manifest.read(make_images())
    bundle = gliaboost.train(table, features="glcm", settings=FEW, store=store, progress=heard)
    known = bundle.metrics["estimate"]
    assert (known["unit"], known["units"], known["images"], known["folds"]) == (
        "patient", 10, 30, 3,
    )  # fmt: skip
    assert bundle.sha256 == bundle.digest()
    assert not any("patients are not known" in line for line in heard.lines)
    lone = Manifest.of(table.table.drop(columns="patient"), table.root, "lone")
    bundle = gliaboost.train(lone, features="glcm", settings=FEW, store=store, progress=heard)
    assert bundle.metrics["estimate"]["unit"] == "image"
    assert sum("patients are not known" in line for line in heard.lines) == 1


@pytest.mark.integration
def test_an_estimate_reads_nothing_a_second_time(
    make_images: MakeImages, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, made = make_images(), list[Any]()

    class Watched(TrainingData):
        def __init__(self, *given: Any, **named: Any) -> None:
            made.append(given)
            super().__init__(*given, **named)

    monkeypatch.setattr(training, "TrainingData", Watched)
    hashed: list[Path] = []

    def watched(file: Path) -> str:
        hashed.append(file)
        return sha256_file(file)

    monkeypatch.setattr("gliaboost.datasets.manifest.sha256_file", watched)
    bundle = gliaboost.train(path, features="glcm", settings=FEW, store=store)
    assert bundle.metrics["estimate"]["images"] == 30
    assert len(made) == 1 and len(hashed) == len(set(hashed)) == 30


@pytest.mark.integration
def test_no_estimate_where_none_is_asked_for(make_images: MakeImages, store: Path) -> None:
    path = make_images()
    bundle = gliaboost.train(path, features="glcm", settings=FEW, store=store, estimate=0)
    assert "estimate" not in bundle.metrics
