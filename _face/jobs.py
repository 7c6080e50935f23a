"""Commands that run on by themselves: begun, found again by whoever comes later, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from gliaboost._face.job_process import EXIT, JOB, LOG
from gliaboost._face.runs import timed_place
from gliaboost.errors import UsageError
from gliaboost.files import replacing

# What may be begun: words of the command line, and where its answer lies in the folder.
PAGES = {"benchmark": "report.html", "explore": "explore.html", "audit": "audit.html"}
State = Literal["running", "done", "failed", "stopped"]
# Bytes of a log that are read at most.
_TAIL = 64 * 1024


@dataclass(frozen=True)
class Job:
    """One command.

    Attributes
    ----------
    folder : Path
        Where it writes.
    kind : str
        One of `PAGES`.
    words : tuple of str
        The command's, without ``gliaboost``.
    begun : str
        When, by this machine's clock.
    pid : int
        Of its process.
    """

    folder: Path
    kind: str
    words: tuple[str, ...]
    begun: str
    pid: int

    @property
    def code(self) -> int | None:
        """How it ended; None as long as it has not, or where it was killed."""
        try:
            return int((self.folder / EXIT).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    @property
    def state(self) -> State:
        """Whether it runs, and how it ended."""
        if self.code is not None:
            # 1: some files could not be read, and the rest was done.
            done = self.code == 0 or (self.code == 1 and self.page.is_file())
            return "done" if done else "failed"
        return "running" if _lives(self.pid, self.folder) else "stopped"

    @property
    def page(self) -> Path:
        """What it makes."""
        return self.folder / PAGES[self.kind]

    def log(self, lines: int = 20) -> list[str]:
        """Give the last lines that it said."""
        try:
            with (self.folder / LOG).open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - _TAIL))
                said = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        # A bar writes over its own line.
        own = [line.rpartition("\r")[2].rstrip() for line in said.split("\n")]
        return [line for line in own if line][-lines:]

    def stop(self) -> None:
        """End it, with all that it began."""
        if self.state == "running":
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self.pid, signal.SIGTERM)
                else:
                    os.kill(self.pid, signal.SIGTERM)


def begin(kind: str, data: Path, runs: Path, *, options: Sequence[str] = ()) -> Job:
    """Begin a command on a data set; it goes on when this process ends.

    Parameters
    ----------
    kind : str
        One of `PAGES`.
    data : Path
        A folder, an archive or a manifest.
    runs : Path
        The folder of runs, in which it gets a new one.
    options : sequence of str
        Further words.

    Raises
    ------
    UsageError
        If there is nothing at `data`.
    """
    if not data.exists():
        raise UsageError(f"{data}: no such file or folder")
    folder = timed_place(f"{data.stem}-{kind}" if kind != "benchmark" else data.stem, runs)
    folder.mkdir(parents=True)
    out = folder / PAGES[kind] if kind == "explore" else folder
    words = [kind, str(data.resolve()), *options, "--out", str(out.resolve())]
    known = {"kind": kind, "words": words, "begun": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
    _write(folder, known)
    process = subprocess.Popen(
        [sys.executable, "-m", "gliaboost._face.job_process", str(folder.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _write(folder, {**known, "pid": process.pid})
    return _read(folder)  # type: ignore[return-value]


def jobs_in(runs: Path) -> list[Job]:
    """List the jobs in a folder of runs, the latest first."""
    found = [_read(file.parent) for file in runs.glob(f"*/{JOB}")]
    known = [job for job in found if job is not None]
    return sorted(known, key=lambda job: (job.begun, job.folder.name), reverse=True)


def _write(folder: Path, known: Mapping[str, object]) -> None:
    with replacing(folder / JOB) as temporary:
        temporary.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def _read(folder: Path) -> Job | None:
    try:
        known = json.loads((folder / JOB).read_text("utf-8"))
        words = tuple(map(str, known["words"]))
        kind, begun, pid = str(known["kind"]), str(known["begun"]), int(known.get("pid", 0))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Job(folder, kind, words, begun, pid) if kind in PAGES else None


def _lives(pid: int, folder: Path) -> bool:
    """Whether the process is there, and still the one that was begun."""
    if pid <= 0:
        return False
    with contextlib.suppress(OSError, AttributeError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours that ended is there until it is asked for
    try:
        os.kill(pid, 0)
    except (OSError, SystemError):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return True  # another system: the number must do
    return os.fsencode(str(folder.resolve())) in words
