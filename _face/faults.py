"""What is wrong with a call, collected before any work and told all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gliaboost.errors import GliaboostError, UsageError


class Faults:
    """Collects errors, so that a call with three wrong values is told three of them.

    Examples
    --------
    >>> faults = Faults()
    >>> with faults.noted():
    ...     raise UsageError("no device 'gpu'")
    >>> faults.add("lightgbm", ["rounds=0, expected a whole number from 1"])
    >>> faults.tell()
    Traceback (most recent call last):
        ...
    gliaboost.errors.UsageError: 2 faults in this call; nothing was started
      - no device 'gpu'
      - lightgbm: rounds=0, expected a whole number from 1
    """

    def __init__(self) -> None:
        self.errors: list[GliaboostError] = []

    def __bool__(self) -> bool:
        return bool(self.errors)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note an error of the block, which ends there, and go on after it."""
        try:
            yield
        except GliaboostError as error:
            self.note(error)

    def note(self, error: GliaboostError) -> None:
        """Note an error; the same one twice is one."""
        if str(error) not in map(str, self.errors):
            self.errors.append(error)

    def add(self, who: str, lines: Iterable[str]) -> None:
        """Note the faults of one thing, each in a line."""
        for line in lines:
            self.note(UsageError(f"{who}: {line}"))

    def tell(self) -> None:
        """Raise what was noted: one error as it was, several as a list; nothing if there is none.

        Raises
        ------
        GliaboostError
            As it was noted, or a `UsageError` that lists all.
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            lines = [f"  - {error}".replace("\n", "\n  ") for error in self.errors]
            head = f"{len(lines)} faults in this call; nothing was started"
            raise UsageError("\n".join([head, *lines]))
