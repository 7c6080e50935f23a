"""One process at a time in a run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gliaboost.errors import UsageError

NAME = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a run's folder while the block runs.

    The system frees it when the process ends, however it ends: a killed run blocks nobody.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it is missing.

    Raises
    ------
    UsageError
        If another run holds it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with held(folder), held(folder):  # doctest: +ELLIPSIS
    ...     pass
    Traceback (most recent call last):
        ...
    gliaboost.errors.UsageError: another run is at work in ...
    """
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / NAME)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            f"another run is at work in {folder}; wait until it ends, the same command then goes "
            "on from what it left, or name another folder with --out"
        ) from None
    except (OSError, NotImplementedError):  # a file system that knows no locks
        yield
        return
    try:
        yield
    finally:
        lock.release()
