"""A disk that is full, or may not be written, ends each command in one line that says what to do.

Without the right to mount a small disk the size of a file is limited, as the system does of itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE on Windows")
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv = ["gliaboost", *sys.argv[2:]]
from gliaboost.__main__ import main
main()
"""
STORE = ("--store", "store")
LGB = ("lightgbm", "--set", "lightgbm.rounds=20", "--features", "lbp")
# Each kind of file that a command writes: the most bytes that a file may have, and the command.
WRITES: dict[str, tuple[int, tuple[str, ...]]] = {
    "store": (3000, ("extract", "m.csv", "--features", "lbp", "--store", "new store")),
    "manifest": (500, ("manifest", "folder", "data", "--out", "new.parquet")),
    "manifest as CSV": (500, ("manifest", "folder", "data", "--out", "new.csv")),
    "columns": (9000, ("features", "m.csv", "--features", "lbp", "--out", "c.parquet", *STORE)),
    "columns as CSV": (9000, ("features", "m.csv", "--features", "lbp", "--out", "c.csv", *STORE)),
    "bundle": (2000, ("train", "m.csv", "--model", *LGB, "--out", "new.joblib", *STORE)),
    "study": (
        700,
        ("tune", "m.csv", "--trials", "2", "--folds", "2", "--model", *LGB, *STORE, "--out", "n"),
    ),
    "audit": (300, ("audit", "m.csv", "--out", "audit")),
    "audit's page": (9000, ("audit", "m.csv", "--out", "audit")),
    "benchmark": (9000, ("benchmark", "m.csv", "--models", *LGB, "--out", "run", *STORE)),
    "explore": (9000, ("explore", "m.csv", "--out", "explore.html")),
    "explanation": (2000, ("explain", "model.joblib", "data/fine/0.png", "--out", "e.png")),
    "predictions": (300, ("predict", "model.joblib", "data", "--out", "p.csv")),
    "evaluation": (
        2000,
        ("evaluate", "model.joblib", "m.csv", "--out", "e.parquet"),
    ),
    "report": (9000, ("report", "done")),
    "segmenter": (500, ("segment", "train", "masks.csv", "--model", "otsu", "--out", "s2.joblib")),
    "masks": (150, ("segment", "predict", "s.joblib", "data", "--out", "found")),
    "segmenters": (
        900,
        ("segment", "benchmark", "masks.csv", "--models", "otsu", "--folds", "2", "--out", "sb"),
    ),
}


def gliaboost(work: Path, limit: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *words],
        cwd=work,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, bundles and a run, made while there was room."""
    import numpy as np
    import pandas as pd
    from PIL import Image

    import gliaboost

    work = tmp_path_factory.mktemp("full")
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number, label in enumerate(["fine", "coarse"] * 8):
        folder = work / "data" / label
        folder.mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 250 if label == "fine" else 90, (64, 64), np.uint8)
        image[20:40, 20:40] |= 200
        name = f"data/{label}/{number // 2}.png"
        Image.fromarray(image).save(work / name)
        mask = np.zeros((64, 64), np.uint8)
        mask[20:40, 20:40] = 255
        (work / "drawn").mkdir(exist_ok=True)
        Image.fromarray(mask).save(work / f"drawn/{number}.png")
        rows.append(
            {"path": name, "label": label, "patient": f"p{number}", "mask": f"drawn/{number}.png"}
        )
    table = pd.DataFrame(rows)
    table.drop(columns="mask").to_csv(work / "m.csv", index=False)
    table.to_csv(work / "masks.csv", index=False)
    small: dict[str, Any] = {"features": "lbp", "settings": {"lightgbm": {"rounds": 20}}}
    small["store"] = work / "store"
    gliaboost.train(work / "m.csv", model="lightgbm", out=work / "model.joblib", **small)
    gliaboost.segment_train(work / "masks.csv", model="otsu", out=work / "s.joblib")
    gliaboost.benchmark(work / "m.csv", models="lightgbm", folds=2, out=work / "done", **small)
    return work


def check(done: subprocess.CompletedProcess[str], work: Path) -> str:
    said = [line for line in done.stderr.splitlines() if line.startswith("gliaboost: ")]
    assert done.returncode in (1, 2), f"{done.returncode}: {done.stdout}{done.stderr}"
    last = said[-1] if said else done.stderr
    assert "Traceback" not in done.stderr and "unexpected" not in last, done.stderr
    assert "cannot write" in last or "cannot be written" in last, done.stderr
    left = [f for f in work.rglob(".*") if f.name.endswith((".tmp", ".old"))]
    assert not left
    return last


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["store", "columns as CSV"])
def test_a_full_disk_is_told(kind: str, work: Path) -> None:
    limit, words = WRITES[kind]
    assert "space" in check(gliaboost(work, limit, *words), work)


@pytest.mark.integration
@pytest.mark.fire
@pytest.mark.parametrize("kind", WRITES)
def test_a_full_disk_is_told_at_every_kind_of_write(kind: str, work: Path) -> None:
    limit, words = WRITES[kind]
    print(f"{kind}: {check(gliaboost(work, limit, *words), work)}")
