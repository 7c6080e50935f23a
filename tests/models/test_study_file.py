"""A journal is read as far as it is whole, and cut back to its last finished trial."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.errors import DamagedWarning, WriteError
from gliaboost.models.study_file import StudyFile

optuna = pytest.importorskip("optuna")
BEGIN = {"op_code": 0, "study_name": "a", "directions": [1]}


def trial(number: int, state: int | None = 1, reason: str = "") -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [
        {"op_code": 4, "study_id": 0},
        {"op_code": 5, "trial_id": number, "param_name": "x", "param_value_internal": 0.5},
    ]
    if reason:
        steps.append({"op_code": 8, "trial_id": number, "user_attr": {"reason": reason}})
    if state is not None:
        steps.append({"op_code": 6, "trial_id": number, "state": state, "values": [0.25]})
    return steps


def written(path: Path, *trials: list[dict[str, Any]]) -> Path:
    file = StudyFile(path)
    file.append_logs([BEGIN])
    for steps in trials:
        file.append_logs(steps)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    steps = [BEGIN, *trial(0), *trial(1, 2), *trial(2, 3, "nan")]
    path = written(tmp_path / "s", *[trial(0), trial(1, 2), trial(2, 3, "nan")])
    assert StudyFile(path).read_logs(0) == steps
    assert StudyFile(path).read_logs(4) == steps[4:]


@pytest.mark.parametrize("last", [trial(1, None), trial(1, 0), trial(1, 3), trial(1, 4)])
def test_a_trial_that_did_not_end_of_itself_never_began(tmp_path: Path, last: Any) -> None:
    path = written(tmp_path / "s", trial(0))
    whole = path.read_bytes()
    StudyFile(path).append_logs(last)
    assert StudyFile(path).read_logs(0) == [BEGIN, *trial(0)]
    assert path.read_bytes() == whole


def test_an_older_interrupted_trial_in_the_middle_stays(tmp_path: Path) -> None:
    path = written(tmp_path / "s", trial(0, 3), trial(1))
    assert StudyFile(path).read_logs(0) == [BEGIN, *trial(0, 3), *trial(1)]


@pytest.mark.integration
def test_an_end_torn_anywhere_is_dropped_without_a_word(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = written(tmp_path / "s", trial(0), trial(1))
    data = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(data) if byte == 10]
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        steps = StudyFile(path).read_logs(0)
        whole = sum(end <= cut for end in ends)
        # A line that lacks its end alone may be taken, and is then written again.
        assert len(steps) in {n for n in (0, 1, 4, 7) if n <= whole}
        assert steps == [BEGIN, *trial(0), *trial(1)][: len(steps)]
        assert path.read_bytes() == data[: [0, *ends][len(steps)]]
    assert not recwarn.list


def test_a_damaged_line_is_told_and_kept_aside(tmp_path: Path) -> None:
    path = written(tmp_path / "s", trial(0), trial(1))
    data = path.read_bytes()
    altered = data.replace(b"0.25", b"0.75", 1)
    path.write_bytes(altered)
    with pytest.warns(DamagedWarning, match=r"its line 4 is not what was written"):
        assert StudyFile(path).read_logs(0) == [BEGIN]
    assert (tmp_path / "s.damaged").read_bytes() == altered
    assert path.read_bytes() == data.splitlines(keepends=True)[0]


def test_every_flipped_bit_is_told_or_without_effect(tmp_path: Path) -> None:
    path = written(tmp_path / "s", trial(0), trial(1))
    data, steps = path.read_bytes(), [BEGIN, *trial(0), *trial(1)]
    for bit in np.random.default_rng(0).integers(0, 8 * len(data), 200):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        path.write_bytes(altered)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = StudyFile(path).read_logs(0)
        own = [{k: v for k, v in s.items() if k in steps[i]} for i, s in enumerate(found)]
        assert own == steps[: len(own)]
        last = bit // 8 >= data.rindex(b"\n", 0, -1)
        assert len(found) == len(steps) or last or len(warned) == 1
        (tmp_path / "s.damaged").unlink(missing_ok=True)


def test_lines_of_older_versions_have_no_check_value(tmp_path: Path) -> None:
    path = tmp_path / "s"
    steps = [BEGIN, *trial(0)]
    path.write_text("".join(json.dumps(s, separators=(",", ":")) + "\n" for s in steps))
    assert StudyFile(path).read_logs(0) == steps


def test_optuna_reads_the_file_by_itself(tmp_path: Path) -> None:
    storage = optuna.storages.JournalStorage(StudyFile(tmp_path / "s"))
    study = optuna.create_study(storage=storage, study_name="a")
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "s"))
    again = optuna.load_study(storage=optuna.storages.JournalStorage(backend), study_name="a")
    assert [t.value for t in again.trials] == [t.value for t in study.trials]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"cannot write .*--study"):
        StudyFile(tmp_path / "file" / "s").append_logs([BEGIN])


def test_a_place_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    path = tmp_path / "run" / "parts" / "s"
    StudyFile(path).append_logs([BEGIN])
    assert StudyFile(path).read_logs(0) == [BEGIN]
