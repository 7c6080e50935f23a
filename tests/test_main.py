from __future__ import annotations

import subprocess
import sys


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gliaboost", "predict", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "gliaboost predict" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "gliaboost", "no-such-thing"], capture_output=True, text=True
    )
    assert wrong.returncode == 2
    assert "No such command" in wrong.stderr
