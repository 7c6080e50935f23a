"""Progress on a terminal, and plain lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def sayer(quiet: bool) -> Callable[[str], None]:
    """Return a function that writes a line to standard error, or none when quiet."""
    return (lambda line: None) if quiet else (lambda line: print(line, file=sys.stderr, flush=True))


@contextmanager
def progress_bar(what: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on a terminal, a line for every tenth in a log, nothing when quiet.

    Parameters
    ----------
    what : str
        What is going on, e.g. ``"extracting"``.
    quiet : bool
        Show nothing.

    Yields
    ------
    callable or None
        To be told (done, total).
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
    else:
        tenths = 0

        def line(done: int, total: int) -> None:
            nonlocal tenths
            if total and done * 10 // total > tenths:
                tenths = done * 10 // total
                print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

        yield line
