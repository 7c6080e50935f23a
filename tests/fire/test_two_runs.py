"""Two runs into one place: the second is refused by name, whatever the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gliaboost.cli import app
from gliaboost.errors import UsageError
from gliaboost.locks import held, held_file

FILES = {
    "train": ("train", "data", "--out", "x.joblib"),
    "tune": ("tune", "data", "--out", "x.joblib"),
    "features": ("features", "data", "--out", "x.parquet"),
    "audit": ("audit", "data", "--out", "x"),
    "audit's groups": ("audit", "data", "--write-groups", "x.csv"),
    "explore": ("explore", "data", "--out", "x.html"),
    "manifest": ("manifest", "folder", "data", "--out", "x.csv"),
    "evaluate": ("evaluate", "m.joblib", "data", "--out", "x.csv"),
    "predict": ("predict", "m.joblib", "data", "--out", "x.csv"),
    "explain": ("explain", "m.joblib", "data", "--out", "x.png"),
    "report": ("report", "run", "--out", "x"),
    "segment train": ("segment", "train", "data", "--out", "x.joblib"),
    "segment predict": ("segment", "predict", "m.joblib", "data", "--out", "x"),
}


@pytest.mark.parametrize("command", FILES)
def test_a_second_run_is_refused(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("data", "run", "m.joblib"):
        (tmp_path / name).mkdir()
    place = next(word for word in FILES[command] if word.startswith("x"))
    with held_file(tmp_path / place):
        done = CliRunner().invoke(app, FILES[command])
    assert isinstance(done.exception, UsageError), done.output
    assert f"another run is at work at {place}" in str(done.exception)


def test_a_run_that_is_killed_frees_its_folder(tmp_path: Path) -> None:
    with held(tmp_path / "run"):
        pass
    with held(tmp_path / "run"):
        assert (tmp_path / "run").is_dir()
