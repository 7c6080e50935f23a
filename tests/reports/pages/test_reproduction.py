from __future__ import annotations

from pathlib import Path

from gliaboost.reports.pages.reproduction import MOST, reproduction_text
from gliaboost.reports.protocol.reproduction import Moved, Reproduction


def found(moved: list[Moved], **more: list[str]) -> str:
    return reproduction_text(Reproduction(Path("a"), Path("b"), 900, moved, **more))


def test_what_moved_is_a_table_with_digits_that_tell_it() -> None:
    text = found(
        [
            Moved("svm", "accuracy.pooled", 0.5, 0.5000000001),
            Moved("", "dealt.true", 0.25, None),
            Moved("svm", "there", True, None),
        ],
        unchecked=["the bytes of masks"],
    ).splitlines()
    assert text[0].split() == ["experiment", "measure", "then", "now"]
    assert text[1].split() == ["svm", "accuracy.pooled", "0.5", "0.5000000001"]
    assert text[2].split() == ["the", "run", "dealt.true", "0.25", "-"]
    assert text[4:] == [
        "3 of 900 numbers moved; times and memory are not compared",
        "versions, machine and threads are as they were: nothing that is noted explains it",
        "not checked: the bytes of masks",
    ]


def test_many_rows_are_counted() -> None:
    text = found([Moved("svm", f"row {n}", n, n + 1) for n in range(MOST + 5)], causes=["a", "b"])
    assert "and 5 more, in reproduction.json" in text
    assert f"row {MOST}" not in text and text.endswith("may have moved them: a; b")


def test_nothing_moved_is_one_line_and_what_differs_all_the_same() -> None:
    assert found([]).startswith("nothing moved: 900 numbers are what they were")
    assert found([], causes=["cores 2 then, 4 now"]).endswith(
        "though these differ: cores 2 then, 4 now"
    )
