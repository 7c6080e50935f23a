from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gliaboost
from gliaboost.cluster import opened as opening
from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.opened import check_cluster, opened
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ClusterError, MissingExtraError, UsageError
from gliaboost.features import create
from gliaboost.features.extract import extract, matrix
from gliaboost.features.store import FeatureStore
from tests.conftest import MakeImages

pytestmark = pytest.mark.xdist_group("cluster")
PREPARATION = Preparation(size=64)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.integration
def test_a_worker_killed_while_extracting_costs_its_chunk_alone(
    two_workers: ClusterExecutor, make_images: MakeImages, tmp_path: Path
) -> None:
    manifest = Manifest.read(make_images(patients=10, per_patient=10))
    bank = [create("hog"), create("glcm")]
    here, there = FeatureStore(tmp_path / "here"), FeatureStore(tmp_path / "there")
    killed: list[int] = []

    class Killing(gliaboost.progress.Silent):
        def step(self, stage: str, done: int, total: int | None) -> None:
            if killed:
                return
            at_work = [w for w, tasks in two_workers.client.processing().items() if tasks]
            if at_work:  # between two tasks there is none
                pid = two_workers.client.run(os.getpid, workers=at_work[:1])[at_work[0]]
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    alone = extract(manifest, bank, PREPARATION, here, jobs=1)
    among = extract(manifest, bank, PREPARATION, there, executor=two_workers, progress=Killing())
    assert killed
    assert (among.keys, among.failed, among.computed) == (alone.keys, {}, 100)
    keys = [str(k) for k in alone.keys]
    assert matrix(keys, bank, PREPARATION, there).tobytes() == (
        matrix(keys, bank, PREPARATION, here).tobytes()
    )
    # No half-written part, and nothing of the dead one but what the next run removes.
    assert not list((tmp_path / "there").rglob("*.damaged"))


def test_nothing_comes_back_but_names(
    two_workers: ClusterExecutor, make_images: MakeImages, tmp_path: Path
) -> None:
    from gliaboost.features.filling import FillTask, fill_there

    manifest = Manifest.read(make_images(patients=2)).with_keys()
    hog = create("hog")
    fingerprint = hog.fingerprint(PREPARATION.to_dict())
    keyed = gliaboost.datasets.image_source.KeyedSource
    filling = FillTask(
        images={row: keyed(path) for row, path in enumerate(manifest.paths)},
        keys=dict(enumerate(manifest.table["key"])),
        needs={row: [fingerprint] for row in range(len(manifest))},
        extractors=[hog],
        preparation=PREPARATION,
        store=FeatureStore(tmp_path / "store"),
    )
    filled = two_workers.submit(fill_there, filling).result()
    (name,) = filled.parts[fingerprint]
    assert vars(filled) == {"parts": {fingerprint: [name]}, "failed": {}}
    assert (tmp_path / "store" / fingerprint / name).is_file()


def test_no_scheduler_there_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "ANSWER", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # held, so that nobody else listens there meanwhile
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        told = rf"no scheduler answers at {address} .*--cluster local"
        with pytest.raises(ClusterError, match=told), opened(address):
            pass


@pytest.mark.integration
def test_a_scheduler_is_reached_by_its_file_and_needs_workers(
    two_workers: ClusterExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    address = two_workers.client.scheduler_info()["address"]
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": address}))
    with opened(str(file), progress=heard) as workers:
        assert workers.submit(abs, -3).result() == 3
    assert heard.lines[-1].startswith("cluster: ") and "task(s) at once" in heard.lines[-1]
    # The one that was reached is left as it was.
    assert two_workers.submit(abs, -4).result() == 4

    monkeypatch.setattr(opening, "JOIN", 0.5)
    code = (
        "import asyncio, sys; from distributed import Scheduler\n"
        "async def run():\n"
        "    async with Scheduler(host='127.0.0.1', port=0, dashboard_address=None) as s:\n"
        "        print(s.address, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(run())"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as alone:
        assert alone.stdout is not None
        empty = alone.stdout.readline().strip()
        try:
            with pytest.raises(ClusterError, match=r"has no workers.*dask worker"), opened(empty):
                pass
        finally:
            alone.kill()


def test_workers_of_another_version_are_refused_at_the_start(
    two_workers: ClusterExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gliaboost.cluster.versions.__version__", "99.1")
    address = two_workers.client.scheduler_info()["address"]
    with pytest.raises(ClusterError, match=r"has gliaboost .*, here is 99\.1"), opened(address):
        pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'gliaboost\[dask\]'"):
        check_cluster("local")
    with pytest.raises(UsageError, match="expected local"):
        check_cluster("nowhere")


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_run(
    make_images: MakeImages, tmp_path: Path, number: signal.Signals
) -> None:
    data = make_images(patients=30, per_patient=20, size=256)
    command = [sys.executable, "-m", "gliaboost", "extract", str(data), "--features", "hog,glcm"]
    command += ["--cluster", "local:2", "--store", str(tmp_path / "store")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        said = ""
        while "cluster: " not in said:
            line = run.stderr.readline()
            assert line, said
            said += line
        below = {int(p) for p in _children(run.pid)}
        assert len(below) >= 2
        run.send_signal(number)
        said += run.stderr.read()
    assert run.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    deadline = time.monotonic() + 20
    while any(map(alive, below)):
        assert time.monotonic() < deadline, said
        time.sleep(0.1)


def _children(pid: int) -> list[str]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += (task / "children").read_text().split()
    return found


@pytest.mark.integration
def test_the_command_on_two_processes_fills_the_same_store(
    make_images: MakeImages, tmp_path: Path
) -> None:
    data = make_images(patients=4)
    one = gliaboost.extract(data, features="hog,lbp", store=tmp_path / "one")
    two = gliaboost.extract(data, features="hog,lbp", store=tmp_path / "two", cluster="local:2")
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame(), check_exact=True)
