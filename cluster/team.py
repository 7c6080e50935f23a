"""Tasks that a cluster's workers do at the same time, one each: all of them end well, or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any, TypeVar, cast

from distributed import Client, Future
from distributed.comm.addressing import get_address_host_port
from distributed.scheduler import KilledWorker
from distributed.utils import get_ip

from gliaboost.cluster.relay import Relay
from gliaboost.errors import ClusterError
from gliaboost.parallel import MemberLostError

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

    Attributes
    ----------
    members : int
    address : str
        As in `gliaboost.parallel.Team`.
    """

    def __init__(self, client: Client, place: str, relay: Relay) -> None:
        self._client, self._place, self._relay = client, place, relay
        # By their hosts, so that neighbours in the order are neighbours.
        self._workers = sorted(self._present())
        self.members = len(self._workers)
        host, port = get_address_host_port(str(client.scheduler_info(n_workers=0)["address"]))
        self.address = str(get_ip(host, port))

    def at_once(self, fn: Callable[[T], R], items: Sequence[T]) -> list[R]:
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
        futures = [
            self._client.submit(
                fn, item, workers=[worker], allow_other_workers=False, pure=False, retries=0
            )
            for worker, item in zip(chosen, items, strict=True)
        ]
        try:
            self._wait(futures, chosen)
            return cast(list[R], self._client.gather(futures))
        finally:
            self._relay.pass_on()
            self._client.cancel(futures, force=True)

    def _wait(self, futures: Sequence[Future[Any]], chosen: Sequence[str]) -> None:
        """Wait until all have ended well; else raise the error that says most."""
        asked, failed = time.monotonic(), None
        while True:
            errors = [f for f in futures if f.done() and f.status != "finished"]
            now = time.monotonic()
            if errors:
                failed = failed or now
                told = [e for f in errors if (e := _error(f)) is not None]
                if told:
                    raise told[0]
                if len(errors) == len(futures) or now - failed >= _HEARD:
                    raise self._lost()
            elif all(f.done() for f in futures):
                return
            if now - asked >= _ASKED:
                asked = now
                if set(chosen) - self._present():
                    raise self._lost()
            self._relay.pass_on()
            time.sleep(_LOOK)

    def _present(self) -> set[str]:
        try:
            return set(self._client.scheduler_info(n_workers=-1)["workers"])
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                f"the scheduler at {self._place} is gone; start it again, then the same command"
            ) from error

    def _lost(self) -> ClusterError:
        return ClusterError(
            f"a worker of {self._place} was lost while all of them did one task together, likely "
            "for want of memory; such a task cannot go on without it: see to its memory or its "
            "logs, then give the same command again"
        )


def _error(future: Future[Any]) -> BaseException | None:
    """Give what a task itself raised; None where it only lost another, or was lost."""
    try:
        error = future.exception()
    except CancelledError:
        return None
    if isinstance(error, MemberLostError | KilledWorker | CancelledError):
        return None
    return cast("BaseException | None", error)
