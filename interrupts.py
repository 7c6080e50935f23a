"""Ctrl-C and a kind kill: told apart by their exit codes, and seen however a library takes them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# Ctrl-C, what supervisors send, and a terminal that is closed.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
# Of the main thread, which alone is told of signals.
_outer: list[Seen] = []


@dataclass
class Seen:
    """Which signal came.

    Attributes
    ----------
    number : int or None
        The first one.
    """

    number: int | None = None

    @property
    def exit_code(self) -> int:
        """As shells give it: 130 of Ctrl-C, 143 of SIGTERM."""
        return 128 + (signal.SIGINT if self.number is None else self.number)


@contextmanager
def watched() -> Iterator[Seen]:
    """Let each of these signals raise KeyboardInterrupt while the block runs, and note it.

    What the process was told to ignore stays ignored, as by ``nohup``. In another thread than the
    main one nothing is watched. Within such a block another sees what the outer one sees.

    Examples
    --------
    >>> with watched() as seen:
    ...     try:
    ...         signal.raise_signal(signal.SIGTERM)
    ...     except KeyboardInterrupt:
    ...         print(seen.exit_code)
    143
    """
    if _outer and threading.current_thread() is threading.main_thread():
        yield _outer[-1]
        return
    seen = Seen()

    def note(number: int, _: FrameType | None) -> None:
        if seen.number is None:
            seen.number = number
        raise KeyboardInterrupt

    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {s: signal.getsignal(s) for s in _SIGNALS}
    mine = [s for s, handler in before.items() if handler in usual]
    if threading.current_thread() is not threading.main_thread():
        mine = []
    for number in mine:
        signal.signal(number, note)
    if mine:
        _outer.append(seen)
    try:
        yield seen
    finally:
        if mine:
            _outer.pop()
        for number in mine:
            signal.signal(number, before[number])
