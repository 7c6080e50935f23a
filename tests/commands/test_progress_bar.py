from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from gliaboost.commands.progress_bar import Megabytes, shown_progress
from gliaboost.progress import SILENT

Captured = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_every_tenth(capsys: Captured) -> None:
    with shown_progress() as progress:
        for done in range(1, 101):
            progress.step("reading", done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"reading: {tenth}0 of 100" for tenth in range(1, 11)]


def test_every_stage_of_a_log_begins_anew(capsys: Captured) -> None:
    with shown_progress() as progress:
        progress.step("reading", 2, 2)
        progress.step("extracting", 1, 2)
        progress.step("extracting", 2, 2)
        progress.step("extracting", 1, 2)
        progress.step("extracting", 2, None)
    assert capsys.readouterr().err.splitlines() == [
        "reading: 2 of 2",
        "extracting: 1 of 2",
        "extracting: 2 of 2",
        "extracting: 1 of 2",
    ]


def test_quiet_says_nothing() -> None:
    with shown_progress(quiet=True) as progress:
        assert progress is SILENT


def test_lines_after_the_with(capsys: Captured) -> None:
    with shown_progress() as progress:
        pass
    progress.line("done")
    assert capsys.readouterr() == ("", "done\n")


def test_a_terminal_gets_a_bar_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with shown_progress() as progress:
        progress.step("reading", 1, 3)
        progress.line("a line above the bar")
        progress.step("extracting", 3, 3)
        assert sys.stderr is terminal  # no bar is left that takes what others write
    text = terminal.getvalue()
    assert "1/3" in text and "3/3" in text
    assert "a line above the bar" in text
    assert text.rstrip().endswith("\x1b[2K")  # the last bar's line is wiped


def test_no_bar_outlives_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(KeyboardInterrupt), shown_progress() as progress:
        progress.step("reading", 1, 3)
        assert sys.stderr is not terminal
        raise KeyboardInterrupt
    assert sys.stderr is terminal


def test_bytes_are_told_as_megabytes(heard: Any) -> None:
    download = Megabytes(heard)
    for done in (0, 1_000_000, 10_000_000):
        download.step("brain.zip", done, 10_000_000)
    download.step("other.zip", 10_000_000, 10_000_000)
    download.step("unknown.zip", 2**26 - 1, None)
    download.step("unknown.zip", 2**26, None)
    assert heard.lines == [
        "brain.zip: 0 of 10 MB",
        "brain.zip: 1 of 10 MB",
        "brain.zip: 10 of 10 MB",
        "other.zip: 10 of 10 MB",
        "unknown.zip: 67 MB",
        "unknown.zip: 67 MB",
    ]
