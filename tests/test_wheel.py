"""The built wheel, in an environment of its own, away from the checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
# The environment takes most of a minute to make, once a process.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("wheel")]


def run(*words: str | Path, folder: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(w) for w in words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clean_bin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("wheel")
    # A copy, because a build leaves its traces in the source folder.
    ignore = shutil.ignore_patterns(".*", "build", "runs", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, work / "source", ignore=ignore)
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
        *("--wheel-dir", work / "wheels", work / "source"),
        folder=work,
    )
    (wheel,) = (work / "wheels").iterdir()
    venv.create(work / "venv", with_pip=True)
    folder = work / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    run(folder / "python", "-m", "pip", "install", "--quiet", wheel, folder=work)
    return folder


def test_info_runs_from_another_folder(clean_bin: Path, tmp_path: Path) -> None:
    facts = json.loads(run(clean_bin / "gliaboost", "info", "--json", folder=tmp_path))
    assert {"hog", "lbp", "glcm"} <= set(facts["extractors"])
    assert {"xgboost", "lightgbm"} <= set(facts["models"])


def test_train_and_predict_from_another_folder(clean_bin: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label, sigma in (("fine", 0), ("coarse", 4)):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(12):
            image = rng.integers(0, 256, (64, 64)).astype(np.uint8)
            smooth = cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image
            assert cv2.imwrite(str(tmp_path / "data" / label / f"{i}.png"), smooth)
    gliaboost = clean_bin / "gliaboost"
    run(gliaboost, "manifest", "folder", "data", "--out", "m.parquet", folder=tmp_path)
    run(
        *(gliaboost, "train", "m.parquet", "--features", "glcm", "--out", "m.joblib"),
        *("--store", "store"),
        folder=tmp_path,
    )
    said = run(gliaboost, "predict", "m.joblib", "data/fine/0.png", "--json", folder=tmp_path)
    (prediction,) = json.loads(said)["predictions"]
    assert prediction["predicted"] == "fine"
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)


def test_wheel_holds_the_package_alone(clean_bin: Path) -> None:
    (site,) = clean_bin.parent.rglob("site-packages")
    assert (site / "gliaboost" / "cli.py").is_file()
    for flat in ("features", "models", "reports", "datasets", "cli.py", "tests", "benchmarks"):
        assert not (site / flat).exists()
    assert list((site / "gliaboost" / "reports" / "document" / "templates").iterdir())
