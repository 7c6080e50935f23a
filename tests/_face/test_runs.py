from __future__ import annotations

import json
from pathlib import Path

import pytest

from gliaboost._face import runs
from gliaboost._face.runs import identity_of, new_place, own_folder, run_folder, write_note

ONE, OTHER = identity_of({"seed": 0}), identity_of({"seed": 1})


def test_a_new_run_has_a_folder_with_name_and_time(tmp_path: Path) -> None:
    folder, unfinished = run_folder("my data", ONE, "as typed", tmp_path)
    assert folder.name.startswith("my-data-2") and not unfinished
    note = json.loads((folder / "run.json").read_text("utf-8"))
    assert note == {"identity": ONE, "command": "as typed", "done": False}


def test_an_unfinished_run_goes_on_and_a_finished_one_is_left_alone(tmp_path: Path) -> None:
    folder, _ = run_folder("data", ONE, runs=tmp_path)
    assert run_folder("data", ONE, runs=tmp_path) == (folder, True)
    other, unfinished = run_folder("data", OTHER, runs=tmp_path)
    assert other != folder and not unfinished
    write_note(folder, ONE, "", done=True)
    again, unfinished = run_folder("data", ONE, runs=tmp_path)
    assert again not in (folder, other) and not unfinished


def test_folders_without_a_note_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "strange").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    (tmp_path / "listed").mkdir()
    (tmp_path / "listed" / "run.json").write_text("[]")
    assert not run_folder("data", ONE, runs=tmp_path)[1]


def test_a_place_is_one_that_nothing_has(tmp_path: Path) -> None:
    assert new_place("a/b c", tmp_path, ".html") == tmp_path / "a-b-c.html"
    (tmp_path / "a.html").touch()
    (tmp_path / "a-2.html").touch()
    assert new_place("a", tmp_path, ".html") == tmp_path / "a-3.html"
    assert new_place("..", tmp_path).name == "run"


def test_two_runs_that_begin_in_one_moment_have_two_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter(["x", "x", "x-2"])
    monkeypatch.setattr(runs, "timed_place", lambda name, where: where / next(numbers))
    folders = [run_folder("data", identity, runs=tmp_path)[0] for identity in (ONE, OTHER)]
    assert [f.name for f in folders] == ["x", "x-2"]


def test_a_place_of_its_own_is_gone_back_to_and_leaves_another_run_alone(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    assert own_folder(place, ONE) == place
    place.mkdir()  # of a version that left no note
    second = own_folder(place, ONE)
    assert second == tmp_path / "demo-2"
    second.mkdir()
    for done in (False, True):
        write_note(second, ONE, "", done=done)
        assert own_folder(place, ONE) == second
    assert own_folder(place, OTHER) == tmp_path / "demo-3"
