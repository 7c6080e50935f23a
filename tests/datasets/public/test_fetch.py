from __future__ import annotations

import hashlib
import io
import json
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gliaboost.datasets.public import fetch as fetching
from gliaboost.datasets.public.catalogue import (
    CATALOGUE,
    FigshareArticle,
    KaggleDataset,
    PlainFiles,
    PublicDataset,
    RemoteFile,
)
from gliaboost.datasets.public.fetch import fetch, fetch_dataset, figshare_files
from gliaboost.errors import ArchiveError, DownloadError, GliaboostError, UsageError


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        for name, content in members.items():
            z.writestr(name, content)
    return buffer.getvalue()


FIRST = zipped({"1.mat": b"1" * 50_000, "2.mat": b"2" * 50_000})
SECOND = zipped({"3.mat": b"3"})
NOTES = b"read me"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def dataset(origin: Any, name: str = "played") -> PublicDataset:
    return PublicDataset(
        name, "A title", "folder", "https://example.org/page", "CC BY 4.0", "Who (2020)", origin
    )


def plain(server: Any, checksum: str | None = None) -> PublicDataset:
    return dataset(PlainFiles((RemoteFile("a.zip", server.url + "/a.zip", checksum),)))


def files(folder: Path) -> dict[str, bytes]:
    return {
        f.relative_to(folder).as_posix(): f.read_bytes()
        for f in folder.rglob("*")
        if f.is_file() and f.name != fetching.RECORD
    }


@pytest.fixture
def article(server: Any) -> PublicDataset:
    """Play figshare: an API that lists three files, and where they lie."""
    listed = {"1-2.zip": FIRST, "3.zip": SECOND, "README.txt": NOTES}
    for i, content in enumerate(listed.values()):
        server.serve(f"/files/{i}", content)
    answer = {
        "title": "played",
        "files": [
            {
                "name": name,
                "download_url": f"{server.url}/files/{i}",
                "computed_md5": md5(content),
                "supplied_md5": "",
            }
            for i, (name, content) in enumerate(listed.items())
        ],
    }
    server.serve("/articles/7", json.dumps(answer).encode())
    return dataset(FigshareArticle(7, api=server.url))


def test_figshare(server: Any, tmp_path: Path, article: PublicDataset, heard: Any) -> None:
    server.paths["/files/0"].cuts = [60_000]
    target = fetch_dataset(article, tmp_path, progress=heard)
    assert target == tmp_path / "played"
    assert files(target) == {
        "1-2/1.mat": b"1" * 50_000,
        "1-2/2.mat": b"2" * 50_000,
        "3/3.mat": b"3",
        "README.txt": NOTES,
    }
    assert server.asked("/files/0") == [None, "bytes=60000-"]
    assert list(dict.fromkeys(name for name, _, _ in heard.steps)) == [
        "1-2.zip",
        "3.zip",
        "README.txt",
    ]
    record = json.loads((target / fetching.RECORD).read_text("utf-8"))
    assert (record["licence"], record["citation"]) == ("CC BY 4.0", "Who (2020)")
    assert record["sha256"]["README.txt"] == hashlib.sha256(NOTES).hexdigest()
    # The publisher's checksums need none of ours.
    assert not (tmp_path / "downloads" / "played" / "checksums.json").exists()


def test_what_is_there_is_not_fetched_again(
    server: Any, tmp_path: Path, article: PublicDataset
) -> None:
    fetch_dataset(article, tmp_path)
    before = len(server.requests)
    assert fetch_dataset(article, tmp_path) == tmp_path / "played"
    assert len(server.requests) == before


def test_downloads_are_used_again(server: Any, tmp_path: Path, article: PublicDataset) -> None:
    target = fetch_dataset(article, tmp_path)
    target.rename(tmp_path / "elsewhere")
    (tmp_path / "downloads" / "played" / "3.zip").write_bytes(b"damaged")
    fetch_dataset(article, tmp_path)
    assert files(target) == files(tmp_path / "elsewhere")
    asked = [len(server.asked(f"/files/{i}")) for i in range(3)]
    assert asked == [1, 2, 1]


