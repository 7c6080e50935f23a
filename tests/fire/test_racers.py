"""Eight processes on one store, a clock that goes back, a place that may not be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXTRACT = """
import datetime, sys, time
if "backwards" in sys.argv:
    real, calls = time.time, iter(range(10**9))
    time.time = lambda: real() - 3600 * next(calls)
import gliaboost
found = gliaboost.extract(sys.argv[1], features="lbp,glcm", store=sys.argv[2], jobs=1)
frame = found.to_frame()
import hashlib
print(hashlib.sha256(frame.to_numpy().tobytes()).hexdigest(), found.extraction.computed)
"""


def begun(*words: str | Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", EXTRACT, *map(str, words)],
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> list[str]:
    said, wrong = process.communicate(timeout=300)
    assert process.returncode == 0, wrong
    return said.split()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image

    folder = tmp_path_factory.mktemp("racers") / "data"
    rng = np.random.default_rng(0)
    for number in range(60):
        label = folder / ("a", "b")[number % 2]
        label.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (64, 64), np.uint8)).save(label / f"{number}.png")
    return folder


@pytest.mark.fire
def test_eight_racers_on_one_store_read_the_same(data: Path, tmp_path: Path) -> None:
    alone = ended(begun(data, tmp_path / "own"))
    racing = [begun(data, tmp_path / "shared") for _ in range(8)]
    told = [ended(process) for process in racing]
    assert {digest for digest, _ in told} == {alone[0]}
    assert ended(begun(data, tmp_path / "shared")) == [alone[0], "0"]
    print(f"rows computed by each of 8: {[int(count) for _, count in told]}")


@pytest.mark.fire
def test_of_eight_racers_seven_may_be_killed(data: Path, tmp_path: Path) -> None:
    alone = ended(begun(data, tmp_path / "own"))
    racing = [begun(data, tmp_path / "shared") for _ in range(8)]
    chance = np.random.default_rng(0)
    for process in racing[1:]:
        try:
            process.communicate(timeout=chance.uniform(0.2, 2))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    assert ended(racing[0])[0] == alone[0]
    assert ended(begun(data, tmp_path / "shared"))[0] == alone[0]


@pytest.mark.fire
def test_a_clock_that_goes_back_an_hour_a_look_changes_nothing(data: Path, tmp_path: Path) -> None:
    alone = ended(begun(data, tmp_path / "own"))
    assert ended(begun(data, tmp_path / "odd", "backwards")) == alone
    assert ended(begun(data, tmp_path / "odd")) == [alone[0], "0"]


@pytest.mark.integration
def test_a_store_below_a_file_is_told(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    process = begun(data, tmp_path / "file" / "store")
    _, wrong = process.communicate(timeout=300)
    assert "UsageError" in wrong and "cannot be written" in wrong, wrong


@pytest.mark.integration
@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="a read-only place of Linux")
def test_a_read_only_store_is_told(data: Path) -> None:
    process = begun(data, "/proc/sys/store")
    _, wrong = process.communicate(timeout=300)
    assert "UsageError" in wrong and "cannot be written" in wrong, wrong
