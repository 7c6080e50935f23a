"""Tasks that a cluster's workers do at the same time, one each: all of them end well, or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from functools import cached_property
from typing import Any, TypeVar, cast

from distributed import Client, Future, get_worker
from distributed.comm.addressing import get_address_host_port
from distributed.scheduler import KilledWorker
from distributed.utils import get_ip

from gliaboost.cluster.crew import present
from gliaboost.cluster.relay import Relay
from gliaboost.errors import ClusterError
from gliaboost.parallel import MemberLostError, Wanted

T = TypeVar("T")
R = TypeVar("R")

# Seconds between two looks at the tasks, and at the workers; and for which, once a task has failed,
# the others are heard: the first to fail is often one that lost the one to blame.
_LOOK, _ASKED, _HEARD = 0.1, 5.0, 3.0


class ClusterTeam:
    """The worker processes that there are, for what they do together.

    Parameters
    ----------
    client : distributed.Client
        Connected; stays open.
    place : str
        Where, for errors.
    relay : Relay
        Passes on what tasks tell.
    """

    def __init__(self, client: Client, place: str, relay: Relay) -> None:
        self._client, self._place, self._relay = client, place, relay

    @property
    def members(self) -> int:
        """How many there are, when it is asked first."""
        return len(self._workers)

    @cached_property
    def address(self) -> str:
        """The address of this process on the way to the scheduler."""
        scheduler = self._client.scheduler
        if scheduler is None:
            raise self._without_scheduler()
        host, port = get_address_host_port(str(scheduler.address))
        return str(get_ip(host, port))

    @cached_property
    def _workers(self) -> list[str]:
        try:
            # By their hosts, so that neighbours in the order are neighbours.
            found = sorted(present(self._client))
        except OSError as error:
            raise self._without_scheduler() from error
        if not found:
            raise ClusterError(f"no worker is left at {self._place}; start some")
        return found

    def at_once(self, fn: Callable[[T, Wanted], R], items: Sequence[T]) -> list[R]:
        """Do a task with every item, each on a worker of its own.

        Raises
        ------
        ClusterError
            If there are fewer workers than items, or one of them is lost.
        """
        if len(items) > self.members:
            raise ClusterError(
                f"{len(items)} tasks are done together at {self._place}, which has "
                f"{self.members} worker(s); start more"
            )
        chosen = self._workers[: len(items)]
        futures: list[Future[Any]] = []
        try:
            for worker, item in zip(chosen, items, strict=True):
                # Straight to the worker, where it can be reached: rows may be many.
                given = self._client.scatter(item, workers=[worker], hash=False)
                futures.append(
                    self._client.submit(
                        _done, fn, given, workers=[worker], allow_other_workers=False, pure=False
                    )
                )
            self._wait(futures, set(chosen))
            return cast(list[R], self._client.gather(futures))
        finally:
            self._client.cancel(futures, force=True)
            self._relay.pass_on()

    def _wait(self, futures: Sequence[Future[Any]], chosen: set[str]) -> None:
        """Wait until all have ended well; else raise the error that says most."""
        asked, failed, gone = time.monotonic(), None, set[str]()
        while True:
            ended = [f for f in futures if f.done() and f.status != "finished"]
            now = time.monotonic()
            if ended:
                failed = failed or now
                errors = [_error(future) for future in ended]
                told = [e for e in errors if not isinstance(e, _LOST)]
                if told:
                    raise told[0]
                if len(ended) == len(futures) and all(f.cancelled() for f in futures):
                    raise self._without_scheduler()
                if len(ended) == len(futures) or now - failed >= _HEARD:
                    raise self._lost(errors)
            elif all(f.done() for f in futures):
                return
            if now - asked >= _ASKED:
                asked = now
                before, gone = gone, self._absent(chosen)
                # Twice: a worker may be late to answer.
                if before & gone:
                    raise self._lost([])
            self._relay.pass_on()
            time.sleep(_LOOK)

    def _absent(self, chosen: set[str]) -> set[str]:
        try:
            return chosen - set(present(self._client))
        except OSError:
            return set()  # of a scheduler that is gone its tasks tell

    def _lost(self, errors: Sequence[BaseException]) -> ClusterError:
        said = [str(e) for e in errors if isinstance(e, MemberLostError)]
        heard = f" ({said[0]})" if said else ""
        return ClusterError(
            f"a worker of {self._place} was lost while all of them did one task together{heard}; "
            "such a task cannot go on without it: see to its memory and its logs, then give the "
            "same command again"
        )

    def _without_scheduler(self) -> ClusterError:
        return ClusterError(
            f"the scheduler at {self._place} is gone; start it again, then give the same command "
            "again"
        )


# What is raised where another task is to blame, or a worker.
_LOST = (MemberLostError, KilledWorker, CancelledError)


def _error(future: Future[Any]) -> BaseException:
    try:
        error = future.exception()
    except CancelledError as cancelled:
        return cancelled
    return cast(BaseException, error or CancelledError())


def _done(fn: Callable[[T, Wanted], R], item: T) -> R:
    """Do a task on a worker, and let it ask whether it is wanted still."""
    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return fn(item, wanted)
