from __future__ import annotations

import pickle
import warnings
from pathlib import Path

import pytest

from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.warned import packed
from gliaboost.errors import DamagedWarning

pytestmark = pytest.mark.xdist_group("cluster")


def test_what_a_worker_warns_of_is_warned_of_here(two_workers: ClusterExecutor) -> None:
    text = "__import__('warnings').warn('a part is odd', RuntimeWarning) or 3"
    with pytest.warns(RuntimeWarning, match="a part is odd"):
        assert two_workers.submit(eval, text).result() == 3
        two_workers.submit(eval, "__import__('time').sleep(0.5)").result()


def test_a_warning_of_ours_stays_what_it_is() -> None:
    found = pickle.loads(packed(DamagedWarning(Path("a"), "odd", None, "computed again")))
    assert type(found) is DamagedWarning and "odd" in str(found)


def test_one_that_cannot_travel_goes_as_its_text() -> None:
    class Own(UserWarning):
        pass

    found = pickle.loads(packed(Own("said")))
    assert type(found) is UserWarning and str(found) == "said"
    assert pickle.loads(packed("a text")) == "a text"


def test_a_worker_shows_its_own_warnings_again_afterwards(two_workers: ClusterExecutor) -> None:
    shown = "__import__('warnings').showwarning.__qualname__"
    assert set(two_workers.client.run(eval, shown).values()) == {"ToldWarnings._show"}
    assert warnings.showwarning.__qualname__ != "ToldWarnings._show"
