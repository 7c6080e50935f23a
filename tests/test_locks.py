from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from gliaboost.errors import UsageError
from gliaboost.locks import alone_at, held, held_file

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


def test_a_file_is_held_under_all_its_names_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file, other = tmp_path / "a" / "m.joblib", tmp_path / "a" / ".." / "a" / "m.joblib"
    with held_file(file), pytest.raises(UsageError, match="--study"), held_file(other, "--study"):
        pass
    with held_file(file), held_file(tmp_path / "a" / "n.joblib"):
        assert not list((tmp_path / "a").iterdir())


def test_a_function_runs_once_for_each_place(tmp_path: Path) -> None:
    @alone_at("out", "write_groups")
    def make(out: Path | str | None = None, *, write_groups: str | None = None) -> object:
        """Make."""
        if out is None and write_groups is None:
            return "made"
        with pytest.raises(UsageError, match=r"at work at .*with --(out|write-groups)") as told:
            make(out, write_groups=write_groups)
        return told.type

    assert make() == "made" and make.__doc__ == "Make."
    assert make(tmp_path / "a") is make(write_groups=str(tmp_path / "b")) is UsageError
    assert make(tmp_path / "a") is UsageError, "free again"
    with pytest.raises(TypeError):
        make(outt=1)  # type: ignore[call-arg]


def test_a_cache_that_cannot_be_written_keeps_nobody_from_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with held_file(tmp_path / "a"):
        pass
