"""What tasks tell of their progress, heard in the thread of the client that waits for them."""

from __future__ import annotations

import time
import uuid
import warnings
from collections import deque
from typing import Any

from distributed import Client, get_worker

from gliaboost.cluster.warned import unpacked
from gliaboost.progress import SILENT, Progress

# Seconds in which what was told before the last result comes.
_LAST = 0.1


class Relay:
    """Keeps what tasks tell until somebody hears it.

    Parameters
    ----------
    client : distributed.Client
        Through whose scheduler it comes.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._topics: dict[str, Progress] = {}
        self._told: deque[tuple[str, Any]] = deque()

    def of(self, progress: Progress) -> Relayed:
        """Give what tasks tell in place of a listener of this process."""
        return Relayed(self._topic(progress))

    def warned(self) -> str:
        """Give the topic under which workers tell what they warn of."""
        return self._topic(SILENT)

    def _topic(self, progress: Progress) -> str:
        topic = f"gliaboost-{uuid.uuid4().hex}"
        self._topics[topic] = progress
        # Called in the client's own thread: kept for the one that waits.
        self._client.subscribe_topic(topic, lambda event: self._told.append((topic, event[1])))
        return topic

    def pass_on(self) -> None:
        """Let the listeners hear what was told since the last time, and warn as workers did."""
        while self._told:
            topic, said = self._told.popleft()
            progress = self._topics[topic]
            if "warning" in said:
                warnings.warn(unpacked(said["warning"], said["text"]), stacklevel=2)
            elif "line" in said:
                progress.line(said["line"])
            else:
                progress.step(said["stage"], said["done"], said["total"])

    def close(self) -> None:
        """Pass on what is on its way, then hear no more."""
        time.sleep(_LAST)
        self.pass_on()
        for topic in self._topics:
            self._client.unsubscribe_topic(topic)


class Relayed:
    """A `Progress` of a task: what it hears goes to the client.

    Parameters
    ----------
    topic : str
        Under which.
    """

    def __init__(self, topic: str) -> None:
        self.topic = topic

    def step(self, stage: str, done: int, total: int | None) -> None:
        """Send how much of a stage is done."""
        get_worker().log_event(self.topic, {"stage": stage, "done": done, "total": total})

    def line(self, text: str) -> None:
        """Send a sentence."""
        get_worker().log_event(self.topic, {"line": text})
