from __future__ import annotations

import threading

import pytest

from gliaboost.features.kernels.cpu.parallel import over_images


@pytest.mark.parametrize("jobs", [1, 2, 5, 100])
@pytest.mark.parametrize("count", [0, 1, 7, 64])
def test_every_image_is_done_once(count: int, jobs: int) -> None:
    lock = threading.Lock()
    done: list[int] = []

    def work(part: slice) -> None:
        with lock:
            done.extend(range(part.start, part.stop))

    over_images(work, count, jobs)
    assert sorted(done) == list(range(count))


@pytest.mark.parametrize("count", [1, 2, 9])
def test_without_threads_the_caller_does_all_at_once(count: int) -> None:
    seen: list[tuple[slice, int]] = []

    def work(part: slice) -> None:
        seen.append((part, threading.get_ident()))

    over_images(work, count)
    over_images(work, count, jobs=1)
    assert seen == [(slice(0, count), threading.get_ident())] * 2


@pytest.mark.parametrize(("count", "jobs"), [(2, 2), (3, 3), (5, 2), (64, 3), (1000, 2)])
def test_threads_share_the_images(count: int, jobs: int) -> None:
    # Each thread's first slice waits for the other threads: they work at once, or this breaks.
    barrier, mine = threading.Barrier(jobs), threading.local()
    parts: list[slice] = []

    def work(part: slice) -> None:
        parts.append(part)
        if not hasattr(mine, "begun"):
            mine.begun = True
            barrier.wait(timeout=10)

    over_images(work, count, jobs)
    # Several slices a thread while there are images, but not one for each of many: it has its cost.
    assert min(count, 2 * jobs) <= len(parts) <= 8 * jobs


def test_an_error_in_a_thread_is_raised() -> None:
    def work(part: slice) -> None:
        raise ValueError("spoilt")

    with pytest.raises(ValueError, match="spoilt"):
        over_images(work, 10, jobs=2)
