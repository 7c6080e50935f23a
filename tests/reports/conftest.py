"""Predictions of a made-up model, and run folders that hold them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.splits import patient_folds
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.elsewhere import Elsewhere
from gliaboost.reports.protocol.experiment_record import ExperimentRecord, Seconds
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.protocol import Protocol
from gliaboost.reports.protocol.record import (
    DatasetRecord,
    EnvironmentRecord,
    ExtractorRecord,
    ProtocolRecord,
    RunRecord,
)
from gliaboost.reports.protocol.record_file import read_record, write_record
from gliaboost.reports.protocol.results import PREDICTIONS, Results
from gliaboost.reports.statistics.evaluation import evaluate

CLASSES = ["glioma", "meningioma", "no_tumor", "pituitary"]
TITLES = {
    "lightgbm": "LightGBM",
    "xgboost": "XGBoost",
    "cnn": "CNN",
    "hog": "HOG",
    "lbp": "LBP",
    "glcm": "GLCM",
}
MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]


def predictions(
    images: int = 300,
    patients: int = 40,
    classes: Sequence[str] = CLASSES,
    skill: float = 1.5,
    seed: int = 0,
    folds: int = 5,
    experiment: str = "lightgbm+hog+lbp+glcm",
    rounded: int = 6,
) -> pd.DataFrame:
    """Draw noisy scores; a patient's images share their label and a part of their noise."""
    fixed = np.random.default_rng(4321)
    labels = np.r_[np.arange(len(classes)), fixed.integers(0, len(classes), patients)][:patients]
    patient = np.sort(np.r_[np.arange(patients), fixed.integers(0, patients, images)][:images])
    truth = labels[patient]
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(images, len(classes)))
    score += 0.7 * rng.normal(size=(patients, len(classes)))[patient]
    score[np.arange(images), truth] += skill
    p = np.exp(score)
    p = np.round(p / p.sum(1, keepdims=True), rounded)
    p[:, 0] += 1 - p.sum(1)
    names = np.asarray(classes, dtype=object)
    return pd.DataFrame(
        {
            "key": [f"{i:064x}" for i in range(images)],
            "path": [f"images/{i}.png" for i in range(images)],
            "patient": [f"P{i:03}" for i in patient],
            "fold": [str(i % folds + 1) for i in patient],
            "experiment": experiment,
            "label": names[truth],
            "predicted": names[p.argmax(1)],
            **{f"proba_{c}": p[:, k] for k, c in enumerate(classes)},
        }
    )


def experiment_record(
    frame: pd.DataFrame, classes: Sequence[str], n_boot: int = 100, **changes: Any
) -> ExperimentRecord:
    """Measure predictions; the name says model and features, ``changes`` the rest."""
    name = str(frame["experiment"].iloc[0])
    model, *features = name.partition(" ")[0].split("+")
    given: dict[str, Any] = {
        "name": name,
        "title": TITLES.get(model, model),
        "model": model,
        "library": model,
        "takes": "columns" if features else "images",
        "features": tuple(features),
        "parameters": {},
        "device": "cpu",
        **vars(evaluate(frame, classes, n_boot=n_boot)),
        "seconds": Seconds(features=2.0, fit=10.0, predict=0.5),
        "training_images_per_second": None,
        "model_bytes": None,
        "peak_memory": None,
        "folds": (),
    }
    return ExperimentRecord(**{**given, **changes})


