"""Where a job's tasks run: in threads, on an executor that was given, or on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gliaboost._face.faults import Faults
from gliaboost.errors import UsageError
from gliaboost.progress import Progress

if TYPE_CHECKING:
    from gliaboost.parallel import Executor


def check_workers(
    faults: Faults, cluster: str | os.PathLike[str] | None, executor: Executor | None
) -> None:
    """Note what is wrong with where tasks are to run, before any work."""
    if cluster is None:
        return
    if executor is not None:
        faults.note(UsageError("a cluster and an executor were given; give one of them"))
    from gliaboost.cluster.opened import check_cluster

    with faults.noted():
        check_cluster(os.fspath(cluster))


def check_spread(
    faults: Faults, parameters: Mapping[str, Mapping[str, Any]], cluster: object
) -> None:
    """Note that a cluster's workers are to fit a model together where no cluster is asked to."""
    if cluster is None and parameters.get("xgboost", {}).get("spread"):
        from gliaboost.models.boosters.xgboost_booster import WITHOUT_TEAM

        faults.note(UsageError(WITHOUT_TEAM))


@contextmanager
def working(
    cluster: str | os.PathLike[str] | None,
    executor: Executor | None,
    jobs: int | None,
    progress: Progress,
) -> Iterator[Executor | None]:
    """Open the cluster, if one was named, for as long as the block runs.

    Yields
    ------
    Executor or None
        Its, or the one that was given.
    """
    if cluster is None:
        yield executor
        return
    from gliaboost.cluster.opened import opened

    with opened(os.fspath(cluster), jobs=jobs, progress=progress) as workers:
        yield workers
