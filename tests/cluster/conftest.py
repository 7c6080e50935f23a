"""Two worker processes, started once for all tests of the room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.opened import opened


@pytest.fixture(scope="session")
def two_workers() -> Iterator[ClusterExecutor]:
    """A cluster of two processes; a test may kill one, another takes its place."""
    with opened("local:2") as workers:
        assert isinstance(workers, ClusterExecutor)
        yield workers
