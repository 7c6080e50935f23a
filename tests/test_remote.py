from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from gliaboost.errors import MissingExtraError, UsageError, WriteError
from gliaboost.files import replacing
from gliaboost.regular_files import LargeFileError, is_regular, is_there, open_regular, read_regular
from gliaboost.remote import (
    as_url,
    check_url,
    is_remote_file,
    listed,
    read_remote,
    shown,
    size_of,
    write_remote,
)


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("s3://bucket/a.png", "s3://bucket/a.png"),
        (Path("s3://bucket/a.png"), "s3://bucket/a.png"),
        (Path("s3://bucket") / "x" / "a b.png", "s3://bucket/x/a b.png"),
        ("S3://Bucket/A.png", "s3://Bucket/A.png"),
        ("gcs://b/a", "gcs://b/a"),
        ("https://host:80/a.csv", "https://host:80/a.csv"),
        ("memory://a", "memory://a"),
        ("/data/a.png", None),
        ("a.png", None),
        ("C:/data/a.png", None),
        ("C:\\data\\a.png", None),
        ("file:///data/a.png", None),
        ("s3:", None),
        ("a/s3://b", None),
        ("", None),
    ],
)
def test_urls_are_told_from_paths(place: Path | str, url: str | None) -> None:
    assert as_url(place) == url
    assert shown(place) == (url or str(place))


def test_a_file_is_written_listed_and_read(s3_folder: str) -> None:
    assert listed(s3_folder) == []
    write_remote(f"{s3_folder}/b.bin", b"\0abc")
    write_remote(f"{s3_folder}/a.bin", b"")
    write_remote(f"{s3_folder}/in/c.bin", b"x")
    assert listed(s3_folder) == ["a.bin", "b.bin", "in"]
    assert read_remote(f"{s3_folder}/b.bin") == b"\0abc" and size_of(f"{s3_folder}/b.bin") == 4
    assert read_remote(f"{s3_folder}/a.bin") == b""
    assert is_remote_file(f"{s3_folder}/a.bin")
    assert not is_remote_file(f"{s3_folder}/none") and not is_remote_file(f"{s3_folder}/in")


def test_readers_of_files_read_urls(s3_folder: str) -> None:
    write_remote(f"{s3_folder}/a.bin", b"abc")
    place = Path(s3_folder) / "a.bin"
    assert is_there(place) and is_regular(place) and read_regular(place, 3) == b"abc"
    with open_regular(place) as file:
        assert file.read(2) == b"ab"
    with pytest.raises(LargeFileError, match="has 3 bytes, more than the cap of 2"):
        read_regular(place, 2)
    with pytest.raises(FileNotFoundError):
        read_regular(Path(s3_folder) / "none", 3)
    assert not is_there(Path(s3_folder) / "none")


def test_nothing_but_a_store_is_written_at_a_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(WriteError, match=r"cannot write s3://bucket/a\.json: only a store"),
        replacing(Path("s3://bucket/a.json")),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_what_the_other_side_refuses_is_an_error_of_files(s3_folder: str) -> None:
    for url in ("s3://no-such-bucket-here/a", "http://127.0.0.1:9/a"):
        with pytest.raises(OSError) as caught:
            write_remote(url, b"")
        assert caught.value.errno and caught.value.strerror
    write_remote(f"{s3_folder}/a/b", b"")
    with pytest.raises(IsADirectoryError, match="is a folder, a file was expected"):
        size_of(f"{s3_folder}/a")


def test_kinds_that_nobody_knows_and_packages_that_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match="no kind of place nowhere:// is known"):
        check_url("nowhere://a/b")
    # What was loaded once is remembered there.
    loaded = importlib.import_module("fsspec.registry")._registry
    monkeypatch.delitem(loaded, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match=r"needs s3fs.*gliaboost\[s3\]"):
        check_url("s3://bucket/a")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"needs fsspec.*gliaboost\[s3\]"):
        check_url("memory://a")
