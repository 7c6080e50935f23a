"""What is public of the models, and that naming it costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import gliaboost.models as models


@pytest.mark.parametrize("name", models.__all__)
def test_every_public_name_is_found(name: str) -> None:
    assert getattr(models, name).__name__ == name
    assert getattr(models, name).__doc__


def test_another_name_is_said_to_be_absent() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Boaster'"):
        models.Boaster  # noqa: B018


def test_the_package_itself_loads_no_library() -> None:
    code = "import sys, gliaboost.models; print(sorted({'sklearn', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
