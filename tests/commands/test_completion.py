from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gliaboost.commands.completion import known_names


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("devices", "cuda"),
        ("extractors", "hog"),
        ("modalities", "mri"),
        ("models", "lightgbm"),
        ("sets", "figshare"),
        ("sources", "nifti"),
        ("targets", "presence"),
    ],
)
def test_every_kind_has_its_names(kind: str, name: str) -> None:
    assert name in known_names(kind)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("gliaboost bench", "benchmark"),
        ("gliaboost manifest fig", "figshare"),
        ("gliaboost train m.csv --model light", "lightgbm"),
        ("gliaboost train m.csv --features hog,lb", "hog,lbp"),
    ],
)
def test_a_shell_is_told_how_words_end(typed: str, completed: str) -> None:
    asked = {
        "_GLIABOOST_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    code = "import sys; sys.argv[0] = 'gliaboost'; from gliaboost.cli import app; app()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
    )
    assert completed in done.stdout.split(), done.stderr
