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
        self._worker, self._before = worker, warnings.showwarning
        warnings.showwarning = self._show

    def teardown(self, worker: Worker) -> None:
        """Give it back."""
        warnings.showwarning = self._before

    def _show(self, message: Warning | str, *where: Any, **beside: Any) -> None:
        if self.shown:
            self._before(message, *where, **beside)
        self._worker.log_event(self.topic, {"warning": packed(message)})


def packed(message: Warning | str) -> bytes:
    """Pickle a warning; one that does not survive it goes as its text.

    Examples
    --------
    >>> pickle.loads(packed(RuntimeWarning("odd")))
    RuntimeWarning('odd')
    """
    try:
        data = pickle.dumps(message)
        pickle.loads(data)
    except Exception:  # a class may take anything
        return pickle.dumps(UserWarning(str(message)))
    return data
