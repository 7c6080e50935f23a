from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from gliaboost._compat import available_cores
from gliaboost.cluster.bounds import SharedCores, bounded


def worker(ip: str, threads: int) -> Any:
    return SimpleNamespace(ip=ip, state=SimpleNamespace(nthreads=threads))


@pytest.mark.parametrize(
    ("ip", "threads", "share"), [("10.0.0.1", 1, 4), ("10.0.0.2", 1, 16), ("10.0.0.2", 8, 2)]
)
def test_workers_of_a_machine_share_its_cores(
    ip: str, threads: int, share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in bounded(1):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("gliaboost.cluster.bounds.available_cores", lambda: 16)
    plugin = SharedCores({"10.0.0.1": 4})
    plugin.setup(worker(ip, threads))
    assert available_cores() == share
    assert os.environ["OMP_NUM_THREADS"] == str(share)
    plugin.teardown(worker(ip, threads))
    assert not set(bounded(1)) & set(os.environ)


def test_more_tasks_than_cores_have_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)
    plugin = SharedCores({"a": 10_000})
    plugin.setup(worker("a", 1))
    assert available_cores() == 1
    plugin.teardown(worker("a", 1))


def test_what_a_worker_was_told_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    plugin = SharedCores({"a": 2})
    plugin.setup(worker("a", 2))
    assert os.environ["OMP_NUM_THREADS"] == "7"
    plugin.teardown(worker("a", 2))
    assert os.environ["OMP_NUM_THREADS"] == "7"
