from __future__ import annotations

import threading
import time

import pytest

from gliaboost.web import turns as turns_module
from gliaboost.web.turns import Turns


def waits(turns: Turns, door: str, said: list[str]) -> threading.Thread:
    """Start a thread that takes a turn by one of the doors; return once it waits."""

    def ask() -> None:
        with getattr(turns, door)():
            said.append(door)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    time.sleep(0.1)
    return thread


def test_one_at_a_time_and_answers_first() -> None:
    turns, said = Turns(), list[str]()
    with turns.rest():
        asked = [waits(turns, door, said) for door in ("rest", "answer", "rest", "answer")]
        assert turns.taken and said == []
    for thread in asked:
        thread.join(10)
    assert said == ["answer", "answer", "rest", "rest"] and not turns.taken


def test_the_rest_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "PATIENCE", 0.05)
    turns, said = Turns(), list[str]()
    with turns.answer():
        rest = waits(turns, "rest", said)
        time.sleep(0.1)
        turns._waiting += 1  # answers go on being asked for
    rest.join(10)
    assert said == ["rest"]


@pytest.mark.parametrize("door", ["answer", "rest"])
def test_a_turn_ends_where_it_fails(door: str) -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"), getattr(turns, door)():
        raise ValueError("no")
    assert not turns.taken
    with turns.rest():
        assert turns.taken
