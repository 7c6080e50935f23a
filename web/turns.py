"""Whose turn it is to ask a model: one visitor at a time, and answers before all else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Seconds that what is no answer waits while answers are asked for; then it is its turn as well.
PATIENCE = 10.0


class Turns:
    """A lock with two doors.

    Whoever dropped a picture waits for the answer; the explanation, the outline and the rest of
    a scan are read after it, and are computed when nobody waits for an answer.

    Examples
    --------
    >>> turns = Turns()
    >>> with turns.answer():
    ...     turns.taken
    True
    >>> turns.taken
    False
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._waiting = 0

    @property
    def taken(self) -> bool:
        """Whether somebody asks."""
        return self._taken

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Ask for an answer: after whoever asks now."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: not self._taken)
            finally:
                self._waiting -= 1
            self._taken = True
        yield from self._turn()

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Ask for what is read after an answer: when nobody waits for one."""
        with self._changed:
            free = self._changed.wait_for(lambda: not (self._taken or self._waiting), PATIENCE)
            if not free:
                self._changed.wait_for(lambda: not self._taken)
            self._taken = True
        yield from self._turn()

    def _turn(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
