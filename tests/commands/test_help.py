from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from gliaboost.cli import COMMANDS, PANELS
from gliaboost.commands.data import manifest
from gliaboost.commands.help import documented, paragraphs
from gliaboost.datasets.sources.base import names, options_of


def read_something(path: str, *, every: int = 1) -> None:
    """Read slices, *all* of them.

    Twice.

    Parameters
    ----------
    path : pathlib.Path
        The ``folder``,
        or one around it.
    every : int
        Take every n-th.

    Returns
    -------
    Manifest
        With ``mask``.

    Raises
    ------
    UsageError
        Never.
    """


def read_nothing() -> None: ...


def panels_of(help_text: str) -> list[str]:
    lines = help_text.splitlines()
    return [x.strip(": ") for x in lines if x.endswith(":") and not x.startswith(" ")]


def test_a_docstring_is_told_in_words() -> None:
    assert paragraphs(read_something) == [
        "Read slices, *all* of them.",
        "Twice.",
        "PATH: The folder, or one around it.",
        "The manifest: With mask.",
    ]
    assert documented(read_something)["every"] == "Take every n-th."
    assert (paragraphs(read_nothing), documented(read_nothing)) == ([], {})


def test_commands_stand_in_groups(ask: Any) -> None:
    code, out, _ = ask("--help")
    assert code == 0
    assert [p for p in panels_of(out) if p in PANELS] == list(PANELS)


def test_options_stand_in_groups_the_common_ones_last(ask: Any) -> None:
    _, out, _ = ask("benchmark", "--help")
    expected = ["Arguments", "Data", "Features and models", "Where and how", "Shown"]
    assert panels_of(out) == expected
    assert out.rindex("--quiet") > out.rindex("--store")
    assert panels_of(ask("train", "--help")[1]) == expected


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(
    width: int, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for command in ("benchmark", "manifest", "train"):
        _, out, _ = ask(command, "--help")
        assert max(map(len, out.splitlines())) <= width


@pytest.mark.parametrize("name", names())
def test_each_source_has_its_own_help(name: str, ask: Any) -> None:
    code, out, _ = ask("manifest", name, "--help")
    assert code == 0 and f"gliaboost manifest {name} PATH --out m.parquet" in out
    offered = set(inspect.signature(manifest).parameters)
    own = set(options_of(name)) & offered
    others = {option for source in names() for option in options_of(source)} - own
    others -= {"labels", "patients", "patient_regex"}  # of every source
    listed = {w.strip("-").replace("-", "_") for w in re.findall(r"^  (--[\w-]+)", out, re.M)}
    assert own <= listed and not listed & others


def test_a_source_is_told_in_any_case_and_an_unknown_one_is_the_commands(ask: Any) -> None:
    assert "Of nifti:" in ask("manifest", "NIfTI", "--help")[1]
    assert "Of nifti:" not in ask("manifest", "nothing", "--help")[1]


def test_words_too_many_say_how_lists_are_written(ask: Any) -> None:
    code, _, err = ask("train", "m.csv", "--features", "hog,", "lbp")
    assert (code, "--features hog,lbp or --features 'hog lbp'" in err) == (2, True)


@pytest.mark.parametrize("source", ["folder", "edit"])
def test_every_source_takes_patients_and_says_so(ask: Any, source: str) -> None:
    shown = ask("manifest", source, "--help")[1]
    assert "--patients" in shown and "--patient-regex" in shown


@pytest.mark.parametrize("width", ["80", "100"])
def test_every_command_is_told_in_one_whole_line(
    width: str, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    lines = ask("--help")[1].splitlines()
    for command in COMMANDS:
        first = (inspect.getdoc(command) or "").split("\n\n")[0]
        (line,) = [x for x in lines if x.split()[:1] == [command.__name__]]
        assert line.split(maxsplit=1)[1] == first and first.endswith(".")
