from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.parallel import Workers, map_in_order, threads, workers_of
from gliaboost.progress import SILENT


class ByHand:
    """An executor that does a task only when its result is asked for, and remembers all."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        future = _Asked(fn, args)
        self.futures.append(future)
        waiting = sum(not f.done() for f in self.futures)
        self.most = max(self.most, waiting)
        return future

    @property
    def cancelled(self) -> list[bool]:
        return [f.cancelled() for f in self.futures]


class _Asked(Future[Any]):
    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        super().__init__()
        self.task = fn, args

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            fn, args = self.task
            try:
                self.set_result(fn(*args))
            except BaseException as error:
                self.set_exception(error)
        return super().result(timeout)


def slowly(item: tuple[int, float]) -> int:
    time.sleep(item[1])
    return item[0]


@given(
    pauses=st.lists(st.sampled_from([0.0, 0.001, 0.003]), max_size=12),
    jobs=st.integers(1, 5),
    window=st.none() | st.integers(1, 7),
    sized=st.booleans(),
)
def test_results_come_in_the_items_order(
    pauses: list[float], jobs: int, window: int | None, sized: bool
) -> None:
    items = list(enumerate(pauses))
    given_ = items if sized else iter(items)
    assert list(map_in_order(slowly, given_, jobs=jobs, window=window)) == list(range(len(items)))


@given(count=st.integers(0, 20), jobs=st.integers(1, 5), window=st.none() | st.integers(1, 9))
def test_no_more_is_handed_in_than_the_window(count: int, jobs: int, window: int | None) -> None:
    executor, taken = ByHand(), 0

    def items() -> Iterator[int]:
        nonlocal taken
        for i in range(count):
            taken += 1
            yield i

    most = window or 2 * jobs
    for done, result in enumerate(
        map_in_order(str, items(), jobs=jobs, executor=executor, window=window)
    ):
        assert result == str(done)
        assert len(executor.futures) <= done + most
        assert taken <= done + most + 1
    assert executor.most == min(count, most)


@given(count=st.integers(1, 30), jobs=st.integers(2, 5))
def test_no_more_run_at_once_than_jobs(count: int, jobs: int) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def task(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.0005)
        with lock:
            running -= 1

    list(map_in_order(task, range(count), jobs=jobs))
    assert most <= jobs


@given(failing=st.sets(st.integers(0, 11), min_size=1), jobs=st.integers(1, 4))
def test_the_earliest_items_error_wins(failing: set[int], jobs: int) -> None:
    def task(i: int) -> int:
        if i in failing:
            raise ValueError(str(i))
        time.sleep(0.001)  # later failures come first by the clock
        return i

    got = []
    with pytest.raises(ValueError, match=rf"^{min(failing)}$"):
        for result in map_in_order(task, range(12), jobs=jobs):
            got.append(result)
    assert got == list(range(min(failing)))


@given(stop=st.integers(0, 9), jobs=st.integers(1, 4), way=st.sampled_from(["close", "fail"]))
def test_what_waits_is_cancelled(stop: int, jobs: int, way: str) -> None:
    executor = ByHand()

    def task(i: int) -> int:
        if way == "fail" and i == stop:
            raise KeyboardInterrupt
        return i

    results = map_in_order(task, range(10), jobs=jobs, executor=executor)
    for _ in range(stop):
        next(results)
    if way == "fail":
        with pytest.raises(KeyboardInterrupt):
            next(results)
    else:
        next(results)
        results.close()
    done = stop + 1
    assert executor.cancelled == [False] * done + [True] * (len(executor.futures) - done)
    assert len(executor.futures) == min(10, stop + 2 * jobs)


def test_threads_do_not_begin_what_is_cancelled() -> None:
    begun: list[int] = []
    gate = threading.Event()

    def task(i: int) -> int:
        begun.append(i)
        if i:
            gate.wait(10)
        return i

    with threads(2) as executor:
        results = map_in_order(task, range(100), executor=executor, window=20)
        assert next(results) == 0
        results.close()
        gate.set()
    assert len(begun) <= 3


def test_own_threads_have_ended_when_the_consumer_stops() -> None:
    ended: list[int] = []

    def task(i: int) -> int:
        time.sleep(0.01)
        ended.append(i)
        return i

    results = map_in_order(task, range(100), jobs=2)
    next(results)
    results.close()
    count = len(ended)
    time.sleep(0.05)
    assert len(ended) == count < 6


def test_an_interrupt_of_the_one_who_waits_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = ByHand()

    def interrupted(self: Any, timeout: float | None = None) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(_Asked, "result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(map_in_order(abs, range(9), jobs=2, executor=executor))
    assert executor.cancelled == [True] * 4


def test_an_error_of_the_items_cancels() -> None:
    executor = ByHand()

    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(map_in_order(abs, items(), executor=executor))
    assert executor.cancelled == [True, True]


def test_one_job_runs_in_the_callers_thread_when_asked() -> None:
    seen: list[int] = []

    def task(i: int) -> int:
        seen.append(i)
        return threading.get_ident()

    results = map_in_order(task, range(9), jobs=1)
    assert next(results) == threading.get_ident()
    assert seen == [0]
    assert set(results) == {threading.get_ident()}
    assert next(map_in_order(task, [5], jobs=4)) == threading.get_ident()


def test_maps_inside_maps_do_not_lock() -> None:
    def outer(i: int) -> int:
        return sum(map_in_order(lambda j: i * j, range(8), jobs=2))

    assert list(map_in_order(outer, range(8), jobs=2)) == [28 * i for i in range(8)]


def test_an_executor_of_the_library_is_one_and_stays_open() -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            assert list(map_in_order(abs, [-1, -2, -3], jobs=2, executor=pool)) == [1, 2, 3]


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_thread_is_initialised_once_before_its_tasks(jobs: int) -> None:
    prepared: list[int] = []
    with threads(jobs, lambda: prepared.append(threading.get_ident())) as executor:
        for _ in range(3):
            used = set(map_in_order(lambda _: threading.get_ident(), range(9), executor=executor))
            assert used <= set(prepared)
    assert len(prepared) == len(set(prepared)) <= jobs
    assert threading.get_ident() not in prepared


def test_an_initializers_error_is_the_tasks() -> None:
    def initializer() -> None:
        raise OSError("no such library")

    with threads(2, initializer) as executor, pytest.raises(OSError, match="no such library"):
        list(map_in_order(abs, range(9), executor=executor))


def test_tasks_have_ended_when_the_threads_are_closed() -> None:
    ended: list[int] = []

    def task(i: int) -> None:
        time.sleep(0.01)
        ended.append(i)

    with threads(2) as executor:
        executor.submit(task, 1)
        executor.submit(task, 2)
    assert sorted(ended) == [1, 2]


def test_any_executor_is_taken_for_workers_that_know_nothing_of_places() -> None:
    with ThreadPoolExecutor(1) as pool:
        workers = workers_of(pool)
        assert isinstance(workers, Workers) and not isinstance(pool, Workers)
        assert workers_of(workers) is workers
        value = object()
        assert workers.share(value) is value and workers.hear(SILENT) is SILENT
        assert workers.for_networks().submit(abs, -3).result() == 3 and workers.slots >= 1
        assert workers.team() is None
