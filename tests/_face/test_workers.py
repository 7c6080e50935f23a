from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gliaboost._face.faults import Faults
from gliaboost._face.workers import check_workers, working
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT


def test_without_a_cluster_the_executor_stays_what_it_is() -> None:
    faults = Faults()
    with ThreadPoolExecutor(1) as pool:
        check_workers(faults, None, pool)
        with working(None, pool, None, SILENT) as found:
            assert found is pool
    with working(None, None, 2, SILENT) as found:
        assert found is None
    assert not faults


def test_faults_are_noted_before_any_work() -> None:
    faults = Faults()
    with ThreadPoolExecutor(1) as pool:
        check_workers(faults, "local:none", pool)
    with pytest.raises(UsageError, match="give one of them") as caught:
        faults.tell()
    assert "expected local:N" in str(caught.value)
