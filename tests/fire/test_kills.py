"""Killed with -9 at random moments and given again, a command leaves what one run leaves.

``make test-fire`` kills 50 times, and a search 25 times more; the short version twice.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
# Of what a run measures of itself, or when it was.
TIMES = {
    *("seconds", "fit", "predict", "training_images_per_second", "peak_memory", "created"),
    *("command", "environment", "store"),
}


@dataclass(frozen=True)
class Case:
    """A command that is killed: its words, and what it leaves, without times."""

    words: tuple[str, ...]
    left: Callable[[Path], Any]
    kills: int
    # What has to be there first, and the folder that it writes whole or not at all, if it does.
    before: tuple[str, ...] = ()
    whole: str = ""


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in TIMES}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def rows(work: Path) -> Any:
    import gliaboost
    from gliaboost.features.extract import matrix, open_tables
    from gliaboost.features.store import FeatureStore

    found = gliaboost.extract(work / "m.parquet", features="hog,lbp", store=work / "store")
    assert not found.extraction.computed, "the command left rows out"
    store = FeatureStore(work / "store")
    keys = [str(k) for k in Manifest.read(work / "m.parquet").table["key"]]
    assert open_tables(found.extractors, found.preparation, store)
    return matrix(keys, found.extractors, found.preparation, store).tobytes()


def run(work: Path) -> Any:
    import pandas as pd

    record = without_times(json.loads((work / "run" / "results.json").read_text("utf-8")))
    return record, pd.read_parquet(work / "run" / "predictions.parquet").to_json()


def bundle(work: Path) -> Any:
    import gliaboost

    known = dict(vars(gliaboost.load(work / "model.joblib")))
    return {k: without_times(v) for k, v in known.items() if k not in ("sha256", "created")}


def searched(work: Path) -> Any:
    lines = (work / "model.study").read_bytes().splitlines()
    values = [json.loads(line).get("values") for line in lines]
    return bundle(work), [v for v in values if v]


def segmenter(work: Path) -> Any:
    import gliaboost

    known = dict(vars(gliaboost.load_segmenter(work / "model.joblib")))
    return {k: without_times(v) for k, v in known.items() if k not in ("sha256", "created")}


def compared(work: Path) -> Any:
    import pandas as pd

    slices = pd.read_parquet(work / "run" / "slices.parquet").drop(columns="seconds")
    record = json.loads((work / "run" / "segmentation.json").read_text("utf-8"))
    return slices.to_json(), without_times(record)


def outlined(work: Path) -> Any:
    files = sorted(f for f in (work / "masks").rglob("*") if f.is_file())
    return [
        (
            str(file.relative_to(work)),
            without_times(json.loads(file.read_text("utf-8")))
            if file.suffix == ".json"
            else file.read_bytes(),
        )
        for file in files
    ]


def audited(work: Path) -> Any:
    return without_times(json.loads((work / "audit" / "audit.json").read_text("utf-8")))


BOOSTER = ("--set", "lightgbm.rounds=20")
MODEL = ("--features", "lbp", "--model", "lightgbm", *BOOSTER, "--out", "model.joblib")
RUN = ("--features", "lbp", "--models", "lightgbm", "--folds", "2", "--out", "run", *BOOSTER)
OTSU = ("segment", "train", "m.parquet", "--model", "otsu", "--out", "model.joblib")
CASES = {
    "extract": Case(("extract", "m.parquet", "--features", "hog,lbp"), rows, 10),
    "benchmark": Case(("benchmark", "m.parquet", *RUN), run, 10),
    "train": Case(("train", "m.parquet", *MODEL), bundle, 8),
    "tune": Case(("tune", "m.parquet", "--trials", "5", "--folds", "2", *MODEL), searched, 10),
    "segment train": Case(OTSU, segmenter, 4),
    "segment predict": Case(
        ("segment", "predict", "model.joblib", "pictures", "--out", "masks"),
        outlined,
        5,
        before=OTSU,
        whole="masks",
    ),
    "segment benchmark": Case(
        ("segment", "benchmark", "m.parquet", "--models", "otsu", "--folds", "2", "--out", "run"),
        compared,
        4,
    ),
    "audit": Case(("audit", "m.parquet", "--out", "audit"), audited, 4),
}


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    from gliaboost.datasets.phantom.sample import make_phantom

    folder = tmp_path_factory.mktemp("kills") / "phantom"
    return make_phantom(folder, patients=12, slices=1, size=64)


def begun(words: tuple[str, ...], work: Path) -> subprocess.Popen[str]:
    stored: tuple[str, ...] = ("--store", "store")
    if words[0] == "audit" or words[:2] == ("segment", "predict"):
        stored = ()
    return subprocess.Popen(
        [sys.executable, "-m", "gliaboost", *words, *stored, "--jobs", "2"],
        cwd=work,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(words: tuple[str, ...], work: Path) -> float:
    """Run a command to its end; return its seconds."""
    started = time.monotonic()
    process = begun(words, work)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    return time.monotonic() - started


def killed(words: tuple[str, ...], work: Path, seconds: float) -> bool:
    """Kill a command after some seconds; whether it was still at work."""
    process = begun(words, work)
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    assert process.returncode == 0, said
    return False


def assert_same_after_kills(case: Case, phantom: Manifest, folder: Path, kills: int) -> None:
    chance = random.Random(repr((case.words, kills)))
    whole, broken = folder / "whole", folder / "broken"
    for work in (whole, broken):
        work.mkdir()
        phantom.write(work / "m.parquet")
        (work / "pictures").mkdir()
        for picture in phantom.paths[:12]:
            shutil.copy(picture, work / "pictures")
        if case.before:
            finished(case.before, work)
    seconds = finished(case.words, whole)
    done = 0
    for _ in range(kills):
        done += killed(case.words, broken, chance.uniform(0.2, 1) * seconds)
        if case.whole and (broken / case.whole).exists():
            assert case.left(broken) == case.left(whole), "a part of it was there"
            shutil.rmtree(broken / case.whole)
    print(f"{' '.join(case.words[:2])}: {done} of {kills} kills met it at work ({seconds:.1f} s)")
    finished(case.words, broken)
    told, expected = case.left(broken), case.left(whole)
    assert told == expected
    left = [f for f in broken.rglob(".*") if f.name.endswith((".tmp", ".old"))]
    assert not left, "temporary files of killed runs stayed"


@pytest.mark.integration
@pytest.mark.parametrize("name", ["extract", "benchmark"])
def test_a_killed_command_goes_on(name: str, phantom: Manifest, tmp_path: Path) -> None:
    assert_same_after_kills(CASES[name], phantom, tmp_path, 1)


@pytest.mark.integration
@pytest.mark.fire
@pytest.mark.parametrize("name", CASES)
def test_what_kills_leave_is_what_one_run_leaves(
    name: str, phantom: Manifest, tmp_path: Path
) -> None:
    assert_same_after_kills(CASES[name], phantom, tmp_path, CASES[name].kills)


SEARCH = """
import sys, time, numpy as np
from pathlib import Path
from gliaboost.models.tuning import tune
rng = np.random.default_rng(0)
y = np.array(["a", "b"] * 30, object)
X = rng.normal(0, 1, (60, 8)).astype(np.float32)
X[:, 1] += y == "b"
groups = np.array([f"p{i // 4}{i % 2}" for i in range(60)], object)
fixed = {"rounds": 4, "inner_folds": 0}
print("ready", flush=True)
found = tune("lightgbm", X, y, groups, Path(sys.argv[1]), trials=30, folds=2, fixed=fixed, jobs=1)
print([(t["number"], t["state"], t["score"], t["parameters"]) for t in found.trials], flush=True)
"""


def searching(study: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, str(study)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


@pytest.mark.fire
def test_a_search_killed_25_times_is_the_search_in_one(tmp_path: Path) -> None:
    whole = searching(tmp_path / "whole")
    started = time.monotonic()
    expected, _ = whole.communicate()
    seconds = time.monotonic() - started
    chance = np.random.default_rng(0)
    met = 0
    for _ in range(25):
        process = searching(tmp_path / "broken")
        time.sleep(chance.uniform(0, seconds / 8))
        met += process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    print(f"{met} of 25 kills met it at work")
    found, _ = searching(tmp_path / "broken").communicate()
    assert found == expected
