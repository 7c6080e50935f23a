"""Run the command line as ``python -m gliaboost``, and as the command ``gliaboost``."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress

from gliaboost.interrupts import watched

# Objects after which Python looks for circles of them, by default 700. Libraries make hundreds of
# thousands while they are imported, to keep, and all of them were looked at time and again.
OBJECTS = 20_000


class Leaving:
    """Ends the process when all is done that was registered to be done at its end.

    What Python would do then is to give back every object that libraries made, which the system
    takes back anyway.

    Attributes
    ----------
    code : int or None
        What to exit with; None: as Python does.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        # The first that is registered is the last that is run; who came before us is waited for.
        if not atexit._ncallbacks():
            atexit.register(self.end)

    def end(self) -> None:
        """End the process, if its code is known and what was printed has gone out."""
        if self.code is None:
            return
        try:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        except (OSError, ValueError, AttributeError):
            return
        os._exit(self.code)


def main() -> None:
    """Run the command line in a process of its own, which an interrupt may meet while it begins."""
    gc.set_threshold(OBJECTS)
    leaving = Leaving()
    with watched() as seen:
        try:
            from gliaboost.cli import main as run

            run()
        except BaseException as error:
            if seen.number is None:
                if isinstance(error, SystemExit) and isinstance(error.code, int | None):
                    leaving.code = error.code or 0
                raise
            if not isinstance(error, SystemExit):
                print("gliaboost: interrupted", file=sys.stderr)
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            # Threads at work would be waited for, and a second Ctrl-C would show where they are.
            os._exit(seen.exit_code)
        leaving.code = 0


if __name__ == "__main__":
    main()
