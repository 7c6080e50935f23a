from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gliaboost._face.job_process import EXIT, JOB, LOG
from gliaboost._face.jobs import Job, begin, jobs_in
from gliaboost.errors import UsageError


def made(runs: Path, name: str = "a", **known: object) -> Path:
    folder = runs / name
    folder.mkdir(parents=True)
    usual = {"kind": "audit", "words": ["audit", "data"], "begun": "2026-01-01 10:00:00", "pid": 0}
    (folder / JOB).write_text(json.dumps({**usual, **known}))
    return folder


def only(runs: Path) -> Job:
    (job,) = jobs_in(runs)
    return job


@pytest.mark.integration
def test_a_job_is_found_again_by_another_process_with_its_log_and_its_end(tmp_path: Path) -> None:
    """Begun by a process that ends at once, as a server does: the job goes on."""
    data = tmp_path / "data"
    data.mkdir()
    code = (
        "import sys; from pathlib import Path; from gliaboost._face.jobs import begin; "
        "print(begin('audit', Path(sys.argv[1]), Path(sys.argv[2])).folder)"
    )
    words = [sys.executable, "-c", code, str(data), str(tmp_path / "runs")]
    folder = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    deadline = time.monotonic() + 240
    while only(tmp_path / "runs").state == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    job = only(tmp_path / "runs")
    assert str(job.folder) == folder and job.state == "failed" and job.code == 2
    assert job.log()[-1].startswith("gliaboost: ")


@pytest.mark.parametrize(
    ("code", "page", "state"),
    [("0", True, "done"), ("1", True, "done"), ("1", False, "failed"), ("2", False, "failed")],
)
def test_its_end_is_told_by_its_code(tmp_path: Path, code: str, page: bool, state: str) -> None:
    folder = made(tmp_path)
    (folder / EXIT).write_text(code)
    if page:
        (folder / "audit.html").touch()
    assert only(tmp_path).state == state


def test_a_number_that_another_process_has_is_no_running_job(tmp_path: Path) -> None:
    made(tmp_path, pid=os.getpid())
    expected = "stopped" if Path("/proc/self/cmdline").exists() else "running"
    assert only(tmp_path).state == expected


def test_a_job_can_be_stopped(tmp_path: Path) -> None:
    folder = made(tmp_path)
    waits = [sys.executable, "-c", "import time; time.sleep(600)", str(folder.resolve())]
    process = subprocess.Popen(waits, start_new_session=True)
    (folder / JOB).unlink()
    folder.rmdir()
    made(tmp_path, pid=process.pid)
    assert only(tmp_path).state == "running"
    only(tmp_path).stop()
    process.wait(60)
    assert only(tmp_path).state == "stopped"


def test_the_log_is_what_a_terminal_would_show_at_last(tmp_path: Path) -> None:
    folder = made(tmp_path)
    assert only(tmp_path).log() == []
    (folder / LOG).write_bytes(b"one\n10 %\r50 %\r100 %\n\n\xff\n" + b"x\n" * 50)
    assert only(tmp_path).log(53)[:3] == ["one", "100 %", "\ufffd"]
    assert len(only(tmp_path).log()) == 20


def test_what_is_no_job_is_passed_over_and_the_latest_comes_first(tmp_path: Path) -> None:
    made(tmp_path, "old", begun="2026-01-01 10:00:00")
    made(tmp_path, "new", begun="2026-01-02 10:00:00")
    made(tmp_path, "odd", kind="rm -rf")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / JOB).write_text("{")
    assert [job.folder.name for job in jobs_in(tmp_path)] == ["new", "old"]
    assert jobs_in(tmp_path / "nowhere") == []


def test_nothing_begins_on_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        begin("audit", tmp_path / "nothing", tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_command_is_that_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Process:
        pid = 1

    monkeypatch.setattr(subprocess, "Popen", lambda *given, **named: Process())
    job = begin("benchmark", tmp_path, tmp_path / "runs", options=["--preset", "good"])
    assert job.words[:4] == ("benchmark", str(tmp_path.resolve()), "--preset", "good")
    assert job.words[4:] == ("--out", str(job.folder.resolve()))
    look = begin("explore", tmp_path, tmp_path / "runs")
    assert look.words[-1] == str((look.folder / "explore.html").resolve())
