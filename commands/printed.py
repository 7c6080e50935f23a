"""What goes to a terminal is shown there, and obeyed by it only where we mean it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from gliaboost.outside_text import printable


class Printed:
    """A stream whose text is printable; whatever else is done to it is done to the one below.

    Parameters
    ----------
    below : text stream
        Where it goes.
    """

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def write(self, text: str) -> int:
        """Write, with control characters as their codes."""
        return self.below.write(printable(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.below, name)


@contextmanager
def printed() -> Iterator[None]:
    """Make the standard streams `Printed`: messages always, output where it is a terminal.

    Output that goes to a file or another program is left as it is: a name in it is to be that name.
    """
    out, messages = sys.stdout, sys.stderr
    sys.stderr = Printed(messages)
    if out.isatty():
        sys.stdout = Printed(out)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, messages


def bare(stream: TextIO) -> TextIO:
    """Return the stream below, for what writes codes of its own, as a progress bar does."""
    return stream.below if isinstance(stream, Printed) else stream
