from __future__ import annotations

from typing import Any

import pytest

from gliaboost.cluster import crew
from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.opened import opened
from gliaboost.errors import ClusterError

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.mark.integration
def test_a_cluster_without_workers_is_told_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    monkeypatch.setattr(crew, "_ASKED", 0.3)
    monkeypatch.setattr(crew, "ALONE", 2.0)
    with opened("local:1", progress=heard) as workers:
        assert isinstance(workers, ClusterExecutor)
        assert workers.client.cluster is not None
        waiting = workers.submit(eval, "__import__('time').sleep(600)")
        workers.client.cluster.scale(0)
        with pytest.raises(
            ClusterError, match=r"no worker has been left at local:1 for 2 s; start"
        ):
            waiting.result()
        assert "no worker is left at local:1" in heard.lines[-1]
