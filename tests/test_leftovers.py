"""What killed processes left is removed; what a living one writes is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gliaboost import leftovers
from gliaboost.files import replacing, replacing_folder
from gliaboost.leftovers import claim, meant, release, sweep

posix = pytest.mark.skipif(sys.platform == "win32", reason="by age alone on Windows")
NAMES = [".a.png.0123456789abcdef.tmp", ".a.b.0123456789abcdef.tmp.nii.gz"]
OTHERS = [".a.tmp", "a.0123456789abcdef.tmp", ".a.png.0123.tmp", ".lock", "b.png"]

WRITING = """
import sys, time
from gliaboost.files import replacing, replacing_folder
make = {"file": replacing, "folder": replacing_folder}[sys.argv[1]]
with make(sys.argv[2]) as temporary:
    print(temporary.name, flush=True)
    time.sleep(60)
"""


@posix
def test_a_dead_ones_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in [*NAMES, *OTHERS]:
        (tmp_path / name).touch()
    (tmp_path / ".out.fedcba9876543210.tmp").mkdir()
    (tmp_path / ".out.fedcba9876543210.tmp" / "inside").touch()
    sweep(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(OTHERS)


@posix
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_living_ones_stay_until_it_is_killed(tmp_path: Path, kind: str) -> None:
    command = [sys.executable, "-c", WRITING, kind, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        sweep(tmp_path, below=True)
        assert [f.name for f in tmp_path.iterdir()] == [name]
        other.kill()
        other.wait()
        sweep(tmp_path, below=True)
        assert not list(tmp_path.iterdir())


@posix
def test_ones_own_stay(tmp_path: Path) -> None:
    with replacing(tmp_path / "a") as file, replacing_folder(tmp_path / "b") as folder:
        sweep(tmp_path, below=True)
        assert file.exists() and folder.exists()


@posix
def test_the_next_file_in_the_folder_sweeps_it(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).touch()
    with replacing(tmp_path / "a.png"):
        pass
    assert [f.name for f in tmp_path.iterdir()] == ["a.png"]


@posix
def test_folders_inside_are_swept_where_that_is_asked(tmp_path: Path) -> None:
    inner = tmp_path / "parts"
    inner.mkdir()
    (inner / NAMES[0]).touch()
    sweep(tmp_path)
    assert (inner / NAMES[0]).exists()
    sweep(tmp_path, below=True)
    assert not (inner / NAMES[0]).exists()


@posix
def test_an_old_folder_goes_only_where_there_is_a_new_one(tmp_path: Path) -> None:
    for name in (".a.0123456789abcdef.old", ".b.0123456789abcdef.old", "b"):
        (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a", "b"]


def test_without_locks_the_age_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError

    monkeypatch.setattr(leftovers, "_locked", refuse)
    young, old, ahead = (tmp_path / f".{n}.0123456789abcdef.tmp" for n in "abc")
    for file in (young, old, ahead):
        file.touch()
    day = 24 * 3600
    os.utime(old, (time.time() - 2 * day,) * 2)
    os.utime(ahead, (time.time() + day / 2,) * 2)  # the clock was set back since
    sweep(tmp_path)
    assert young.exists() and ahead.exists() and not old.exists()


@posix
def test_a_claim_is_one_until_it_is_released(tmp_path: Path) -> None:
    file = tmp_path / NAMES[0]
    file.touch()
    held = claim(file)
    sweep(tmp_path, below=True)
    assert file.exists() and held is not None
    release(held)
    release(None)
    sweep(tmp_path, below=True)
    assert not file.exists()


def test_what_is_meant_has_its_own_name(tmp_path: Path) -> None:
    assert meant(tmp_path / ".a.b.0123456789abcdef.tmp" / ".c.png") == tmp_path / "a.b" / ".c.png"
    assert meant(tmp_path / "plain") == tmp_path / "plain"


def test_a_folder_that_is_not_there_is_swept_without_a_word(tmp_path: Path) -> None:
    sweep(tmp_path / "absent", below=True)
