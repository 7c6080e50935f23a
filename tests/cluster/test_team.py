from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.errors import ClusterError, ManifestError
from gliaboost.parallel import Team

pytestmark = pytest.mark.xdist_group("cluster")

RAISED = (
    "(_ for _ in ()).throw(__import__('gliaboost.{}', fromlist=['x']).{}({}))"
    " if __import__('time').sleep({}) is None else 0"
)
LOST = RAISED.format("parallel", "MemberLostError", "'gone'", 0)


def test_each_task_has_a_process_of_its_own_at_the_same_time(two_workers: ClusterExecutor) -> None:
    team: Team = two_workers.team()
    assert team.members == 2 and team.address == "127.0.0.1"
    begun = "(__import__('time').time(), __import__('time').sleep(1.5), __import__('os').getpid())"
    (first, _, one), (second, _, two) = team.at_once(eval, [begun, begun])
    assert len({one, two, os.getpid()}) == 3
    assert abs(first - second) < 1.5
    assert team.at_once(eval, ["7"]) == [7]


def test_more_tasks_than_workers_are_refused(two_workers: ClusterExecutor) -> None:
    with pytest.raises(ClusterError, match=r"3 tasks are done together at local:2, which has 2"):
        two_workers.team().at_once(abs, [1, 2, 3])


def test_the_error_is_that_of_the_task_to_blame(two_workers: ClusterExecutor) -> None:
    # The one that lost the other is the first to tell.
    to_blame = RAISED.format("errors", "ManifestError", "'m.csv', ['one', 'two']", 0.8)
    with pytest.raises(ManifestError, match=r"m\.csv: 2 faults"):
        two_workers.team().at_once(eval, [LOST, to_blame])
    with pytest.raises(ClusterError, match="a worker of local:2 was lost while all of them"):
        two_workers.team().at_once(eval, [LOST, LOST])
    # One that failed ends it, whatever the others do.
    begun = time.monotonic()
    with pytest.raises(ManifestError):
        two_workers.team().at_once(eval, ["__import__('time').sleep(6)", to_blame])
    assert time.monotonic() - begun < 5


def test_a_worker_that_is_killed_ends_it(two_workers: ClusterExecutor) -> None:
    pid = next(iter(two_workers.client.run(os.getpid).values()))
    team = two_workers.team()
    threading.Timer(1.0, os.kill, (pid, signal.SIGKILL)).start()
    begun = time.monotonic()
    with pytest.raises(ClusterError, match="was lost while all of them did one task together"):
        team.at_once(eval, ["__import__('time').sleep(20)"] * 2)
    assert time.monotonic() - begun < 15
    two_workers.client.wait_for_workers(2, timeout=120)
