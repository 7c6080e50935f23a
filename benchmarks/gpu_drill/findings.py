"""What a step finds, on disk as soon as it is found; and what a step is given."""

from __future__ import annotations

import json
import statistics
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gliaboost.files import replacing

T = TypeVar("T")


class Findings:
    """A JSON file that is whole after every note: a step that is cut leaves what it found."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}
        self.begun = time.monotonic()

    def note(self, name: str, value: Any) -> None:
        """Keep a value under a name, and write."""
        self.values[name] = value
        self.values["seconds"] = round(time.monotonic() - self.begun, 1)
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(self.values, indent=1) + "\n")
        print(f"{self.values['seconds']:6.1f} s  {name}: {_short(value)}", flush=True)

    def skip(self, name: str, reason: str) -> None:
        """Say what was not done, and why."""
        self.note(name, {"skipped": reason})

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Note an error under a name instead of ending the step."""
        try:
            yield
        except Exception as error:
            said = " ".join(str(error).split())[:600]
            where = traceback.format_exc().splitlines()[-12:]
            self.note(name, {"failed": f"{type(error).__name__}: {said}", "where": where})


@dataclass(frozen=True)
class Given:
    """What a step is given.

    Attributes
    ----------
    device : {"cuda", "cpu"}
        Where to work.
    dry : bool
        Tiny sizes: only to see that every line runs.
    place : pathlib.Path
        For files that nobody needs afterwards.
    until : float
        By ``time.monotonic``: when the step will be ended.
    part : int
        From 1: which part of the step's fits this process makes.
    parts : int
        In how many processes the step is.
    """

    device: str
    dry: bool
    place: Path
    until: float
    part: int = 1
    parts: int = 1

    def mine(self, fits: Iterable[T]) -> list[T]:
        """Choose what this process fits: the first come first in every part.

        Examples
        --------
        >>> Given("cpu", True, Path(), 0.0, part=2, parts=3).mine("abcde")
        ['b', 'e']
        """
        return list(fits)[self.part - 1 :: self.parts]

    def left(self) -> float:
        """Seconds until the step will be ended."""
        return self.until - time.monotonic()

    def wait(self) -> None:
        """Let the GPU come to its end."""
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()


def seconds_of(call: Callable[[], object], given: Given, *, budget: float = 0.6) -> float:
    """Time a call: once before, then repeatedly; the median."""
    taken: list[float] = []
    call()
    given.wait()
    least, most = (1, 1) if given.dry else (3, 50)
    begun = time.perf_counter()
    while len(taken) < least or (len(taken) < most and time.perf_counter() - begun < budget):
        start = time.perf_counter()
        call()
        given.wait()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 160 else f"{text[:160]}..."
