"""Predictions of a made-up model, and run folders that hold them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

CLASSES = ["glioma", "meningioma", "no_tumor", "pituitary"]
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


def write_run(
    folder: Path,
    frames: Sequence[pd.DataFrame],
    classes: Sequence[str] = CLASSES,
    *,
    n_boot: int = 100,
    **changes: Any,
) -> Path:
    """Write a run's two files as the protocol does."""
    from gliaboost.reports.statistics.evaluation import evaluate

    experiments = []
    for i, frame in enumerate(frames):
        name = str(frame["experiment"].iloc[0])
        model, *features = name.split("+")
        experiments.append(
            {
                "name": name,
                "model": model,
                "features": features,
                "device": "cpu",
                **evaluate(frame, classes, n_boot=n_boot),
                "seconds": {"features": 2.0, "fit": 10.0 * (i + 1), "predict": 0.5},
            }
        )
    first = frames[0]
    results = {
        "schema": 1,
        "dataset": {
            "name": "made-up",
            "images": len(first),
            "patients": int(first["patient"].nunique()),
            "classes": {c: int((first["label"] == c).sum()) for c in classes},
            "fingerprint": "0" * 64,
            "simulated": False,
        },
        "protocol": {"folds": "column 'fold'", "group": "patient", "n_folds": 5, "seed": 0},
        "environment": {"python": "3.11"},
        "experiments": experiments,
    }
    for key, value in changes.items():
        results[key] = {**results[key], **value}  # type: ignore[dict-item]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, allow_nan=False))
    pd.concat(frames).to_parquet(folder / "predictions.parquet", index=False)
    return folder


@pytest.fixture
def make_predictions() -> MakePredictions:
    return predictions


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that writes a run of given predictions and gives its folder."""

    def make(frames: Sequence[pd.DataFrame], *args: Any, name: str = "run", **changes: Any) -> Path:
        return write_run(tmp_path / name, frames, *args, **changes)

    return make
