"""How many images to give a network at once: found by trying, halved when memory runs out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from gliaboost.errors import GliaboostError

T = TypeVar("T")
# A larger batch must bring so much more to be worth its memory.
GAIN = 1.05


class BatchSize:
    """Doubles while images go through faster, and halves for good when memory runs out.

    No image is spent on the search: real batches are timed. Several threads may share one.

    Parameters
    ----------
    first : int
        Where to begin.
    most : int
        Never more.

    Examples
    --------
    >>> size = BatchSize(first=8, most=64)
    >>> size.done(8, seconds=1.0)
    >>> size.now
    16
    >>> size.done(16, seconds=1.99)  # hardly more a second: 16 is no gain, so 8
    >>> size.now
    8
    """

    def __init__(self, first: int, most: int) -> None:
        self.now = min(first, most)
        self.most = most
        self._best = 0.0
        self._searching = first < most
        self._lock = threading.Lock()

    def done(self, images: int, seconds: float) -> None:
        """Tell how long a batch took; only whole ones count."""
        with self._lock:
            if not self._searching or images != self.now:
                return
            rate = images / max(seconds, 1e-9)
            if rate < GAIN * self._best:
                self.now = max(1, self.now // 2)
                self._searching = False
                return
            self._best = rate
            self._searching = self.now < self.most
            self.now = min(2 * self.now, self.most)

    def too_many(self, images: int) -> None:
        """Tell that memory ran out.

        Raises
        ------
        GliaboostError
            If a single image was too many.
        """
        with self._lock:
            if images <= 1:
                raise GliaboostError(
                    "memory runs out with a single image; use a smaller backbone, or --device cpu"
                )
            self.most = max(1, images // 2)
            self.now = min(self.now, self.most)
            self._searching = False


def out_of_memory(error: BaseException) -> bool:
    """Whether torch raised this because memory, of the GPU or the machine, ran out."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and any(said in text for said in ("out of memory", "can't allocate memory"))
    )


def in_batches(
    count: int, size: BatchSize, work: Callable[[int, int], T], clock: Callable[[], float]
) -> list[T]:
    """Call ``work(start, stop)`` on parts of ``range(count)``, smaller ones if memory runs out.

    Parameters
    ----------
    count : int
        Images.
    size : BatchSize
        Asked before, and told after, each part.
    work : callable
        Must have finished, not only queued, its work when it returns.
    clock : callable
        Seconds.

    Returns
    -------
    list
        What `work` returned, in order.
    """
    results: list[T] = []
    start = 0
    while start < count:
        stop = min(count, start + size.now)
        begun = clock()
        try:
            results.append(work(start, stop))
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            size.too_many(stop - start)
            continue
        size.done(stop - start, clock() - begun)
        start = stop
    return results