def run_record(frames: Sequence[pd.DataFrame], classes: Sequence[str], n_boot: int) -> RunRecord:
    first = frames[0]
    experiments = tuple(
        experiment_record(
            frame, classes, n_boot, seconds=Seconds(features=2.0, fit=10.0 * place, predict=0.5)
        )
        for place, frame in enumerate(frames, 1)
    )
    labels = dict.fromkeys(label for e in experiments for label in e.features)
    return RunRecord(
        dataset=DatasetRecord(
            name="made-up",
            images=len(first),
            patients=int(first["patient"].nunique()),
            classes={c: int((first["label"] == c).sum()) for c in classes},
            modalities={"MRI": len(first)},
            sources=(),
            simulated=False,
            fingerprint="0" * 64,
            unreadable={},
            audit=(),
        ),
        protocol=ProtocolRecord(
            folds="column 'fold'",
            group="patient",
            n_folds=5,
            seed=0,
            preparation={},
            extractors=tuple(
                ExtractorRecord(
                    name=label,
                    label=label,
                    title=TITLES.get(label, label),
                    version=1,
                    parameters={},
                )
                for label in labels
            ),
            command="",
        ),
        environment=EnvironmentRecord(
            python="3.11",
            platform="Linux x86_64",
            processor="a processor",
            gpu=None,
            cores=2,
            jobs=2,
            versions={},
        ),
        experiments=experiments,
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker what waits for the real run: it is made once."""
    for item in items:
        if "real_run" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("real run"))


@pytest.fixture
def make_predictions() -> MakePredictions:
    return predictions


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that writes a run of given predictions and gives its folder."""

    def make(
        frames: Sequence[pd.DataFrame],
        classes: Sequence[str] = CLASSES,
        *,
        n_boot: int = 100,
        name: str = "run",
        dataset: Mapping[str, Any] | None = None,
        protocol: Mapping[str, Any] | None = None,
    ) -> Path:
        folder = tmp_path / name
        record = run_record(frames, classes, n_boot)
        write_record(
            folder,
            replace(
                record,
                dataset=replace(record.dataset, **(dataset or {})),
                protocol=replace(record.protocol, **(protocol or {})),
            ),
        )
        pd.concat(frames).to_parquet(folder / PREDICTIONS, index=False)
        return folder

    return make


@pytest.fixture
def edit_experiment() -> Callable[..., Path]:
    """Return a function that changes fields of a saved run's experiment."""

    def edit(folder: Path, place: int, **changes: Any) -> Path:
        record = read_record(folder)
        experiments = list(record.experiments)
        experiments[place] = replace(experiments[place], **changes)
        write_record(folder, replace(record, experiments=tuple(experiments)))
        return folder

    return edit


@pytest.fixture
def add_experiment() -> Callable[..., Path]:
    """Return a function that adds an experiment and its predictions to a saved run."""

    def add(folder: Path, frame: pd.DataFrame, **changes: Any) -> Path:
        record = read_record(folder)
        added = experiment_record(frame, list(record.dataset.classes), **changes)
        write_record(folder, replace(record, experiments=(*record.experiments, added)))
        table = pd.concat([pd.read_parquet(folder / PREDICTIONS), frame])
        table.to_parquet(folder / PREDICTIONS, index=False)
        return folder

    return add


@pytest.fixture
def with_control(add_experiment: MakeRun) -> MakeRun:
    """Return a function that adds a control of a run's first experiment."""

    def add(folder: Path, kind: str, frame: pd.DataFrame) -> Path:
        of = read_record(folder).experiments[0].name
        return add_experiment(
            folder, frame.assign(experiment=f"{of} ({kind})"), control=kind, of=of
        )

    return add


class RealRun(NamedTuple):
    """A benchmark that was really run."""

    folder: Path
    manifest: Manifest
    protocol: Protocol
    store: FeatureStore
    elsewhere: Elsewhere
    results: Results


@pytest.fixture(scope="session")
def real_run(
    tmp_path_factory: pytest.TempPathFactory, write_images: Callable[..., Path]
) -> RealRun:
    """Run everything that a record can tell of, once: controls, searches, a network, a transfer."""
    place = tmp_path_factory.mktemp("real")
    manifest = Manifest.read(write_images(place / "here", patients=12, per_patient=2))
    other = Manifest.read(write_images(place / "there", patients=4, per_patient=2, seed=1))
    experiments = [
        *competitors(["lightgbm"], [create("lbp"), create("glcm")]),
        *competitors(["cnn-scratch"], []),
    ]
    tiny: dict[str, Any] = {
        "widths": [4, 8],
        "depths": [1, 1],
        "size": 16,
        "precision": "float32",
        "epochs": 2,
    }
    parameters: dict[str, dict[str, Any]] = {"cnn-scratch": tiny, "lightgbm": {"rounds": 20}}
    protocol = Protocol(
        experiments, patient_folds(manifest, 2), "two", parameters=parameters, trials=2, jobs=1
    )
    store = FeatureStore(place / "store")
    elsewhere = Elsewhere("there", other, {"in both": 3, "unknown class": 0})
    results = run(
        manifest,
        protocol,
        store,
        place / "run",
        command="gliaboost benchmark here",
        audit=[("fine", "No picture is there twice.")],
        elsewhere=elsewhere,
    )
    return RealRun(place / "run", manifest, protocol, store, elsewhere, results)
