"""A search's journal on disk: what a kill or a disk spoiled of it is dropped, and done again."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from gliaboost.errors import DamagedFileError
from gliaboost.files import replacing, set_aside, writing

# Optuna's numbers of what a line of its journal does, and of how a trial can end.
_CREATE_STUDY, _CREATE_TRIAL, _SET_STATE, _SET_ATTRIBUTE = 0, 4, 6, 8
_COMPLETE, _PRUNED, _FAILED = 1, 2, 3
# What a trial of ours that failed tells; one that was interrupted has none.
REASON = "reason"
REMEDY = (
    "free space, or name another place with --study. The same command then goes on from its last "
    "whole trial"
)
_CHECK = re.compile(rb',"crc32":"([0-9a-f]{8})"\}\n\Z')


class StudyFile:
    """The storage of Optuna's journal in a file that one process writes: JSON, a line a step.

    Each line ends in a check value of its own, in a key that Optuna passes over. Opening cuts the
    file back to the end of its last finished trial, so that a search that was killed goes on as if
    that trial had never begun.

    Parameters
    ----------
    path : pathlib.Path
        Made where it is missing. Lines of older versions have no check value.

    Warns
    -----
    DamagedWarning
        If a line before the last is damaged: a copy of the file is set aside.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.study"
    >>> StudyFile(path).append_logs([{"op_code": 0, "study_name": "a"}])
    >>> StudyFile(path).append_logs([{"op_code": 4, "study_id": 0}])
    >>> StudyFile(path).read_logs(0)
    [{'op_code': 0, 'study_name': 'a'}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        data = path.read_bytes() if path.exists() else b""
        lines = data.splitlines(keepends=True)
        steps = [step for step in takewhile(bool, map(_step, lines)) if step]
        self._steps = steps[: _finished(steps)]
        kept = b"".join(lines[: len(self._steps)])
        if any(line.endswith(b"\n") for line in lines[len(steps) :]):
            # More than the torn end of the last writing.
            reason = f"its line {len(steps) + 1} is not what was written"
            set_aside(DamagedFileError(path, reason), "the trials from there on are done again")
        if kept != data:
            with replacing(path, remedy=REMEDY) as temporary:
                temporary.write_bytes(kept)

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """Return the steps from one on, as Optuna asks for them."""
        return self._steps[log_number_from:]

    def append_logs(self, logs: Iterable[dict[str, Any]]) -> None:
        """Write steps behind the others, and wait until the disk has them.

        Raises
        ------
        WriteError
            If they cannot be written; a next opening drops what of them was.
        """
        texts = [json.dumps(log, separators=(",", ":")) for log in logs]
        with writing(self.path, remedy=REMEDY):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"".join(_line(text.encode()) for text in texts))
                file.flush()
                os.fsync(file.fileno())
        self._steps += [json.loads(text) for text in texts]


def _line(text: bytes) -> bytes:
    return text[:-1] + b',"crc32":"%08x"}\n' % zlib.crc32(text)


def _step(line: bytes) -> dict[str, Any] | None:
    """Read a line; None where it is torn or damaged."""
    check = _CHECK.search(line)
    if check is not None:
        line = line[: check.start()] + b"}\n"
        if int(check[1], 16) != zlib.crc32(line[:-1]):
            return None
    try:
        step = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(step, dict) and line.endswith(b"\n")
    return step if whole and isinstance(step.get("op_code"), int) else None


def _finished(steps: Sequence[Mapping[str, Any]]) -> int:
    """Count the steps to the end of the last trial that ended of itself, or was created after."""
    reasons: set[int] = set()
    kept = 0
    for number, step in enumerate(steps, start=1):
        code, trial = step["op_code"], step.get("trial_id")
        if code == _SET_ATTRIBUTE and REASON in step.get("user_attr", {}):
            reasons.add(int(str(trial)))
        ended = code == _SET_STATE and (
            step.get("state") in (_COMPLETE, _PRUNED)
            or (step.get("state") == _FAILED and trial in reasons)
        )
        if ended or code < _CREATE_TRIAL:
            kept = number
    return kept
