from __future__ import annotations

from pathlib import Path

from gliaboost.reports.protocol.call_record import CallRecord


def call(folder: str) -> CallRecord:
    return CallRecord(
        data="d", folder=folder, models=(), settings={}, folds="5", only=(), modality="both",
        device="cpu",
    )  # fmt: skip


def test_a_name_is_looked_for_as_it_lay_then_and_as_seen_from_here() -> None:
    run = Path("runs/a")
    assert call("../..").places("d/m.csv", run) == [Path("runs/a/../../d/m.csv"), Path("d/m.csv")]
    assert call("").places("d/m.csv", run) == [Path("d/m.csv")]
    assert call("../..").places("/d", run)[0] == Path("/d")
