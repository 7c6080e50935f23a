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


def test_an_error_in_a_thread_is_raised() -> None:
    def work(part: slice) -> None:
        raise ValueError("spoilt")

    with pytest.raises(ValueError, match="spoilt"):
        over_images(work, 10, jobs=2)
