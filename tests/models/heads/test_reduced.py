from __future__ import annotations

from gliaboost.models.heads.reduced import PENALTY, penalties


def test_a_given_penalty_is_the_only_one() -> None:
    assert penalties(0.5, (1.0, 2.0)) == [{"C": 0.5}]
    assert [s["C"] for s in penalties(None, (1.0, 2.0))] == [1.0, 2.0]


def test_penalties_are_above_zero() -> None:
    _, legal = PENALTY["C"]
    assert legal(None)
    assert legal(1e-9)
    assert not any(legal(c) for c in (0, -1, float("inf"), True))
