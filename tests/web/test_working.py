from __future__ import annotations

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

from gliaboost._face.job_process import EXIT, JOB, LOG


def test_how_a_command_ended_is_said_with_lines_that_are_broken(tmp_path: Path) -> None:
    """What scrolls sideways is reached by no keyboard."""

    def script(folder: str) -> None:
        from pathlib import Path

        from gliaboost._face.jobs import jobs_in
        from gliaboost.web.working import show_end

        show_end(jobs_in(Path(folder))[0])

    folder = tmp_path / "run"
    folder.mkdir()
    known = {"kind": "benchmark", "words": ["benchmark", "data"], "begun": "2026", "pid": 0}
    (folder / JOB).write_text(json.dumps(known))
    (folder / LOG).write_text("x" * 500)
    (folder / EXIT).write_text("2")
    page = AppTest.from_function(script, args=(str(tmp_path),), default_timeout=30).run()
    assert not page.exception and "failed" in page.error[0].value
    assert page.code[0].value == "x" * 500 and page.code[0].proto.wrap_lines
