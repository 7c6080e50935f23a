from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from gliaboost.datasets.public.download import Download, read_json
from gliaboost.errors import DownloadError

BODY = random.Random(0).randbytes(700_000)


def download(folder: Path, **how: Any) -> Download:
    return Download(folder / ".file.zip.part", **{"pause": 0.0, **how})


def names(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.iterdir())


def test_whole_file_with_progress(server: Any, tmp_path: Path, heard: Any) -> None:
    server.serve("/file", BODY)
    download(tmp_path, progress=heard)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert names(tmp_path) == ["f"]
    assert heard.steps[0] == ("file.zip", 0, len(BODY))
    assert heard.steps[-1] == ("file.zip", len(BODY), len(BODY))


def test_cut_connection_is_continued(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, cuts=[300_000, 500_000])
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.requests == [
        ("/file", None, None),
        ("/file", "bytes=300000-", '"one"'),
        ("/file", "bytes=500000-", '"one"'),
    ]


def test_continued_another_day(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, cuts=[300_000])
    with pytest.raises(DownloadError, match="300,000 bytes are kept"):
        download(tmp_path, attempts=1)(server.url + "/file", tmp_path / "f")
    assert names(tmp_path) == [".file.zip.part", ".file.zip.part.json"]
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.asked("/file") == [None, "bytes=300000-"]


def test_without_etag_the_length_must_agree(server: Any, tmp_path: Path) -> None:
    served = server.serve("/file", BODY, cuts=[300_000], etag=None)
    with pytest.raises(DownloadError):
        download(tmp_path, attempts=1)(server.url + "/file", tmp_path / "f")
    served.body = BODY[::-1] + b"longer"
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY[::-1] + b"longer"
    assert server.asked("/file") == [None, "bytes=300000-", None]


def test_changed_file_is_taken_anew(server: Any, tmp_path: Path) -> None:
    served = server.serve("/file", BODY, cuts=[300_000])
    with pytest.raises(DownloadError):
        download(tmp_path, attempts=1)(server.url + "/file", tmp_path / "f")
    served.body, served.etag = BODY[::-1], '"two"'
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY[::-1]


def test_part_of_another_address_is_not_continued(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, cuts=[300_000])
    server.serve("/other", BODY[::-1])
    with pytest.raises(DownloadError):
        download(tmp_path, attempts=1)(server.url + "/file", tmp_path / "f")
    download(tmp_path)(server.url + "/other", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY[::-1]
    assert server.asked("/other") == [None]


def test_server_without_ranges_starts_over(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, cuts=[300_000], ranges=False)
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.asked("/file") == [None, "bytes=300000-"]


@pytest.mark.parametrize("without", [{"etag": None}, {"ranges": False}])
def test_a_part_longer_than_the_file_starts_over(
    without: dict[str, Any], server: Any, tmp_path: Path
) -> None:
    served = server.serve("/file", BODY, cuts=[300_000], **without)
    with pytest.raises(DownloadError):
        download(tmp_path, attempts=1)(server.url + "/file", tmp_path / "f")
    served.body = BODY[:1000]
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY[:1000]


def test_progress_in_bytes_forgives_failures(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, cuts=list(range(100_000, 700_000, 100_000)))
    download(tmp_path, attempts=2)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_busy_server_is_asked_again(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, statuses=[500, 503, 429])
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert len(server.requests) == 4


def test_server_that_stays_broken(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, statuses=[500] * 9)
    with pytest.raises(DownloadError, match="answered 500, after 3 attempts"):
        download(tmp_path, attempts=3)(server.url + "/file", tmp_path / "f")
    assert len(server.requests) == 3
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_refusal_is_not_repeated(server: Any, tmp_path: Path, status: int) -> None:
    server.serve("/file", BODY, statuses=[status] * 9)
    with pytest.raises(DownloadError, match=str(status)):
        download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert len(server.requests) == 1
    assert names(tmp_path) == []


def test_nobody_there(tmp_path: Path, server: Any) -> None:
    with pytest.raises(DownloadError, match="no connection"):
        download(tmp_path, attempts=2)("http://127.0.0.1:1/file", tmp_path / "f")


@pytest.mark.parametrize("url", ["http://example.org/a", "file:///etc/passwd", "ftp://a.org/b"])
def test_only_https(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="not https"):
        download(tmp_path)(url, tmp_path / "f")


def test_redirects_are_followed_but_not_out_of_https(server: Any, tmp_path: Path) -> None:
    server.serve("/file", BODY, cuts=[300_000])
    server.serve("/moved", b"", location=server.url + "/file")
    server.serve("/lured", b"", location="http://example.org/file")
    download(tmp_path)(server.url + "/moved", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert server.asked("/file") == [None, "bytes=300000-"]
    with pytest.raises(DownloadError, match=r"example\.org/file is not https"):
        download(tmp_path)(server.url + "/lured", tmp_path / "g")


def test_json(server: Any) -> None:
    server.serve("/api", b'{"files": []}', statuses=[502])
    server.serve("/page", b"<html>")
    assert read_json(server.url + "/api", pause=0.0) == {"files": []}
    with pytest.raises(DownloadError, match="no JSON"):
        read_json(server.url + "/page")
    with pytest.raises(DownloadError, match="404"):
        read_json(server.url + "/none")
    server.serve("/busy", b"{}", statuses=[503] * 9)
    with pytest.raises(DownloadError, match="answered 503, 4 times"):
        read_json(server.url + "/busy", pause=0.0)


def test_a_body_without_a_length_has_a_cap(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.serve("/file", BODY, length=None)
    download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    monkeypatch.setattr("gliaboost.datasets.public.download.LARGEST_FILE", len(BODY) - 1)
    with pytest.raises(DownloadError, match=r"sends 700,000 bytes or more, .*nothing of it was"):
        download(tmp_path)(server.url + "/file", tmp_path / "g")
    assert names(tmp_path) == ["f"]


def test_a_length_above_the_cap_is_refused_before_the_body(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gliaboost.datasets.public.download.LARGEST_FILE", 1000)
    server.serve("/file", BODY)
    with pytest.raises(DownloadError, match="sends 700,000 bytes or more"):
        download(tmp_path)(server.url + "/file", tmp_path / "f")
    assert names(tmp_path) == []


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "many", "²"])
def test_a_length_that_is_none_is_no_length(length: str) -> None:
    from email.message import Message

    from gliaboost.datasets.public.download import _span

    class Answer:
        status, headers = 200, Message()

    Answer.headers["Content-Length"] = length
    assert _span(Answer, 0) == (0, None)


def test_an_answer_nested_without_end_is_no_json(server: Any) -> None:
    server.serve("/api", b"[" * 100_000)
    with pytest.raises(DownloadError, match="no JSON"):
        read_json(server.url + "/api")
