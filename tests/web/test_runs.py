from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gliaboost._face.job_process import EXIT, JOB, LOG
from tests.web.conftest import Made, OpenPage, framed, words

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"


def job(runs: Path, name: str, pid: int = 0) -> Path:
    folder = runs / name
    folder.mkdir(parents=True, exist_ok=True)
    known = {"kind": "benchmark", "words": ["benchmark", "data"], "begun": "2026-01-01", "pid": pid}
    (folder / JOB).write_text(json.dumps(known))
    return folder


@pytest.mark.integration
def test_a_run_that_was_begun_earlier_is_read_on_the_page(
    made: Made, open_page: OpenPage, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "figshare"
    run.mkdir(parents=True)
    for name in ("results.json", "predictions.parquet"):
        (run / name).write_bytes((FIGSHARE / name).read_bytes())
    page = open_page(made.bundle, runs=str(tmp_path / "runs"))
    page.radio(key="view").set_value("Benchmark").run()
    assert not page.exception and not page.error
    assert "figshare" in framed(page)


def test_a_running_one_is_found_again_with_its_log_and_can_be_stopped(
    made: Made, open_page: OpenPage, tmp_path: Path
) -> None:
    folder = job(tmp_path / "runs", "mine")
    waits = [sys.executable, "-c", "import time; time.sleep(600)", str(folder.resolve())]
    process = subprocess.Popen(waits, start_new_session=True)
    try:
        job(tmp_path / "runs", "mine", process.pid)
        (folder / LOG).write_text("fold 2 of 5\n")
        page = open_page(made.bundle, runs=str(tmp_path / "runs"))
        page.radio(key="view").set_value("Benchmark").run()
        assert page.code[0].value == "fold 2 of 5" and "goes on if you close" in words(page)
        page.button(key="stop").click().run()
        process.wait(60)
    finally:
        process.kill()
    page.run()
    assert "It was stopped" in words(page) and not page.exception


def test_one_that_failed_says_why(made: Made, open_page: OpenPage, tmp_path: Path) -> None:
    folder = job(tmp_path / "runs", "mine")
    (folder / LOG).write_text("gliaboost: data: 2 faults\n")
    (folder / EXIT).write_text("2")
    page = open_page(made.bundle, runs=str(tmp_path / "runs"))
    page.radio(key="view").set_value("Benchmark").run()
    assert "It failed" in words(page) and page.code[0].value == "gliaboost: data: 2 faults"


def test_without_a_run_that_is_said(made: Made, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(made.bundle, runs=str(tmp_path / "runs"))
    page.radio(key="view").set_value("Benchmark").run()
    assert "No run is there yet" in words(page)
    assert page.selectbox(key="preset").options == ["fast", "good", "best"]
    with pytest.raises(KeyError):
        page.button(key="stop")


def test_runs_are_listed_the_latest_first_with_their_state(
    made: Made, open_page: OpenPage, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    for name, code in (("broken", "2"), ("lost", "0"), ("killed", "")):
        folder = job(runs, name)
        if code:
            (folder / EXIT).write_text(code)
    (runs / "figshare").mkdir()
    (runs / "figshare" / "results.json").write_bytes((FIGSHARE / "results.json").read_bytes())
    (runs / "empty").mkdir()
    page = open_page(made.bundle, runs=str(runs))
    page.radio(key="view").set_value("Benchmark").run()
    # It was written later than those were begun.
    assert page.selectbox(key="run").options == [
        "figshare", "lost", "killed (stopped)", "broken (failed)",
    ]  # fmt: skip
    assert "233 patients" in framed(page) and not page.exception
    page.selectbox(key="run").set_value("lost").run()
    assert "holds no results any more" in words(page)
    # It goes on, and ends otherwise: what was chosen stays chosen.
    page.selectbox(key="run").set_value("killed").run()
    (runs / "killed" / EXIT).write_text("2")
    page.run()
    assert page.selectbox(key="run").value == "killed" and "It failed" in words(page)


def test_a_torn_run_is_a_red_line_beside_the_others(
    made: Made, open_page: OpenPage, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "torn"
    run.mkdir(parents=True)
    (run / "results.json").write_bytes((FIGSHARE / "results.json").read_bytes()[:999])
    page = open_page(made.bundle, runs=str(tmp_path / "runs"))
    page.radio(key="view").set_value("Benchmark").run()
    assert "run gliaboost benchmark again" in words(page) and not page.exception
    assert page.selectbox(key="run").options == ["torn"]
