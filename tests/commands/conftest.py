"""The command line with the face's functions replaced: what is parsed, called and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gliaboost
from gliaboost.cli import main

Call = tuple[tuple[Any, ...], dict[str, Any]]
Replace = Callable[[str, Any], list[Call]]
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def replace(monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Return a function that puts a value in a face function's place, and keeps its calls."""

    def put(name: str, value: Any) -> list[Call]:
        calls: list[Call] = []

        def instead(*given: Any, **named: Any) -> Any:
            calls.append((given, named))
            return value(*given, **named) if callable(value) else value

        monkeypatch.setattr(gliaboost, name, instead)
        return calls

    return put


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return a function that runs a command: exit code, standard output, standard error."""

    def call(*words: object) -> tuple[int, str, str]:
        try:
            main([str(word) for word in words])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
