from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from gliaboost import remote
from gliaboost.datasets.paths import are_there
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
        ("T1:/a.png", None),
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
    with pytest.raises(UsageError, match="nowhere://a/b: expected a path, or a URL of one of the"):
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


@pytest.mark.parametrize(
    "url",
    [
        "zip://a.txt::/tmp/a.zip",
        "dir://a::/tmp",
        "blockcache://::/etc/hostname",
        "simplecache::s3://bucket/a",
        "s3://bucket/a::file:///etc/hostname",
        "reference://x.png::https://host/r.json",
        "tar://x",
        "generic://x",
        "jupyter://x/y",
        "sftp://host/a",
    ],
)
def test_no_kind_that_opens_files_of_this_machine_and_no_chain_is_opened(url: str) -> None:
    for ask in (check_url, size_of, read_remote, is_remote_file, listed):
        with pytest.raises(UsageError, match="without '::'"):
            ask(url)
    # In a manifest it is a file that is not there, told with all other faults.
    assert are_there([Path("a.png"), Path(url)]) == [False, False]


class Answers(BaseHTTPRequestHandler):
    """Answers a path as its name says."""

    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.answer(whole=False)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.answer(whole=True)

    def answer(self, *, whole: bool) -> None:
        busy = self.path == "/busy-once" and self.asked.count(self.path) < 2
        status = {"/none": 404, "/busy": 503, "/forbidden": 403}.get(
            self.path, 503 if busy else 200
        )
        self.send_response(status)
        if self.path not in ("/endless", "/pieces") and status == 200:
            self.send_header("Content-Length", "3")
        self.end_headers()
        if whole and status == 200:
            size, times = {"/endless": (1000, 10**6), "/pieces": (1, 5)}.get(self.path, (1, 1))
            with suppress(OSError):
                for _ in range(times):
                    self.wfile.write(b"abc" * size)
                    time.sleep(0.01 if self.path == "/pieces" else 0)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(remote, "_WAITS", (0.0, 0.0))
    monkeypatch.setattr(Answers, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_is_busy_is_asked_again_and_is_not_said_to_have_no_file(web: str) -> None:
    assert read_remote(f"{web}/a") == b"abc"
    assert read_remote(f"{web}/busy-once") == b"abc"
    with pytest.raises(FileNotFoundError):
        read_regular(Path(f"{web}/none"), 9)
    for name in ("busy", "forbidden"):
        with pytest.raises(OSError) as caught:
            read_regular(Path(f"{web}/{name}"), 9)
        assert not isinstance(caught.value, FileNotFoundError)
        assert is_remote_file(f"{web}/{name}")


def test_of_an_answer_without_a_length_no_more_is_read_than_may_be(web: str) -> None:
    with pytest.raises(LargeFileError, match="more than the cap of 5,000"):
        read_regular(Path(f"{web}/endless"), 5_000)
    assert read_regular(Path(f"{web}/a"), 3) == b"abc"
    # What comes in pieces is put together.
    assert read_regular(Path(f"{web}/pieces"), 5_000) == b"abc" * 5
