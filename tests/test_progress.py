from __future__ import annotations

from typing import Any

from gliaboost.progress import SILENT, Prefixed, Substage


def test_a_substage_counts_in_the_larger_one(heard: Any) -> None:
    part = Substage(heard, "auditing", before=10, total=12)
    part.step("reading", 1, 2)
    part.line("odd file")
    assert heard.steps == [("auditing", 11, 12)]
    assert heard.lines == ["odd file"]


def test_a_substage_without_a_total_takes_the_smaller_jobs(heard: Any) -> None:
    Substage(heard, "comparing").step("reading", 1, None)
    Substage(heard, "comparing").step("reading", 2, 5)
    assert heard.steps == [("comparing", 1, None), ("comparing", 2, 5)]


def test_lines_say_what_they_are_about(heard: Any) -> None:
    prefixed = Prefixed(Prefixed(heard, "lightgbm, "), "fold 2, ")
    prefixed.line("trial 1 of 3")
    prefixed.step("reading", 1, 2)
    assert heard.lines == ["lightgbm, fold 2, trial 1 of 3"]
    assert heard.steps == [("reading", 1, 2)]


def test_silent_takes_all(capsys: Any) -> None:
    SILENT.step("reading", 1, None)
    SILENT.line("word")
    assert capsys.readouterr() == ("", "")
