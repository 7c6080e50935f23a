from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.reports.document.columns import columns

ROWS = [
    ["path", "predicted", "glioma", "meningioma", "no_tumor"],
    ["scans/[red]of a patient/" + "slice_" * 20 + "1.png", "meningioma", "0.012", "0.912", "0.076"],
    ["b.png", "glioma", "0.900", "0.100", "0.000"],
]
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(params=[80, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def test_for_a_program_every_row_is_one_line_however_long() -> None:
    lines = columns(ROWS, left=2).splitlines()
    assert len(lines) == len(ROWS)
    assert lines[1].startswith(ROWS[1][0] + "  meningioma")
    assert all(line.endswith(row[-1]) for line, row in zip(lines, ROWS, strict=True))


@pytest.mark.integration
@given(st.lists(st.tuples(*[st.from_regex(r"[a-z]{1,9}", fullmatch=True)] * 3), min_size=1))
def test_plain_cells_read_back(rows: list[tuple[str, ...]]) -> None:
    text = columns(rows, left=1)
    assert [tuple(line.split()) for line in text.splitlines()] == rows


def test_a_terminal_wraps_words_and_keeps_numbers_whole(width: int) -> None:
    lines = [STYLE.sub("", line) for line in columns(ROWS, left=2, fit=True).splitlines()]
    assert max(map(len, lines)) <= width
    assert len(lines) > len(ROWS)
    assert lines[1].split()[-4:] == ["meningioma", "0.012", "0.912", "0.076"]
    assert lines[-1].split() == ROWS[2]
    told = "".join(line[: lines[0].index("predicted")].rstrip() for line in lines[1:-1])
    assert told.replace(" ", "") == ROWS[1][0].replace(" ", "")


def test_indented_words_go_on_in_their_column(width: int) -> None:
    rows = [["hog", "gradients " * 20], ["embedding", "frozen"]]
    lines = columns(rows, left=2, heading=False, indent=2, fit=True).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("  hog        gradients")
    assert lines[1].startswith("             gradients")
    assert lines[-1] == "  embedding  frozen"


def test_numbers_that_no_terminal_holds_are_not_cut(width: int) -> None:
    rows = [["class", *(f"class_{i}" for i in range(30))], ["a", *["0.123"] * 30]]
    assert columns(rows, left=1, fit=True) == columns(rows, left=1)


def test_rich_is_imported_for_a_terminal_alone() -> None:
    code = (
        "import sys; from gliaboost.reports.document.columns import columns\n"
        "columns([['a', '1']], left=1); print('rich' in sys.modules)\n"
        "columns([['a', '1']], left=1, fit=True); print('rich' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
