from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import pytest
import typer

import gliaboost
from gliaboost.commands.options import (
    collecting_notes,
    collecting_unreadable,
    exit_with_failures,
    print_json,
    typed,
)
from gliaboost.errors import UnreadableWarning


def test_unreadable_files_are_collected_and_not_shown() -> None:
    with warnings.catch_warnings(record=True) as shown, collecting_unreadable() as failed:
        warnings.warn(UnreadableWarning({"a.png": "is empty"}), stacklevel=1)
        warnings.warn(UnreadableWarning({"b.png": "is cut short"}), stacklevel=1)
    assert failed == [("a.png", "is empty"), ("b.png", "is cut short")]
    assert shown == []


def test_other_warnings_are_shown_as_ever() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with collecting_unreadable() as failed:
            warnings.warn("something else", UserWarning, stacklevel=1)
        warnings.warn(UnreadableWarning({"a.png": "is empty"}), stacklevel=1)
    assert failed == []
    assert [w.category for w in shown] == [UserWarning, UnreadableWarning]


def test_what_the_package_warns_of_is_a_note_and_what_others_do_is_shown() -> None:
    own = str(Path(gliaboost.__file__).parent / "datasets" / "sources" / "dicom.py")
    with warnings.catch_warnings(record=True) as shown, collecting_notes() as notes:
        warnings.warn_explicit("one file passed over", UserWarning, own, 1)
        warnings.warn_explicit("old library", UserWarning, "/site-packages/other.py", 1)
    assert notes == ["one file passed over"]
    assert [str(w.message) for w in shown] == ["old library"]


def test_failures_are_named_and_are_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stop:
        exit_with_failures([("a.png", "is empty"), ("b.png", "is cut short")])
    assert stop.value.exit_code == 1
    said = capsys.readouterr()
    assert said.err == "gliaboost: a.png: is empty\ngliaboost: b.png: is cut short\n"
    assert said.out == ""
    exit_with_failures([])


def test_what_was_typed_can_be_typed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/gliaboost", "train", "my data.csv", "--jobs", "2"])
    assert typed() == "gliaboost train 'my data.csv' --jobs 2"


def test_json_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, None]}
