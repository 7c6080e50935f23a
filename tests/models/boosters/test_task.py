from __future__ import annotations

from gliaboost.models.boosters.task import Boosted


def test_columns_are_read_from_the_host_unless_told_otherwise() -> None:
    assert Boosted(b"", 3, "cpu").memory == "host"
    assert tuple(Boosted(b"x", 3, "cuda", "device")) == (b"x", 3, "cuda", "device")
