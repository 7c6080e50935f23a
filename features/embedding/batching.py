"""How many images to give a network at once: found by trying, halved when memory runs out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from gliaboost.errors import GliaboostError

T = TypeVar("T")
# A larger batch must bring so much more to be worth its memory.
GAIN = 1.05
SINGLE = "memory runs out with a single image; use a smaller backbone, or --device cpu"


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
                raise GliaboostError(SINGLE)
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


class _Call:
    """A call that waits: with which others it can be done, what is given, and what came of it."""

    def __init__(self, key: Hashable, given: Any) -> None:
        self.key = key
        self.given = given
        self.done = False
        self.answer: Any = None
        self.error: BaseException | None = None


class Together(Generic[T]):
    """Calls of several threads, all that wait done as one by the thread whose turn it is.

    A device does one batch after the other. Threads that each bring a few images would have it
    begin anew for each; while it is busy others come to wait, so the busier it is, the more it is
    given at once. No call waits for another to come. Held is what the waiting threads hold.

    Parameters
    ----------
    work : callable
        Given a key and what all calls with that key gave; returns an answer for each, in order.

    Examples
    --------
    >>> upper = Together(lambda key, given: [text.upper() for text in given])
    >>> upper("any", "one")
    'ONE'
    """

    def __init__(self, work: Callable[[Any, list[Any]], Sequence[T]]) -> None:
        self.work = work
        self._waiting: list[_Call] = []
        self._adding = threading.Lock()
        self._turn = threading.RLock()

    def __call__(self, key: Hashable, given: Any) -> T:
        """Return the answer to what is given; raises what `work` raised for it."""
        asked = _Call(key, given)
        with self._adding:
            self._waiting.append(asked)
        with self._turn:
            if not asked.done:
                self._do(key)
        if asked.error is not None:
            raise asked.error
        answer: T = asked.answer
        return answer

    def _do(self, key: Hashable) -> None:
        with self._adding:
            now = [each for each in self._waiting if each.key == key]
            self._waiting = [each for each in self._waiting if each.key != key]
        try:
            answers = self.work(key, [each.given for each in now])
            for each, answer in zip(now, answers, strict=True):
                each.answer = answer
        except BaseException as error:
            for each in now:
                each.error = error
        finally:
            for each in now:
                each.done = True
