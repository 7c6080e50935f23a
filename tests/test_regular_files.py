from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from gliaboost.regular_files import (
    IrregularFileError,
    LargeFileError,
    open_regular,
    read_regular,
)


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    with open_regular(tmp_path / "f") as file:
        assert file.read() == b"abc"
    (tmp_path / "link").symlink_to("f")
    assert read_regular(str(tmp_path / "link"), 3) == b"abc"


def test_what_is_no_file_is_told_without_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket")
        for path, said in (
            (tmp_path, "is a folder, a file was expected"),
            (tmp_path / "pipe", "is a pipe, a file was expected"),
            (tmp_path / "socket", "is a socket, a file was expected"),
            (Path("/dev/zero"), "is a device, a file was expected"),
            (Path("a\0b"), "holds a null byte, which no path does"),
        ):
            with pytest.raises(IrregularFileError) as caught:
                open_regular(path)
            assert caught.value.strerror == said
            assert caught.value.filename == str(path)


def test_other_errors_are_the_systems(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "absent")
    with pytest.raises(OSError) as caught:
        open_regular("a" * 300)
    assert caught.value.errno == errno.ENAMETOOLONG


def test_no_handle_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    os.mkfifo(tmp_path / "pipe")
    for _ in range(5):
        with pytest.raises(IrregularFileError):
            open_regular(tmp_path / "pipe")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_no_more_is_read_than_may_be(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcd")
    assert read_regular(tmp_path / "f", 4) == b"abcd"
    with pytest.raises(LargeFileError, match="has 4 bytes, more than the cap of 3"):
        read_regular(tmp_path / "f", 3)
    with (tmp_path / "sparse").open("wb") as f:
        f.truncate(2**40)
    with pytest.raises(LargeFileError, match="has 1,099,511,627,776 bytes"):
        read_regular(tmp_path / "sparse", 10**6)


def test_a_file_that_says_no_size_is_read_to_its_end() -> None:
    assert read_regular("/proc/self/status", 10**6).startswith(b"Name:")
    with pytest.raises(LargeFileError):
        read_regular("/proc/self/status", 10)
