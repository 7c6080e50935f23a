"""Files and folders: identity (SHA-256), and replacement, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

from gliaboost.errors import DamagedFileError, DamagedWarning

_BLOCK = 2**20


def sha256_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, 64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> f = pathlib.Path(tempfile.mkdtemp()) / "empty"
    >>> f.touch()
    >>> sha256_file(f)[:16]
    'e3b0c44298fc1c14'
    """
    # Not hashlib.file_digest: it clears 256 KiB for each file, more than a slice has.
    digest = hashlib.sha256()
    with Path(path).open("rb", buffering=0) as f:
        while block := f.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place only on success.

    The caller writes the temporary file; on leaving the block it is flushed to disk and renamed
    over `path`. After an exception, or a kill, `path` is what it was and (but for a kill) the
    temporary file is gone.

    Parameters
    ----------
    path : path-like
        The file to make or replace; its folder is created.

    Yields
    ------
    pathlib.Path
        Where to write. Begins with a dot and ends in ``.tmp``.
    """
    target = Path(path)
    temporary = _beside(target)
    # Not tempfile.mkstemp, whose files are private: this one gets the mode of any new file.
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        with temporary.open("rb+") as f:
            os.fsync(f.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give an empty temporary folder beside `path` that takes its place only on success.

    A folder cannot be renamed over a full one, so the old one is moved aside first and removed
    last; a kill between the two leaves neither under its name, but never a part of one.

    Parameters
    ----------
    path : path-like
        The folder to make or replace; its parent is created.

    Yields
    ------
    pathlib.Path
        Where to write. Begins with a dot and ends in ``.tmp``.
    """
    target = Path(path)
    temporary = _beside(target)
    temporary.mkdir()
    try:
        yield temporary
        old = _beside(target) if target.exists() else None
        if old is not None:
            target.rename(old)
        try:
            temporary.rename(target)
        except BaseException:
            if old is not None:
                old.rename(target)
            raise
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def set_aside(error: DamagedFileError, remedy: str, stacklevel: int = 3) -> None:
    """Give a damaged file another name, so that it is kept and in nobody's way, and warn of it.

    Parameters
    ----------
    error : DamagedFileError
        Which file, and why.
    remedy : str
        What is done instead, for the warning.
    stacklevel : int
        Of `warnings.warn`, from here.

    Warns
    -----
    DamagedWarning
        Names the file and its new name, ``NAME.damaged`` or with a number; where the folder may not
        be written the file stays, and is passed over.
    """
    path = Path(error.path)
    free, count = path.with_name(f"{path.name}.damaged"), 1
    while free.exists():
        count += 1
        free = path.with_name(f"{path.name}.damaged-{count}")
    aside: Path | None = free
    try:
        path.rename(free)
    except OSError:
        aside = None
    warnings.warn(DamagedWarning(path, error.reason, aside, remedy), stacklevel=stacklevel)


def _beside(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent / f".{target.name}.{secrets.token_hex(8)}.tmp"
