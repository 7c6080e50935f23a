"""The main job in small, as a user starts it: what every platform must be able to do."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.smoke


def gliaboost(*words: str | Path, folder: Path) -> str:
    """Run the command line in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "gliaboost", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def classes_of(bundle: Path, image: Path) -> list[str]:
    """Predict in another process; at the top of the module, as spawn imports it by name."""
    import gliaboost
    from gliaboost.models.prediction import predict

    loaded = gliaboost.load(bundle)
    return [str(p.predicted) for p in predict(loaded, [image], jobs=1)]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name has a space and a letter beyond ASCII, with few, small phantoms."""
    from gliaboost.datasets.phantom.sample import make_phantom

    folder = tmp_path_factory.mktemp("smoke") / "Früh stück"
    make_phantom(folder / "phantom", patients=12, slices=1, size=64)
    return folder


@pytest.mark.integration
def test_main_job_on_simulated_patients(work: Path) -> None:
    manifest = Path("phantom", "manifest.parquet")
    gliaboost("audit", manifest, "--out", "audit", folder=work)
    assert json.loads((work / "audit" / "audit.json").read_text("utf-8"))["images"] == 36

    small = ("--features", "hog,glcm", "--store", "store", "--quiet")
    run = (*small, "--models", "lightgbm", "--folds", "2", "--no-controls")
    table = gliaboost("benchmark", manifest, *run, "--out", "report", folder=work)
    assert "lightgbm+hog+glcm" in table
    assert "LightGBM" in (work / "report" / "report.html").read_text("utf-8")
    predictions = pd.read_parquet(work / "report" / "predictions.parquet")
    assert set(predictions["experiment"]) >= {"lightgbm+hog+glcm"}

    gliaboost("train", manifest, *small, "--out", "model.joblib", folder=work)
    image = next((work / "phantom" / "images").glob("P001-*.png")).relative_to(work)
    said = json.loads(gliaboost("predict", "model.joblib", image, "--json", folder=work))
    (prediction,) = said["predictions"]
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)
    assert Path(prediction["path"]) == image

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        elsewhere = pool.apply(classes_of, (work / "model.joblib", work / image))
    assert elsewhere == [prediction["predicted"]]


def test_manifest_of_a_folder_has_portable_paths(work: Path) -> None:
    for label, patient in (("no_tumor", "P001"), ("glioma", "P002")):
        (work / "by class" / label).mkdir(parents=True)
        for image in (work / "phantom" / "images").glob(f"{patient}-*.png"):
            shutil.copy(image, work / "by class" / label / image.name)
    gliaboost("manifest", "folder", "by class", "--out", "m.csv", folder=work)
    paths = pd.read_csv(work / "m.csv")["path"]
    assert len(paths) == 6
    assert not paths.str.contains("\\", regex=False).any()
    assert all((work / path).is_file() for path in paths)


@pytest.mark.integration
def test_info_and_help_start_without_a_gpu(work: Path) -> None:
    facts = json.loads(gliaboost("info", "--json", folder=work))
    assert {"hog", "lbp", "glcm"} <= set(facts["extractors"])
    assert "benchmark" in gliaboost("--help", folder=work)
