from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gliaboost.cluster import team as looked_at
from gliaboost.cluster.crew import present
from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.opened import opened
from gliaboost.cluster.team import ClusterTeam
from gliaboost.errors import ClusterError, ManifestError, StoreError
from gliaboost.parallel import MemberLostError, Team, Wanted

pytestmark = pytest.mark.xdist_group("cluster")


def begun(seconds: float, _: Wanted) -> tuple[float, int]:
    at = time.time()
    time.sleep(seconds)
    return at, os.getpid()


def raised(asked: tuple[float, BaseException | None], _: Wanted) -> None:
    seconds, error = asked
    time.sleep(seconds)
    if error is not None:
        raise error


def asked_until_nobody_waits(file: Path | None, wanted: Wanted) -> None:
    if file is None:
        time.sleep(1)
        raise ManifestError("m.csv", ["one", "two"])
    while wanted():
        time.sleep(0.05)
    file.write_text("nobody")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    at = time.monotonic()
    yield
    assert time.monotonic() - at < seconds


@pytest.mark.integration
def test_each_task_has_a_process_of_its_own_at_the_same_time(two_workers: ClusterExecutor) -> None:
    team: Team = two_workers.team()
    assert team.members == 2 and team.address == "127.0.0.1"
    (first, one), (second, two) = team.at_once(begun, [4, 4])
    assert len({one, two, os.getpid()}) == 3
    assert abs(first - second) < 4
    assert len(team.at_once(begun, [0])) == 1


def test_more_tasks_than_workers_are_refused(two_workers: ClusterExecutor) -> None:
    with pytest.raises(ClusterError, match=r"3 tasks are done together at local:2, which has 2"):
        two_workers.team().at_once(begun, [1, 2, 3])


def test_much_that_is_given_warns_of_nothing(two_workers: ClusterExecutor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = two_workers.team().at_once(length, [bytes(2 * 10**7), bytes(10**7)])
    assert found == [2 * 10**7, 10**7]


def length(data: bytes, _: Wanted) -> int:
    return len(data)


@pytest.mark.integration
def test_the_error_is_that_of_the_task_to_blame(two_workers: ClusterExecutor) -> None:
    lost = MemberLostError("no longer heard")
    # The one that lost the other is the first to tell.
    with pytest.raises(StoreError, match="a part is gone"):
        two_workers.team().at_once(raised, [(0, lost), (0.8, StoreError("a part is gone"))])
    with pytest.raises(ClusterError, match=r"a worker of local:2 was lost .*\(no longer heard\);"):
        two_workers.team().at_once(raised, [(0, lost), (0, lost)])
    # One that goes on is not waited for.
    with within(20), pytest.raises(ClusterError, match="no longer heard"):
        two_workers.team().at_once(raised, [(0, lost), (21, None)])


@pytest.mark.integration
def test_who_is_given_up_hears_of_it(two_workers: ClusterExecutor, tmp_path: Path) -> None:
    told = tmp_path / "told"
    with within(20), pytest.raises(ManifestError, match=r"m\.csv: 2 faults"):
        two_workers.team().at_once(asked_until_nobody_waits, [told, None])
    deadline = time.monotonic() + 10
    while not told.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.integration
def test_a_worker_that_is_killed_ends_it(two_workers: ClusterExecutor) -> None:
    pid = next(iter(two_workers.client.run(os.getpid).values()))
    threading.Timer(1.0, os.kill, (pid, signal.SIGKILL)).start()
    with within(60), pytest.raises(ClusterError, match="was lost while all of them did one task"):
        two_workers.team().at_once(begun, [61, 61])
    two_workers.client.wait_for_workers(2, timeout=120)


@pytest.mark.integration
def test_one_look_that_fails_loses_nobody(
    two_workers: ClusterExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter(["well", "not at all", "as if none were there"])

    def look(client: Any) -> Any:
        seen = next(looks, "well")
        if seen == "not at all":
            raise OSError("no answer")
        return present(client) if seen == "well" else {}

    monkeypatch.setattr(looked_at, "present", look)
    monkeypatch.setattr(looked_at, "_ASKED", 0.3)
    assert len(two_workers.team().at_once(begun, [2, 2])) == 2


@pytest.mark.integration
def test_a_cluster_without_workers_or_scheduler_says_so() -> None:
    with opened("local:1") as alone:
        assert isinstance(alone, ClusterExecutor)
        team = alone.team()
        cluster: Any = alone.client.cluster
        cluster.scale(0)
        deadline = time.monotonic() + 30
        while present(alone.client):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with pytest.raises(ClusterError, match="no worker is left at local:1; start some"):
            assert team.members
        alone.client.close()
        with pytest.raises(ClusterError, match="the scheduler at local:1 is gone"):
            assert ClusterTeam(alone.client, "local:1", alone.relay).members