def test_wrong_file_is_refused(server: Any, tmp_path: Path, article: PublicDataset) -> None:
    server.paths["/files/1"].body = zipped({"3.mat": b"another"})
    with pytest.raises(DownloadError, match=r"3\.zip is not what its publisher's checksum says"):
        fetch_dataset(article, tmp_path)
    assert not (tmp_path / "played").exists()
    assert files(tmp_path / "downloads") == {"played/1-2.zip": FIRST}


@pytest.mark.parametrize("name", ["../evil", "a/b", "a\\b", ".hidden", "", "c:x"])
def test_figshare_file_names_stay_in_the_folder(server: Any, name: str) -> None:
    answer = {"files": [{"name": name, "download_url": server.url + "/x"}]}
    server.serve("/articles/7", json.dumps(answer).encode())
    with pytest.raises(DownloadError, match="no file name"):
        figshare_files(FigshareArticle(7, api=server.url))


@pytest.mark.parametrize("answer", [b"{}", b"[]", b'{"files": []}', b'{"files": [{"name": "a"}]}'])
def test_figshare_answers_otherwise(server: Any, answer: bytes) -> None:
    server.serve("/articles/7", answer)
    with pytest.raises(DownloadError, match=r"lists no files|without name or download_url"):
        figshare_files(FigshareArticle(7, api=server.url))


def test_figshare_without_md5(server: Any) -> None:
    answer = {"files": [{"name": "a", "download_url": "https://x.org/a", "supplied_md5": "0f"}]}
    server.serve("/articles/7", json.dumps(answer).encode())
    assert figshare_files(FigshareArticle(7, api=server.url)) == (
        RemoteFile("a", "https://x.org/a", "md5:0f"),
    )


