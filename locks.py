"""One process at a time in a run's folder, and at a file that a run makes."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from gliaboost.errors import UsageError
from gliaboost.files import make_folder
from gliaboost.leftovers import sweep

NAME = ".lock"
P = ParamSpec("P")
R = TypeVar("R")


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
    make_folder(folder)
    with _locked(folder / NAME, f"in {folder}", "another folder with --out"):
        # The files of whoever else wrote here are those of a killed run.
        sweep(folder, below=True)
        yield


@contextmanager
def held_file(file: Path, option: str = "--out") -> Iterator[None]:
    """Hold a file or folder that a run makes whole, such as a bundle; as `held` otherwise.

    The lock lies in the user's cache, so that nothing lies beside the file: it keeps out other runs
    of this user on this machine.

    Parameters
    ----------
    file : pathlib.Path
        Need not exist.
    option : str
        With which another place can be named.
    """
    import platformdirs

    place = file.parent.resolve() / file.name
    mark = hashlib.sha256(os.fsencode(place)).hexdigest()[:32]
    locks = platformdirs.user_cache_path("gliaboost", appauthor=False) / "locks"
    with _locked(locks / f"{mark}{NAME}", f"at {file}", f"another place with {option}"):
        yield


def alone_at(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function run once at a time for each place that some of its arguments name.

    Parameters
    ----------
    *names : str
        Arguments that are paths or None; in errors ``--write-groups`` for ``write_groups``.

    Examples
    --------
    >>> @alone_at("out")
    ... def make(out=None, deeper=True):
    ...     return make(out, deeper=False) if deeper else "made"
    >>> make()
    'made'
    >>> make("a.joblib")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    gliaboost.errors.UsageError: another run is at work at a.joblib; wait until it ends, ...
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def run(*args: P.args, **named: P.kwargs) -> R:
            try:
                given = signature.bind(*args, **named).arguments
            except TypeError:  # which the call tells better
                return function(*args, **named)
            with ExitStack() as stack:
                for name in names:
                    place = given.get(name)
                    if isinstance(place, str | os.PathLike):
                        option = f"--{name.replace('_', '-')}"
                        stack.enter_context(held_file(Path(os.fsdecode(place)), option))
                return function(*args, **named)

        return run

    return decorated


@contextmanager
def _locked(path: Path, where: str, instead: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
