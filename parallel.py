"""The one seam for work side by side: bounded, answered in order, ended by the first error."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from gliaboost._compat import available_cores
from gliaboost.errors import GliaboostError
from gliaboost.progress import Progress

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Future(Protocol[R_co]):
    """What became, or will become, of a task."""

    def result(self) -> R_co:
        """Wait for the task; return what it returned, or raise what it raised."""

    def cancel(self) -> object:
        """See that the task does not begin, if it has not begun."""


class Executor(Protocol):
    """Does tasks elsewhere: in threads, processes, or on a cluster.

    Those of `concurrent.futures` are such, and dask's ``Client.get_executor()``. Beyond this
    process, a task, what it is given and what it returns must be picklable.
    """

    def submit(self, fn: Callable[..., R], /, *args: Any) -> Future[R]:
        """Hand in a task; do not wait for it."""


# Whether anybody waits still for what a task will return.
Wanted: TypeAlias = Callable[[], bool]


class MemberLostError(GliaboostError):
    """A task that talks to others of its `Team` lost one of them: theirs is the error to tell."""


class Team(Protocol):
    """Processes that do a task each at the same time, so that these can talk to each other."""

    @property
    def members(self) -> int:
        """How many there are, from 1."""

    @property
    def address(self) -> str:
        """The IP address by which they reach this process."""

    def at_once(self, fn: Callable[[T, Wanted], R], items: Sequence[T]) -> list[R]:
        """Do a task with every item, each in a process of its own; give all results, or none.

        When one fails the others are given up: the task is given what says so, and asks it now and
        then. What a `MemberLostError` says is told only where no task has another error.
        """


@runtime_checkable
class Workers(Executor, Protocol):
    """An executor that knows where its tasks run, as a cluster does.

    Attributes
    ----------
    slots : int
        How many tasks run at once.
    """

    slots: int

    def share(self, value: T) -> T:
        """Give what stands for a value in what tasks are given, so that it travels once a worker.

        It is a value nowhere but there, in tuples and in their tuples.
        """

    def hear(self, progress: Progress) -> Progress:
        """Give what a task tells, and `progress` then hears in the thread that asks for results."""

    def for_networks(self) -> Executor:
        """Give one whose tasks run one on a GPU, where workers say that they have some."""

    def team(self) -> Team | None:
        """Give the processes for what all of them do together; None where they cannot."""


def workers_of(executor: Executor) -> Workers:
    """Take any executor for one of `Workers`: tasks of another's are given values as they are."""
    return executor if isinstance(executor, Workers) else _Plain(executor)


def map_in_order(
    task: Callable[[T], R],
    items: Iterable[T],
    *,
    jobs: int | None = None,
    executor: Executor | None = None,
    window: int | None = None,
) -> Generator[R, None, None]:
    """Do a task with every item, side by side; yield the results in the items' order.

    When the consumer stops, an interrupt comes or a task fails, tasks that wait are cancelled, and
    those in threads of this call have ended. Of several failures the one of the earliest item is
    raised, whichever came first by the clock, so that a run fails alike every time.

    Parameters
    ----------
    task : callable
        Takes an item. In threads it must release the GIL to gain anything.
    items : iterable
        Taken one by one, as there is room.
    jobs : int, optional
        How many tasks run at once; default: all cores of this process. With 1, and without an
        executor, all runs in the caller's thread, each task when its result is asked for.
    executor : Executor, optional
        Does the tasks, and is left open; default: threads of this call.
    window : int, optional
        The most tasks handed in whose results are not yet taken; default: twice `jobs`, or of
        `Workers` twice their slots.

    Yields
    ------
    object
        What the task returned.

    Examples
    --------
    >>> list(map_in_order(abs, [-3, 2, -1], jobs=2))
    [3, 2, 1]
    """
    jobs = jobs or available_cores()
    if executor is None:
        if isinstance(items, Sized):
            jobs = max(1, min(jobs, len(items)))
        with threads(jobs) as own:
            yield from map_in_order(task, items, jobs=jobs, executor=own, window=window)
        return
    slots = executor.slots if isinstance(executor, Workers) else jobs
    window = window or 2 * slots
    handed_in: deque[Future[R]] = deque()
    try:
        for item in items:
            if len(handed_in) == window:
                yield handed_in[0].result()
                handed_in.popleft()
            handed_in.append(executor.submit(task, item))
        while handed_in:
            yield handed_in[0].result()
            handed_in.popleft()
    finally:
        for future in handed_in:
            future.cancel()


@contextmanager
def threads(jobs: int, initializer: Callable[[], None] | None = None) -> Iterator[Executor]:
    """Open threads of this process for several calls of `map_in_order`.

    Parameters
    ----------
    jobs : int
        Threads, from 1. One thread without an initializer is the caller's own.
    initializer : callable, optional
        Called in each thread before its first task; what it raises, that task raises.

    Yields
    ------
    Executor
        Its tasks have ended when the ``with`` ends.

    Examples
    --------
    >>> with threads(2) as executor:
    ...     for n in range(2):
    ...         print(list(map_in_order(str, [n, n + 1], executor=executor)))
    ['0', '1']
    ['1', '2']
    """
    if jobs == 1 and initializer is None:
        yield _InCaller()
        return
    with ThreadPoolExecutor(jobs) as pool:
        yield pool if initializer is None else _Initialised(pool, initializer)


class _Plain:
    """Knows nothing of where an executor's tasks run."""

    def __init__(self, executor: Executor) -> None:
        self.slots = available_cores()
        self.submit = executor.submit

    def share(self, value: T) -> T:
        return value

    def hear(self, progress: Progress) -> Progress:
        return progress

    def for_networks(self) -> Executor:
        return self

    def team(self) -> None:
        return None


class _InCaller:
    """Does a task in the thread that asks for its result, when it asks."""

    def submit(self, fn: Callable[..., R], /, *args: Any) -> Future[R]:
        return _Postponed(fn, args)


@dataclass(frozen=True)
class _Postponed(Generic[R]):
    fn: Callable[..., R]
    args: tuple[Any, ...]

    def result(self) -> R:
        return self.fn(*self.args)

    def cancel(self) -> object:
        return True


class _Initialised:
    """Prepares each thread; a pool's own way would hide what an initializer raises."""

    def __init__(self, pool: ThreadPoolExecutor, initializer: Callable[[], None]) -> None:
        self._pool, self._initializer = pool, initializer
        self._thread = threading.local()

    def submit(self, fn: Callable[..., R], /, *args: Any) -> Future[R]:
        return self._pool.submit(self._run, fn, args)

    def _run(self, fn: Callable[..., R], args: tuple[Any, ...]) -> R:
        if not hasattr(self._thread, "ready"):
            self._initializer()
            self._thread.ready = True
        return fn(*args)
