from __future__ import annotations

import json
from pathlib import Path

import pytest

from gliaboost.errors import DamagedFileError
from gliaboost.json_file import read_json, read_json_text, write_json


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_json('{"a": [1, "é"]}\n', tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") == {"a": [1, "é"]}
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"a": [1, "é"]}
    assert [f.name for f in tmp_path.iterdir()] == ["a.json"]


def test_files_without_a_seal_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1}\n')
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_an_altered_number_is_refused_and_says_how_to_edit(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json('{"a": 1}', path)
    path.write_bytes(path.read_bytes().replace(b"1", b"3"))
    with pytest.raises(DamagedFileError, match="remove its last line, which is blank"):
        read_json(path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert read_json(path) == {"a": 3}


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": \xff}', b"[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(DamagedFileError, match="is damaged"):
        read_json(tmp_path / "a.json")


def test_text_is_not_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    assert read_json_text(tmp_path / "a.json") == "{"
