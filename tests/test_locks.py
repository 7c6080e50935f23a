from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from gliaboost.errors import UsageError
from gliaboost.locks import held

HOLDING = """
import sys, time
from pathlib import Path
from gliaboost.locks import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_by_one_and_free_again(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    with held(folder), pytest.raises(UsageError, match="another run is at work in"), held(folder):
        pass
    with pytest.raises(ZeroDivisionError), held(folder):
        raise ZeroDivisionError
    with held(folder):
        pass


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(UsageError, match="another run"), held(tmp_path):
            pass
        other.kill()
        other.wait()
        with held(tmp_path):
            pass


def test_a_file_system_without_locks_keeps_nobody_from_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with held(tmp_path), held(tmp_path):
        pass
