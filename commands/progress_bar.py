"""Progress on a terminal, and plain lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gliaboost.commands.printed import bare
from gliaboost.progress import SILENT, Log, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@contextmanager
def shown_progress(quiet: bool = False) -> Iterator[Progress]:
    """Show steps and lines on standard error: bars on a terminal, every tenth in a log.

    Parameters
    ----------
    quiet : bool
        Show nothing.

    Yields
    ------
    Progress
        Its lines may be used after the ``with``; no bar outlives it.
    """
    if quiet:
        yield SILENT
    elif sys.stderr.isatty():
        bars = Bars()
        try:
            yield bars
        finally:
            bars.close()
    else:
        yield Log()


@dataclass
class Bars:
    """Draws a bar for the stage that goes on, and removes it when the stage is done."""

    stage: str = ""
    bar: Bar | None = None
    task: Any = field(default=None)

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Draw the stage's bar."""
        if stage != self.stage:
            self.close()
        if self.bar is None:
            self.stage = stage
            self.bar = _bar()
            self.bar.start()
            self.task = self.bar.add_task(stage, total=total)
        self.bar.update(self.task, completed=done, total=total)
        if total is not None and done >= total:
            self.close()

    def line(self, text: str) -> None:
        """Write a line to standard error, above the bar."""
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()
        self.bar = None


@dataclass(frozen=True)
class Megabytes:
    """Writes a download's bytes as megabytes, a line every tenth."""

    progress: Progress
    _last: dict[str, int] = field(default_factory=dict)

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Write a line when a further tenth is there, or 64 MiB where the size is not known."""
        tenth = done * 10 // total if total else done // 2**26
        if tenth != self._last.get(stage):
            self._last[stage] = tenth
            of = f" of {total / 1e6:.0f}" if total else ""
            self.line(f"{stage}: {done / 1e6:.0f}{of} MB")

    def line(self, text: str) -> None:
        """Pass on."""
        self.progress.line(text)


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=bare(sys.stderr)),
        transient=True,
    )