def test_missing_file_names_page_and_archive(server: Any, tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        fetch_dataset(plain(server), tmp_path)
    assert "404" in str(caught.value)
    assert "https://example.org/page" in str(caught.value)
    assert "gliaboost fetch played --archive FILE" in str(caught.value)
    assert files(tmp_path) == {}


def test_own_checksum_is_recorded_and_held_against_the_next(server: Any, tmp_path: Path) -> None:
    served = server.serve("/a.zip", FIRST)
    target = fetch_dataset(plain(server), tmp_path)
    assert sorted(files(target)) == ["1.mat", "2.mat"]
    downloads = tmp_path / "downloads" / "played"
    own = {"a.zip": f"sha256:{hashlib.sha256(FIRST).hexdigest()}"}
    assert json.loads((downloads / "checksums.json").read_text("utf-8")) == own

    target.rename(tmp_path / "elsewhere")
    (downloads / "a.zip").unlink()
    served.body = SECOND
    with pytest.raises(DownloadError, match="what came the first time") as caught:
        fetch_dataset(plain(server), tmp_path)
    assert "remove a.zip from checksums.json" in str(caught.value)
    assert sorted(f.name for f in downloads.iterdir()) == ["checksums.json"]
    assert not target.exists()


@pytest.mark.parametrize("member", ["../evil.png", "/evil.png"])
def test_archive_that_escapes(server: Any, tmp_path: Path, member: str) -> None:
    body = zipped({"good.png": b"good", member: b"evil"})
    server.serve("/a.zip", body)
    with pytest.raises(ArchiveError, match="would leave"):
        fetch_dataset(plain(server, f"md5:{md5(body)}"), tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == ["downloads"]


def test_archive_by_hand(tmp_path: Path) -> None:
    archive = tmp_path / "archive (3).zip"
    archive.write_bytes(zipped({"Training/glioma/1.jpg": b"1", "Testing/glioma/2.jpg": b"2"}))
    target = fetch("sartaj", tmp_path / "store", archive=archive)
    assert files(target) == {"Training/glioma/1.jpg": b"1", "Testing/glioma/2.jpg": b"2"}
    record = json.loads((target / fetching.RECORD).read_text("utf-8"))
    assert record["source"] == "kaggle-mri"
    # The same again changes nothing; another takes its place.
    inode = (target / fetching.RECORD).stat().st_ino
    fetch("sartaj", tmp_path / "store", archive=archive)
    assert (target / fetching.RECORD).stat().st_ino == inode
    archive.write_bytes(SECOND)
    fetch("sartaj", tmp_path / "store", archive=archive)
    assert files(target) == {"3.mat": b"3"}


def test_figshare_as_one_archive_of_archives(tmp_path: Path) -> None:
    archive = tmp_path / "1512427.zip"
    archive.write_bytes(zipped({"1-2.zip": FIRST, "cvind.mat": b"c"}))
    target = fetch("figshare", tmp_path / "store", archive=archive)
    assert sorted(files(target)) == ["1-2/1.mat", "1-2/2.mat", "cvind.mat"]


def test_archive_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"<html>")
    for path in (tmp_path / "a.zip", tmp_path / "none.zip", tmp_path):
        with pytest.raises(UsageError, match=r"no zip or tar archive.*kaggle\.com/datasets"):
            fetch("lgg", tmp_path / "store", archive=path)
    assert not (tmp_path / "store").exists()


def test_folder_of_others_is_left_alone(server: Any, tmp_path: Path) -> None:
    server.serve("/a.zip", FIRST)
    (tmp_path / "played").mkdir()
    fetch_dataset(plain(server), tmp_path)
    target = tmp_path / "played"
    (target / fetching.RECORD).unlink()
    with pytest.raises(UsageError, match="was not fetched"):
        fetch_dataset(plain(server), tmp_path)
    assert sorted(files(target)) == ["1.mat", "2.mat"]


def kagglehub(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[str]:
    """Play kagglehub: gives a folder, or raises."""
    asked: list[str] = []

    def dataset_download(handle: str) -> str:
        asked.append(handle)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    module = types.ModuleType("kagglehub")
    module.dataset_download = dataset_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    return asked


def test_kaggle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "yes").mkdir(parents=True)
    (cache / "yes" / "1.jpg").write_bytes(b"1")
    asked = kagglehub(monkeypatch, cache)
    target = fetch("br35h", tmp_path / "store")
    assert asked == ["ahmedhamada0/brain-tumor-detection"]
    assert files(target) == {"yes/1.jpg": b"1"}
    # The recorded digest is the one of `sha256sum` over the files' lines.
    line = f"{hashlib.sha256(b'1').hexdigest()}  yes/1.jpg\n"
    own = json.loads((tmp_path / "store/downloads/br35h/checksums.json").read_text("utf-8"))
    assert own == {asked[0]: f"sha256:{hashlib.sha256(line.encode()).hexdigest()}"}

    target.rename(tmp_path / "elsewhere")
    (cache / "yes" / "1.jpg").write_bytes(b"another")
    with pytest.raises(GliaboostError, match="not what came the first time"):
        fetch("br35h", tmp_path / "store")
    assert not target.exists()


def test_kaggle_without_kagglehub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    for name, entry in CATALOGUE.items():
        if isinstance(entry.origin, KaggleDataset):
            with pytest.raises(UsageError) as caught:
                fetch(name, tmp_path)
            message = str(caught.value)
            assert "gliaboost[kaggle]" in message
            assert f"https://www.kaggle.com/datasets/{entry.origin.slug}" in message
            assert f"gliaboost fetch {name} --archive FILE" in message
    assert list(tmp_path.iterdir()) == []


def test_kaggle_not_set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kagglehub(monkeypatch, RuntimeError("401 Client Error"))
    with pytest.raises(UsageError, match=r"401 Client Error[\s\S]*--archive FILE"):
        fetch("nickparvar", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no public data set 'brats'.*figshare"):
        fetch("brats", tmp_path)
