from __future__ import annotations

import json
from pathlib import Path

import pytest

import gliaboost
from gliaboost._face.job_process import EXIT, JOB
from gliaboost.web import working
from tests.web.conftest import Made, OpenPage, framed, words


@pytest.fixture
def runs(made: Made, tmp_path: Path) -> Path:
    """A folder of runs with an audit in it, in which two pictures are one."""
    data = tmp_path / "data"
    data.mkdir()
    for n, label in enumerate(("a", "b")):
        (data / label).mkdir()
        (data / label / f"{n}.png").write_bytes(made.picture())
        (data / label / f"{n}-other.png").write_bytes(made.picture("p05-0.png"))
        (data / label / "own.png").write_bytes(made.picture(f"p0{n + 1}-1.png"))
    folder = tmp_path / "runs" / "data-audit"
    folder.mkdir(parents=True)
    gliaboost.audit(data, out=folder)
    known = {"kind": "audit", "words": ["audit", str(data)], "begun": "2026-01-01", "pid": 0}
    (folder / JOB).write_text(json.dumps(known))
    (folder / EXIT).write_text("0")
    return tmp_path / "runs"


def test_an_audit_is_read_on_the_page_and_its_pairs_clicked_through(
    made: Made, open_page: OpenPage, runs: Path
) -> None:
    page = open_page(made.bundle, runs=str(runs))
    page.radio(key="view").set_value("Data").run()
    said = words(page)
    assert not page.exception and not page.error
    assert "The same file" in said and "under two labels" in said and len(page.image) == 2
    assert "gliaboost" in framed(page)
    pair = page.number_input[0]
    assert pair.value == 1 and pair.max is not None and pair.max >= 2
    page.button(key="pair-back").click().run()
    assert page.number_input[0].value == pair.max and not page.exception
    page.button(key="pair-on").click().run()
    assert page.number_input[0].value == 1
    page.number_input[0].set_value(2).run()
    assert len(page.image) == 2 and not page.exception and not page.error


def test_a_picture_that_is_gone_is_said_and_the_rest_is_shown(
    made: Made, open_page: OpenPage, runs: Path
) -> None:
    for file in (runs.parent / "data").rglob("*.png"):
        file.unlink()
    page = open_page(made.bundle, runs=str(runs))
    page.radio(key="view").set_value("Data").run()
    assert len(page.error) == 2 and not page.exception and "gliaboost" in framed(page)


def test_a_look_is_begun_on_what_is_there(
    made: Made, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[str, Path]] = []

    def begin(kind: str, data: Path, runs: Path, options: list[str]) -> object:
        begun.append((kind, data))
        from gliaboost._face.jobs import Job

        return Job(runs / "x", kind, (kind, str(data)), "", 0)

    page = open_page(made.bundle, runs=str(tmp_path / "runs"))
    page.radio(key="view").set_value("Data").run()
    page.button(key="begin-explore").click().run()
    assert "Name a folder" in words(page)
    page.text_input(key="data").set_value(str(tmp_path / "nothing"))
    page.button(key="begin-explore").click().run()
    assert "no such file or folder" in words(page) and not page.exception
    monkeypatch.setattr(working, "begin", begin)
    page.text_input(key="data").set_value(str(made.folder))
    page.button(key="begin-audit").click().run()
    assert begun == [("audit", made.folder)] and not page.exception


@pytest.mark.integration
@pytest.mark.parametrize("view", ["Data", "Benchmark"])
def test_where_others_reach_the_page_no_folder_is_shown(
    made: Made, open_page: OpenPage, runs: Path, view: str
) -> None:
    page = open_page(made.bundle, runs=str(runs), local=False)
    page.radio(key="view").set_value(view).run()
    assert "open to others" in words(page) and not page.text_input and not page.image
