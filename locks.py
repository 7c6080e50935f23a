"""One process at a time in a run's folder, and at a file that a run makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gliaboost.errors import UsageError
from gliaboost.files import make_folder
from gliaboost.leftovers import sweep

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
    with _locked(folder / NAME, f"in {folder}", "another folder with --out"):
        # The files of whoever else wrote here are those of a killed run.
        sweep(folder, below=True)
        yield


@contextmanager
def held_file(file: Path, option: str = "--out") -> Iterator[None]:
    """Hold a file that a run makes, such as a bundle, while the block runs; as `held` otherwise.

    Parameters
    ----------
    file : pathlib.Path
        Its folder is made where it is missing.
    option : str
        With which another file can be named.
    """
    lock = file.with_name(f"{file.name}{NAME}")
    with _locked(lock, f"at {file}", f"another file with {option}"):
        yield


@contextmanager
def _locked(path: Path, where: str, instead: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    make_folder(path.parent)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            f"another run is at work {where}; wait until it ends, the same command then goes on "
            f"from what it left, or name {instead}"
        ) from None
    except (OSError, NotImplementedError):  # a file system that knows no locks
        yield
        return
    try:
        yield
    finally:
        lock.release()
