"""Run the command line as ``python -m gliaboost``, and as the command ``gliaboost``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from gliaboost.interrupts import watched


def main() -> None:
    """Run the command line in a process of its own, which an interrupt may meet while it begins."""
    with watched() as seen:
        try:
            from gliaboost.cli import main as run

            run()
        except BaseException as error:
            if seen.number is None:
                raise
            if not isinstance(error, SystemExit):
                print("gliaboost: interrupted", file=sys.stderr)
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            # Threads at work would be waited for, and a second Ctrl-C would show where they are.
            os._exit(seen.exit_code)


if __name__ == "__main__":
    main()
