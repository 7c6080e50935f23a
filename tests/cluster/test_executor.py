from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from gliaboost.cluster.executor import ClusterExecutor, hosts
from gliaboost.errors import ClusterError, ManifestError
from gliaboost.parallel import Workers, map_in_order, workers_of

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.mark.integration
def test_results_come_in_order_from_other_processes(two_workers: ClusterExecutor) -> None:
    assert isinstance(two_workers, Workers) and workers_of(two_workers) is two_workers
    assert two_workers.slots == 2
    asked = ["__import__('os').getpid()"] * 8
    pids = set(map_in_order(eval, asked, executor=two_workers))
    assert os.getpid() not in pids
    waits = ["__import__('time').sleep(0.2) or 0", "1", "2"]
    assert list(map_in_order(eval, waits, executor=two_workers)) == [0, 1, 2]


def test_each_worker_has_its_share_of_the_cores(two_workers: ClusterExecutor) -> None:
    share = str(max(1, len(os.sched_getaffinity(0)) // 2))
    told = two_workers.client.run(os.getenv, "PYTHON_CPU_COUNT")
    assert set(told.values()) == {share}
    assert set(two_workers.client.run(os.getenv, "OMP_NUM_THREADS").values()) == {share}
    assert "PYTHON_CPU_COUNT" not in os.environ


def test_an_error_of_a_task_comes_back_as_it_was(two_workers: ClusterExecutor) -> None:
    text = "(_ for _ in ()).throw(__import__('gliaboost.errors', fromlist=['x'])"
    text += ".ManifestError('m.csv', ['one', 'two']))"
    with pytest.raises(ManifestError) as caught:
        two_workers.submit(eval, text).result()
    assert caught.value.faults == ("one", "two")


@pytest.mark.integration
def test_a_task_whose_worker_is_killed_is_done_again(two_workers: ClusterExecutor) -> None:
    before = set(two_workers.client.run(os.getpid).values())
    slow = two_workers.submit(eval, "__import__('time').sleep(4) or __import__('os').getpid()")
    deadline = time.monotonic() + 30
    while not (at_work := two_workers.client.processing()) or not any(at_work.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    busy = next(worker for worker, tasks in at_work.items() if tasks)
    killed = two_workers.client.run(os.getpid, workers=[busy])[busy]
    os.kill(killed, signal.SIGKILL)
    assert slow.result() != killed
    # Another one takes its place.
    two_workers.client.wait_for_workers(2, timeout=120)
    assert len(before & set(two_workers.client.run(os.getpid).values())) == 1


def test_what_is_shared_outlives_the_worker_that_had_it(two_workers: ClusterExecutor) -> None:
    shared: Any = two_workers.share({"a": 7})
    assert two_workers.submit(sorted, shared).result() == ["a"]
    held = two_workers.client.who_has([shared])
    (at,) = {worker for found in held.values() for worker in found}
    os.kill(two_workers.client.run(os.getpid, workers=[at])[at], signal.SIGKILL)
    assert two_workers.submit(sorted, shared).result() == ["a"]


def test_networks_go_where_a_gpu_is_announced(two_workers: ClusterExecutor) -> None:
    assert two_workers.for_networks() is two_workers
    with_gpu = ClusterExecutor(two_workers.client, "local:2", 2, gpus=1)
    waiting = with_gpu.for_networks().submit(abs, -1)
    assert with_gpu.submit(abs, -2).result() == 2
    time.sleep(0.5)
    assert not waiting._ended.is_set()  # type: ignore[attr-defined]
    waiting.cancel()
    with pytest.raises(ClusterError, match="gave the work up"):
        waiting.result()


def test_tasks_are_counted_by_machine() -> None:
    known = {str(n): {"host": host, "nthreads": 2} for n, host in enumerate("aab")}
    assert hosts(known) == {"a": 4, "b": 2}


def test_as_many_tasks_are_handed_in_as_workers_take(monkeypatch: pytest.MonkeyPatch) -> None:
    class Told(ClusterExecutor):
        most, now, slots = 0, 0, 7

        def __init__(self) -> None:
            pass

        def submit(self, fn: Any, /, *args: Any) -> Any:
            self.now += 1
            self.most = max(self.most, self.now)
            return self

        def result(self) -> int:
            self.now -= 1
            return 0

    executor = Told()
    assert list(map_in_order(abs, range(40), jobs=2, executor=executor)) == [0] * 40
    assert executor.most == 14
