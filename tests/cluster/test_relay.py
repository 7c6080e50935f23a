from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest

from gliaboost.cluster.executor import ClusterExecutor
from gliaboost.cluster.relay import Relayed

pytestmark = pytest.mark.xdist_group("cluster")
SAYING = (
    "[t.line('half of it'), t.step('fitting', 1, 2), __import__('time').sleep(0.5)]"
    " for t in [__import__('pickle').loads({!r})]"
)


def test_what_a_task_tells_is_heard_by_who_waits_for_it(
    two_workers: ClusterExecutor, heard: Any
) -> None:
    threads: list[threading.Thread] = []
    line = heard.line

    def noted(text: str) -> None:
        threads.append(threading.current_thread())
        line(text)

    heard.line = noted
    told = two_workers.hear(heard)
    two_workers.submit(eval, f"[{SAYING.format(pickle.dumps(told))}]").result()
    assert heard.lines == ["half of it"] and heard.steps == [("fitting", 1, 2)]
    assert threads == [threading.current_thread()]


def test_listeners_are_told_apart(two_workers: ClusterExecutor, heard: Any) -> None:
    other = two_workers.hear(type(heard)())
    assert isinstance(other, Relayed)
    two_workers.hear(heard)
    two_workers.submit(eval, f"[{SAYING.format(pickle.dumps(other))}]").result()
    assert not heard.lines
