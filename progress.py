"""How a long job tells what it does, to whoever waits: a terminal, a page, a notebook, no one."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Protocol


class Progress(Protocol):
    """Hears how far a job is. Both methods are called in the thread that called the job.

    What a method raises ends the job: that is how a page's stop button works.

    Examples
    --------
    >>> class Printed:
    ...     def step(self, stage: str, done: int, total: int | None) -> None:
    ...         print(f"{stage}: {done} of {total}")
    ...
    ...     def line(self, text: str) -> None:
    ...         print(text)
    >>> def job(progress: Progress = SILENT) -> None:
    ...     progress.step("reading", 1, 2)
    ...     progress.line("half of it")
    >>> job(Printed())
    reading: 1 of 2
    half of it
    """

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Hear how much of a stage is done.

        Parameters
        ----------
        stage : str
            What is going on, e.g. ``"extracting"``; for a download the file's name.
        done : int
            Images so far, or bytes of a download.
        total : int or None
            In all; None where that is not known.
        """

    def line(self, text: str) -> None:
        """Hear a sentence, without a line break."""


class Silent:
    """Hears everything and does nothing."""

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Do nothing."""

    def line(self, text: str) -> None:
        """Do nothing."""


SILENT: Progress = Silent()


@dataclass
class Log:
    """Writes lines to standard error, and every tenth of a stage as one: for logs and notebooks.

    Examples
    --------
    >>> import contextlib, io
    >>> with contextlib.redirect_stderr(io.StringIO()) as written:
    ...     log = Log()
    ...     log.step("reading", 1, 20)
    ...     log.step("reading", 2, 20)
    >>> print(written.getvalue(), end="")
    reading: 2 of 20
    """

    stage: str = field(default="", init=False)
    done: int = field(default=0, init=False)
    tenths: int = field(default=0, init=False)

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Write a line when a further tenth is done."""
        if stage != self.stage or done < self.done:
            self.tenths = 0
        self.stage, self.done = stage, done
        if total and done * 10 // total > self.tenths:
            self.tenths = done * 10 // total
            self.line(f"{stage}: {done} of {total}")

    def line(self, text: str) -> None:
        """Write a line to standard error."""
        print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Substage:
    """Passes on what a smaller job tells, as a part of a larger one.

    Parameters
    ----------
    progress : Progress
        Hears of the larger one.
    stage : str
        Its name, whatever the smaller job calls itself.
    before : int
        What was done before the smaller job began.
    total : int, optional
        Of the larger one; default: as the smaller job says.

    Examples
    --------
    >>> class Printed(Silent):
    ...     def step(self, stage: str, done: int, total: int | None) -> None:
    ...         print(f"{stage}: {done} of {total}")
    >>> Substage(Printed(), "auditing", before=10, total=12).step("reading", 1, 2)
    auditing: 11 of 12
    """

    progress: Progress
    stage: str
    before: int = 0
    total: int | None = None

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Pass on under the larger job's name and numbers."""
        whole = total if self.total is None else self.total
        self.progress.step(self.stage, self.before + done, whole)

    def line(self, text: str) -> None:
        """Pass on as it is."""
        self.progress.line(text)


@dataclass(frozen=True)
class Prefixed:
    """Passes on lines behind a few words that say what they are about.

    Parameters
    ----------
    progress : Progress
        Hears the lines.
    prefix : str
        What they begin with.
    """

    progress: Progress
    prefix: str

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Pass on as it is."""
        self.progress.step(stage, done, total)

    def line(self, text: str) -> None:
        """Pass on behind the prefix."""
        self.progress.line(self.prefix + text)
