"""How much memory the reading of files may take: one file's, and that of all threads together.

Each reader says from the header alone, before it asks for any of it, how many bytes it will hold at
once. A file that needs more than there may be is refused; one that needs more than other threads
leave waits until they are done, so that what is read does not depend on the number of threads.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from gliaboost.errors import DecodeError

# A GB, less what the decoders' own tables and the blocks that work goes through take.
MOST_MEMORY = 950_000_000


class _Shared:
    """What is held by all threads together."""

    def __init__(self) -> None:
        self.held = 0
        self.changed = threading.Condition()

    def exchange(self, before: int, after: int) -> None:
        """Give back what a thread has, and wait for what it needs instead."""
        with self.changed:
            self.held -= before
            # What was given back is not waited for by the giver alone: no two threads block
            # each other.
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.held + after <= MOST_MEMORY or self.held == 0)
            self.held += after


_SHARED = _Shared()
_OWN = threading.local()


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Keep what `claim` claims in this thread until the block is left; within another, until then.

    Nothing may be yielded from within: who takes it may read other files meanwhile.

    Examples
    --------
    >>> with reading():
    ...     claim("a.png", 1000)
    """
    if getattr(_OWN, "open", False):
        yield
        return
    _OWN.open, _OWN.held = True, 0
    try:
        yield
    finally:
        _OWN.open = False
        if _OWN.held:
            _SHARED.exchange(_OWN.held, 0)


def claim(name: Path | str, needed: int, what: str = "") -> None:
    """Ask for memory before any of it is taken: of several claims for one file the largest counts.

    Parameters
    ----------
    name : path-like
        What errors call the file.
    needed : int
        Bytes that are held at once: the file's own, its pixels in each type that they go through,
        after resampling.
    what : str
        What it is that needs them, for the error.

    Raises
    ------
    DecodeError
        If it is more than `MOST_MEMORY`.

    Examples
    --------
    >>> try:
    ...     claim("tiny.png", 11 * 2**30)
    ... except DecodeError as error:
    ...     print(str(error)[:48])
    tiny.png: would take 11,811,160,064 bytes of mem
    """
    if needed > MOST_MEMORY:
        raise DecodeError(
            name,
            f"{what} would take {needed:,} bytes of memory, more than the cap of "
            f"{MOST_MEMORY:,}; make it smaller first".lstrip(),
        )
    if getattr(_OWN, "open", False) and needed > _OWN.held:
        held, _OWN.held = _OWN.held, 0
        _SHARED.exchange(held, needed)
        _OWN.held = needed
