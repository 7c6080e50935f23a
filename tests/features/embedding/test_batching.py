from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from gliaboost.errors import GliaboostError
from gliaboost.features.embedding.batching import BatchSize, Together, in_batches, out_of_memory


def test_the_batch_grows_while_that_pays() -> None:
    size = BatchSize(8, 512)
    rates = {8: 10.0, 16: 18.0, 32: 30.0, 64: 30.5}
    for _ in range(9):
        size.done(size.now, size.now / rates[size.now])
    assert size.now == 32


def test_it_never_grows_beyond_the_most() -> None:
    size = BatchSize(48, 100)
    for seconds in (1.0, 0.5, 0.2):
        size.done(size.now, seconds)
    assert size.now == 100
    assert BatchSize(8, 4).now == 4


def test_parts_that_are_no_whole_batch_do_not_count() -> None:
    size = BatchSize(8, 64)
    size.done(3, 1e-9)
    assert size.now == 8


def test_once_memory_ran_out_it_never_grows_again() -> None:
    size = BatchSize(8, 64)
    size.too_many(8)
    assert (size.now, size.most) == (4, 4)
    for _ in range(3):
        size.done(4, 1.0)
    assert size.now == 4
    with pytest.raises(GliaboostError, match="memory runs out with a single image"):
        size.too_many(1)


def test_every_image_is_done_once_in_order_in_halves_if_need_be() -> None:
    tried: list[int] = []

    def work(start: int, stop: int) -> list[int]:
        tried.append(stop - start)
        if stop - start > 3:
            raise MemoryError
        return list(range(start, stop))

    parts = in_batches(11, BatchSize(16, 16), work, lambda: 0.0)
    assert [i for part in parts for i in part] == list(range(11))
    assert tried == [11, 5, 2, 2, 2, 2, 2, 1]
    assert in_batches(0, BatchSize(16, 16), work, lambda: 0.0) == []


def test_a_single_image_too_many_is_an_error() -> None:
    def full(start: int, stop: int) -> None:
        raise RuntimeError("CUDA out of memory")

    with pytest.raises(GliaboostError, match="memory runs out with a single image"):
        in_batches(9, BatchSize(8, 64), full, lambda: 0.0)
    with pytest.raises(RuntimeError, match="another fault"):
        in_batches(9, BatchSize(8, 64), lambda a, b: _raise(), lambda: 0.0)


def _raise() -> None:
    raise RuntimeError("another fault")


@pytest.mark.parametrize(
    ("error", "want"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("size mismatch"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_memory_is_told_from_other_faults(error: BaseException, want: bool) -> None:
    assert out_of_memory(error) is want


class Busy:
    """A device whose first batch takes until it is told to end; it doubles what it is given."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.begun, self.end = threading.Event(), threading.Event()

    def __call__(self, key: str, given: list[int]) -> list[int]:
        self.batches.append((key, given))
        self.begun.set()
        self.end.wait(10)
        if -1 in given:
            raise ValueError("out of order")
        return [2 * number for number in given]


def asked_while_busy(calls: list[tuple[str, int]]) -> tuple[Busy, list[Future[Any]]]:
    device = Busy()
    together = Together(device)
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = [pool.submit(together, *calls[0])]
        device.begun.wait(10)
        answers += [pool.submit(together, *call) for call in calls[1:]]
        while len(together._waiting) < len(calls) - 1:
            time.sleep(0.001)
        device.end.set()
    return device, answers


def test_who_waits_for_a_busy_device_is_served_together() -> None:
    calls = [("a", 1), ("a", 2), ("b", 3), ("a", 4), ("b", 5)]
    device, answers = asked_while_busy(calls)
    assert [each.result() for each in answers] == [2, 4, 6, 8, 10]
    assert device.batches[0] == ("a", [1])
    assert sorted((key, sorted(given)) for key, given in device.batches[1:]) == [
        ("a", [2, 4]),
        ("b", [3, 5]),
    ]


def test_an_error_reaches_all_whom_it_concerns_and_nobody_else() -> None:
    _, answers = asked_while_busy([("a", 1), ("b", 3), ("b", -1), ("a", 2)])
    assert answers[0].result() == 2
    assert answers[3].result() == 4
    for each in answers[1:3]:
        with pytest.raises(ValueError, match="out of order"):
            each.result()
