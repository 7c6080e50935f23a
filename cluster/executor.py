"""Tasks on dask's workers, behind the same seam as threads."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from typing import Any, Generic, TypeVar, cast

from distributed import Client
from distributed import Future as DaskFuture
from distributed.scheduler import KilledWorker

from gliaboost.cluster.crew import Crew
from gliaboost.cluster.relay import Relay
from gliaboost.cluster.team import ClusterTeam
from gliaboost.errors import ClusterError
from gliaboost.parallel import Executor, Future
from gliaboost.progress import SILENT, Progress

T = TypeVar("T")
R = TypeVar("R")

# Seconds after which what tasks told is passed on.
_HEARD = 0.2


class ClusterExecutor:
    """Hands tasks to a cluster's workers; each is done again elsewhere if its worker dies.

    Parameters
    ----------
    client : distributed.Client
        Connected; stays open.
    address : str
        Where, for errors.
    slots : int
        How many tasks run at once.
    gpus : int
        How many GPUs the workers announce, as the resource ``GPU``.
    progress : Progress, optional
        Hears when no worker is left.
    """

    def __init__(
        self,
        client: Client,
        address: str,
        slots: int,
        gpus: int = 0,
        progress: Progress = SILENT,
    ) -> None:
        self.client, self.address, self.slots, self.gpus = client, address, slots, gpus
        self.relay, self.crew = Relay(client), Crew(client, address, progress)
        self._resources: dict[str, int] | None = None

    def submit(self, fn: Callable[..., R], /, *args: Any) -> Future[R]:
        """Hand in a task; do not wait for it."""
        future = self.client.submit(fn, *args, pure=False, resources=self._resources)
        return ClusterFuture(future, self.relay, self.crew, self.address, self._resources)

    def share(self, value: T) -> T:
        """Let a value travel once a worker; it is made again where the worker that had it dies."""
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        return cast(T, self.client.submit(pickle.loads, data))

    def hear(self, progress: Progress) -> Progress:
        """Give what a task tells, for `progress` to hear while results are waited for."""
        return self.relay.of(progress)

    def for_networks(self) -> Executor:
        """Give one that runs one task on a GPU, where workers announce some; else itself."""
        if not self.gpus:
            return self
        other = ClusterExecutor(self.client, self.address, self.slots, self.gpus)
        other.relay, other.crew, other._resources = self.relay, self.crew, {"GPU": 1}
        return other

    def team(self) -> ClusterTeam:
        """Give the workers that there are now, for what all of them do together."""
        return ClusterTeam(self.client, self.address, self.relay)


class ClusterFuture(Generic[R]):
    """What became, or will become, of a task on a cluster."""

    def __init__(
        self,
        future: DaskFuture[Any],
        relay: Relay,
        crew: Crew,
        address: str,
        resources: Mapping[str, int] | None,
    ) -> None:
        self._future, self._relay, self._crew, self._address = future, relay, crew, address
        self._resources = resources
        self._ended = threading.Event()
        future.add_done_callback(self._end)

    def _end(self, _: DaskFuture[Any]) -> None:
        self._ended.set()

    def result(self) -> R:
        """Wait for the task, passing on what tasks tell; return or raise what it did.

        Raises
        ------
        ClusterError
            If its workers died again and again, none is left, or the scheduler is gone.
        """
        while not self._ended.wait(_HEARD):
            self._relay.pass_on()
            self._crew.look(self._resources)
        self._relay.pass_on()
        try:
            return cast(R, self._future.result())
        except KilledWorker as error:
            raise ClusterError(
                f"{error.allowed_failures + 1} workers of {self._address} died at the same part of "
                "the work, likely for want of memory: give each more of it (fewer workers a "
                "machine), or look into their logs; the same command then goes on"
            ) from error
        except CancelledError as error:
            raise ClusterError(
                f"the scheduler at {self._address} is gone, or gave the work up; start it again, "
                "the same command then goes on from what is done"
            ) from error

    def cancel(self) -> object:
        """See that the task does not begin, if it has not begun."""
        return self._future.cancel()


def hosts(workers: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Count the tasks that a host's workers do at once, from what the scheduler says of them.

    Examples
    --------
    >>> hosts({"tcp://a:1": {"host": "a", "nthreads": 2}})
    {'a': 2}
    """
    found: dict[str, int] = {}
    for worker in workers.values():
        found[worker["host"]] = found.get(worker["host"], 0) + int(worker["nthreads"])
    return found
