from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from gliaboost.cli import main
from gliaboost.commands.printed import Printed, bare, printed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_messages_are_printable_and_output_is_where_it_is_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for out, shown in ((Terminal(), "a\\x1b[2Jb\n"), (io.StringIO(), "a\x1b[2Jb\n")):
        messages = io.StringIO()
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", messages)
        with printed():
            print("a\x1b[2Jb")
            print("a\x1b[2Jb", file=sys.stderr)
            assert bare(sys.stderr) is messages
        assert out.getvalue() == shown
        assert messages.getvalue() == "a\\x1b[2Jb\n"
        assert sys.stdout is out and sys.stderr is messages


def test_what_else_is_asked_of_a_stream_is_the_streams() -> None:
    below = Terminal()
    assert Printed(below).isatty()
    assert bare(below) is below


def test_a_hostile_name_does_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["audit", "\x1b]0;owned\x07\x1b[2J.csv"])
    said = capsys.readouterr()
    assert "\x1b" not in said.err + said.out
    assert "\\x1b]0;owned\\x07" in said.err
