from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gliaboost.errors import DamagedFileError, DamagedWarning, StoreError, WriteError
from gliaboost.files import make_folder, replacing, replacing_folder, set_aside, sha256_file


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 9000
    (tmp_path / "f").write_bytes(data)
    assert sha256_file(tmp_path / "f") == hashlib.sha256(data).hexdigest()
    assert sha256_file(str(tmp_path / "f")) == sha256_file(tmp_path / "f")


def test_new_file_appears_with_its_folders(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "f.txt"
    with replacing(target) as temporary:
        assert not target.exists()
        assert temporary.parent == target.parent
        assert temporary.name.startswith(".")
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "f"):
        pass
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    target = tmp_path / "f.txt"
    target.write_text("old")
    with (
        pytest.raises(WriteError, match="No space left on device; free"),
        replacing(target) as temporary,
    ):
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_failing_flush_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "f.txt"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(WriteError, match="No space left on device; free"),
        replacing(target) as temporary,
    ):
        temporary.write_text("new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this platform")
def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "f.txt"
    target.write_text("old")
    code = (
        "import os, signal, sys\n"
        "from gliaboost.files import replacing\n"
        "with replacing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "old"


def test_folder_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "folder"
    with replacing_folder(target) as temporary:
        (temporary / "f").write_text("new")
        assert not target.exists()
    assert [f.name for f in target.iterdir()] == ["f"]
    assert list(target.parent.iterdir()) == [target]


def test_folder_takes_the_place_of_a_full_one(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").touch()
    with replacing_folder(target) as temporary:
        (temporary / "new").touch()
    assert [f.name for f in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_failing_folder_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(KeyboardInterrupt), replacing_folder(target) as temporary:
        (temporary / "new").touch()
        raise KeyboardInterrupt
    assert [f.name for f in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]


def test_failing_rename_brings_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "old").touch()
    rename = Path.rename

    def failing(self: Path, to: Path) -> Path:
        if (self / "new").exists():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="output error"), replacing_folder(target) as temporary:
        (temporary / "new").touch()
    assert [f.name for f in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_damaged_is_kept_under_another_name(tmp_path: Path) -> None:
    for count, name in enumerate(("f.damaged", "f.damaged-2", "f.damaged-3")):
        (tmp_path / "f").write_text(f"{count}")
        with pytest.warns(DamagedWarning, match=f"f is damaged and is set aside as {name}, it is"):
            set_aside(DamagedFileError(tmp_path / "f", "a bit flipped"), "it is made again")
        assert (tmp_path / name).read_text() == f"{count}"
    assert not (tmp_path / "f").exists()


def test_what_cannot_be_renamed_is_passed_over(tmp_path: Path) -> None:
    with pytest.warns(DamagedWarning, match="f is damaged and is passed over") as warned:
        set_aside(DamagedFileError(tmp_path / "f", "a bit flipped"), "it is made again")
    (warning,) = (w.message for w in warned)
    assert isinstance(warning, DamagedWarning) and warning.aside is None


@pytest.mark.parametrize("make", [replacing, replacing_folder])
@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO"])
def test_a_disk_that_refuses_is_told_with_what_to_do(tmp_path: Path, make: Any, name: str) -> None:
    number = getattr(errno, name)
    with (
        pytest.raises(StoreError, match=r"cannot write .*out: .*; name another --store") as told,
        make(tmp_path / "out", StoreError, "name another --store") as temporary,
    ):
        raise OSError(number, os.strerror(number), str(temporary))
    assert isinstance(told.value.__cause__, OSError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [replacing, replacing_folder])
def test_errors_of_other_files_pass(tmp_path: Path, make: Any) -> None:
    with pytest.raises(FileNotFoundError), make(tmp_path / "out"):
        (tmp_path / "absent").read_bytes()
    with pytest.raises(ConnectionResetError), make(tmp_path / "out"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_gives_no_number_is_told(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="encoder error -2"), replacing(tmp_path / "a.png"):
        raise OSError("encoder error -2 when writing image file")


def test_a_place_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for make in (replacing, replacing_folder):
        with pytest.raises(WriteError, match="cannot write"), make(tmp_path / "file" / "a" / "b"):
            raise AssertionError
    with pytest.raises(WriteError, match="cannot write"):
        make_folder(tmp_path / "file" / "a")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WriteError, match="Permission denied"), replacing(tmp_path / "a"):
        raise AssertionError


def test_a_folder_whose_new_one_never_came_comes_back(tmp_path: Path) -> None:
    (tmp_path / ".out.0123456789abcdef.old").mkdir()
    (tmp_path / ".out.0123456789abcdef.old" / "kept").touch()
    with pytest.raises(ZeroDivisionError), replacing_folder(tmp_path / "out"):
        raise ZeroDivisionError
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["kept"]
