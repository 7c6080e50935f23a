"""Warnings of workers, told to the client: on one machine its user would have seen them."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

from distributed import Worker, WorkerPlugin


class ToldWarnings(WorkerPlugin):  # type: ignore[misc,unused-ignore]
    """Sends what a worker warns of to who listens to a topic.

    Parameters
    ----------
    topic : str
        As `gliaboost.cluster.relay.Relay.warned` gives it.
    shown : bool
        Whether the worker shows it too, as it did: it may be somebody else's.
    """

    def __init__(self, topic: str, shown: bool) -> None:
        self.topic, self.shown = topic, shown
        self.name = f"warnings-{topic}"

    def setup(self, worker: Worker) -> None:
        """Take the place of what shows warnings."""
        self._worker, self._before, self._ended = worker, warnings.showwarning, False
        warnings.showwarning = self._show
        # To enter and leave makes Python forget what it has shown in an earlier run.
        with warnings.catch_warnings():
            pass

    def teardown(self, worker: Worker) -> None:
        """Give it back; one that has taken it since keeps it, and is passed on to."""
        self._ended = True
        if warnings.showwarning == self._show:
            warnings.showwarning = self._before

    def _show(self, message: Warning | str, *where: Any, **beside: Any) -> None:
        if self.shown or self._ended:
            self._before(message, *where, **beside)
        if not self._ended:
            self._worker.log_event(self.topic, {"warning": packed(message), "text": str(message)})


def packed(message: Warning | str) -> bytes:
    """Pickle a warning.

    Examples
    --------
    >>> unpacked(packed(RuntimeWarning("odd")), "odd")
    RuntimeWarning('odd')
    """
    try:
        return pickle.dumps(message)
    except Exception:  # a class may take anything
        return b""


def unpacked(data: bytes, text: str) -> Warning:
    """Make a warning again; of a class that cannot be made here, one with its text.

    Examples
    --------
    >>> unpacked(b"", "odd")
    UserWarning('odd')
    """
    try:
        found = pickle.loads(data)
    except Exception:  # a class may take anything, or be known to the worker alone
        return UserWarning(text)
    return found if isinstance(found, Warning) else UserWarning(text)
