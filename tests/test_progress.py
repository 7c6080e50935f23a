from __future__ import annotations

import pytest

from gliaboost.progress import progress_bar, sayer


def test_a_log_gets_a_line_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("reading", quiet=False) as told:
        assert told is not None
        for done in range(1, 101):
            told(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10 and lines[-1] == "reading: 100 of 100"


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("reading", quiet=True) as told:
        assert told is None
    sayer(True)("word")
    sayer(False)("other")
    assert capsys.readouterr().err == "other\n"
