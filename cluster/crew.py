"""Whether a cluster has workers still: without any a task waits, and nothing says that it does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

from distributed import Client

from gliaboost.errors import ClusterError
from gliaboost.progress import Progress

# Seconds after which it is asked again; and without any worker, after which nobody waits for one.
_ASKED, ALONE = 5.0, 60.0
# Seconds in which a scheduler answers.
_ANSWER = 10.0


def present(client: Client) -> dict[str, dict[str, Any]]:
    """Ask the scheduler for its workers, by their addresses.

    Not by ``Client.scheduler_info``: what that gives is what the client heard last, and it hears
    every two seconds of a scheduler's state without its workers.

    Raises
    ------
    OSError
        If the scheduler does not answer, in ten seconds.
    """
    if client.scheduler is None:
        raise OSError("the client is closed")
    found: dict[str, Any] = client.sync(
        client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER
    )
    return cast("dict[str, dict[str, Any]]", found["workers"])


class Crew:
    """Whether there are workers still: without any a task waits, and nothing says that it does.

    Parameters
    ----------
    client : distributed.Client
        Whose scheduler is asked.
    address : str
        Where, for errors.
    progress : Progress
        Hears when none is left, and when one has come.
    """

    def __init__(self, client: Client, address: str, progress: Progress) -> None:
        self._client, self._address, self._progress = client, address, progress
        self._asked = time.monotonic()
        self._alone: float | None = None

    def look(self, resources: Mapping[str, int] | None) -> None:
        """Ask now and then.

        Parameters
        ----------
        resources : mapping of str to int, optional
            What a worker has to have for the task that is waited for.

        Raises
        ------
        ClusterError
            If there has been no worker for `ALONE` seconds.
        """
        now = time.monotonic()
        if now - self._asked < _ASKED:
            return
        self._asked = now
        try:
            found = present(self._client)
        except OSError:
            return  # of a scheduler that is gone its tasks tell
        there = any(_has(worker, resources or {}) for worker in found.values())
        if there and self._alone is not None:
            self._progress.line("cluster: a worker is there again")
        elif not there and self._alone is None:
            self._progress.line(
                f"cluster: no worker is left at {self._address}; one is waited for, {ALONE:.0f} s"
            )
        self._alone = None if there else now if self._alone is None else self._alone
        if self._alone is not None and now - self._alone >= ALONE:
            self._alone = None
            raise ClusterError(
                f"no worker has been left at {self._address} for {ALONE:.0f} s; start some, the "
                "same command then goes on from what is done"
            )


def _has(worker: Mapping[str, Any], resources: Mapping[str, int]) -> bool:
    own = worker.get("resources", {})
    return all(own.get(name, 0) >= count for name, count in resources.items())
