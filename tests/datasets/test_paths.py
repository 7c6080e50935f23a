from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gliaboost.datasets import paths as module
from gliaboost.datasets.paths import absolute, are_there, is_open, joined, relative
from gliaboost.remote import as_url, write_remote


@pytest.mark.parametrize(
    ("root", "cell", "leads"),
    [
        ("/data", "a.png", "/data/a.png"),
        ("/data", "/other/a.png", "/other/a.png"),
        ("/data", "s3://bucket/a.png", "s3://bucket/a.png"),
        ("s3://bucket/set", "x/a.png", "s3://bucket/set/x/a.png"),
        ("s3://bucket/set", "https://host/a.png", "https://host/a.png"),
    ],
)
def test_cells_lead_to_files_and_urls(root: str, cell: str, leads: str) -> None:
    found = joined(Path(root), cell)
    assert (as_url(found) or found.as_posix()) == leads


def test_urls_stay_what_they_are_from_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = Path("s3://bucket/set/x/a.png")
    assert absolute(url) == url and absolute(Path("a.png")) == tmp_path / "a.png"
    assert relative(url, tmp_path) == "s3://bucket/set/x/a.png"
    assert relative(url, Path("s3://bucket/set")) == "x/a.png"
    assert relative(url, Path("s3://bucket/se")) == "s3://bucket/set/x/a.png"
    assert relative(tmp_path / "x" / "a.png", tmp_path) == "x/a.png"
    assert is_open(url)


@pytest.mark.integration
def test_a_folder_of_urls_is_listed_once(
    s3_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png", "in/c.png"):
        write_remote(f"{s3_folder}/{name}", b"x")
    (tmp_path / "d.png").touch()
    asked: list[str] = []
    listing: Callable[[str], list[str]] = vars(module)["listed"]

    def counted(url: str) -> list[str]:
        asked.append(url)
        return listing(url)

    monkeypatch.setattr(module, "listed", counted)
    root = Path(s3_folder)
    given = [root / "a.png", root / "none.png", root / "in/c.png", root / "b.png", root / "in"]
    given += [tmp_path / "d.png", tmp_path / "none.png", Path("https://host/none.png")]
    assert are_there(given) == [True, False, True, True, True, True, False, True]
    assert asked == [s3_folder, f"{s3_folder}/in"]


def test_what_cannot_be_listed_is_told_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(url: str) -> list[str]:
        raise PermissionError(13, "Forbidden", url)

    monkeypatch.setattr(module, "listed", refused)
    assert are_there([Path("s3://bucket/a.png")]) == [True]
