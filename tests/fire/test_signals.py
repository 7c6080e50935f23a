"""Ctrl-C and SIGTERM at random moments, imports included: one line and an exit code."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gliaboost.datasets.phantom.sample import make_phantom

WORDS = {
    "extract": ("extract", "DATA", "--features", "hog,lbp,glcm", "--store", "STORE"),
    "tune": (
        *("tune", "DATA", "--model", "lightgbm", "--features", "lbp", "--store", "STORE"),
        *("--out", "STUDY", "--trials", "200"),
    ),
}
MOMENTS = 14
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.fire
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("command", WORDS)
def test_a_signal_at_any_moment_is_answered_by_one_line(command: str, tmp_path: Path) -> None:
    make_phantom(tmp_path / "data", patients=16, slices=2)
    chance, met = np.random.default_rng(0), []
    for moment in range(MOMENTS):
        places = {"DATA": "data", "STORE": f"store-{moment}", "STUDY": f"study-{moment}"}
        words = [str(tmp_path / places[w]) if w in places else w for w in WORDS[command]]
        sent = (signal.SIGINT, signal.SIGTERM)[moment % 2]
        process = subprocess.Popen(
            [sys.executable, "-m", "gliaboost", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever starts the tests in the background may have it ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        time.sleep(chance.uniform(0.05, 4))
        process.send_signal(sent)
        _, wrong = process.communicate(timeout=120)
        if process.returncode == -sent:
            # It came before our first line: the system ended the process.
            assert not wrong, wrong
            met.append("before")
        elif process.returncode == 0:
            met.append("after")
        else:
            assert process.returncode == CODES[sent], wrong
            assert "Traceback" not in wrong, wrong
            assert wrong.count("gliaboost: ") == wrong.count("interrupted") == 1, wrong
            met.append("at work")
    print(f"{command}: {MOMENTS} signals, {met.count('at work')} at work")
    assert met.count("at work") > MOMENTS // 3
