from __future__ import annotations

import json
from pathlib import Path

import pytest

from gliaboost._face.job_process import EXIT, JOB, LOG, run_job


@pytest.mark.parametrize("code", [0, 3])
def test_what_a_command_says_and_how_it_ends_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    package = tmp_path / "gliaboost"
    package.mkdir()
    main = f"import sys; print(sys.argv[1:]); print('bad', file=sys.stderr); sys.exit({code})"
    (package / "__main__.py").write_text(main)
    (package / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / JOB).write_text(json.dumps({"words": ["audit", "a b"]}))
    monkeypatch.chdir(tmp_path)
    assert run_job(folder) == code and (folder / EXIT).read_text() == f"{code}\n"
    said = (folder / LOG).read_text()
    assert "['audit', 'a b']" in said and "bad" in said
