r"""Words of others: what a terminal, a spreadsheet and Markdown would make of them."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.errors import DecodeError, GliaboostError, ManifestError
from gliaboost.outside_text import (
    LONGEST_LINE,
    csv_cell,
    csv_frame,
    from_csv_cell,
    markdown,
    message,
    printable,
)


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    shown = printable(text)
    assert all(c in "\t\n" or unicodedata.category(c) != "Cc" for c in shown)
    assert printable(shown) == shown


@pytest.mark.parametrize(
    "code", ["\x1b[2J", "\x9b31m", "\r", "\x07", "\b", "\u202e", "\u2066", "\x7f"]
)
def test_codes_are_shown_as_codes(code: str) -> None:
    assert code[0] not in printable(f"a{code}b")
    assert printable(f"a{code}b").startswith("a\\")


def test_a_message_is_short_whatever_it_quotes() -> None:
    long = "x" * 20_000_000
    for error in (
        GliaboostError(f"{long} is no label"),
        DecodeError(long, "is no image"),
        ManifestError("m.csv", [f"a label {long}", "another"]),
    ):
        assert len(str(error)) < 2 * LONGEST_LINE + 100
    assert "(20,000,012 letters)" in str(GliaboostError(f"{long} is no label"))
    several = "\n".join(["a line"] * 500)
    assert message(several) == several


@given(st.text() | st.text("=+-@\t'0123456789.a ", max_size=6))
def test_a_cell_comes_back(text: str) -> None:
    there = csv_cell(text)
    assert from_csv_cell(there) == text or (text.startswith("'") and there == text)
    if not text.startswith("'"):
        assert from_csv_cell(there) == text


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1+a",
        '=HYPERLINK("http://x")',
        "-x",
        "'=1+1",
    ],
)
def test_what_a_spreadsheet_computes_is_marked(text: str) -> None:
    assert csv_cell(text) == f"'{text}"
    assert from_csv_cell(csv_cell(text)) == text


@pytest.mark.parametrize(
    "text",
    ["glioma", "-0.5", "+3", "-1e-05", "- 0.5 %", "-0.5 [-0.7, -0.3]", "", "a=b", "'s-H", "-"],
)
def test_what_computes_nothing_stays(text: str) -> None:
    assert csv_cell(text) == text == from_csv_cell(text)


def test_a_frame_keeps_its_numbers_and_its_gaps() -> None:
    table = pd.DataFrame(
        {
            "=path": ["=a.png", None],
            "x": [-0.5, 1.0],
            "c": pd.Categorical(["@b", "d"]),
            "n": [1, -2],
        }
    )
    got = csv_frame(table)
    assert list(got.columns) == ["'=path", "x", "c", "n"]
    assert got["'=path"].tolist()[0] == "'=a.png" and pd.isna(got["'=path"].iloc[1])
    assert got["c"].tolist() == ["'@b", "d"]
    assert got[["x", "n"]].equals(table[["x", "n"]])
    assert table.columns[0] == "=path" and table["c"].iloc[0] == "@b"


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</details><h1>",
    "<!-- ",
    "<?php",
    "![a](http://evil.example/p.png)",
    "[a](javascript:alert(1))",
    "[a][b]",
    "x\n\n[b]: http://evil.example",
    "a\n# heading",
    "<http://evil.example>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_stays_text(text: str) -> None:
    markdown_it: Any = pytest.importorskip("markdown_it")
    drawn = markdown_it.MarkdownIt("commonmark", {"html": True}).render(f"Label {markdown(text)}.")
    inside = drawn.removeprefix("<p>").rstrip().removesuffix("</p>")
    assert "<" not in inside, drawn
    assert html.unescape(inside).replace("\\", "").startswith("Label")


def test_plain_sentences_stay_as_they_are() -> None:
    for text in ("p < 0.05 in [0.1, 0.2] (a)", "R&D", "a_b * c", "5 <6", "`code`"):
        assert markdown(text) == text
