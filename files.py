"""Files and folders: identity (SHA-256), and replacement, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from gliaboost.errors import DamagedFileError, DamagedWarning, GliaboostError, WriteError
from gliaboost.leftovers import claim, meant, release, sweep
from gliaboost.regular_files import open_regular
from gliaboost.remote import as_url

ELSEWHERE = "free space, or name another place"
_BLOCK = 2**20
# How a disk or a place refuses to be written; libraries that encode pictures give no number.
_REFUSALS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOENT, None),
}


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
    with open_regular(path) as f:
        while block := f.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str],
    kind: type[GliaboostError] = WriteError,
    remedy: str = ELSEWHERE,
) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place only on success.

    The caller writes the temporary file; on leaving the block it is flushed to disk and renamed
    over `path`. After an exception, or a kill, `path` is what it was and (but for a kill) the
    temporary file is gone; what kills left in the folder is removed before.

    Parameters
    ----------
    path : path-like
        The file to make or replace; its folder is created.
    kind : type
        Of the error.
    remedy : str
        What to do where it cannot be written, for the message.

    Yields
    ------
    pathlib.Path
        Where to write. Begins with a dot and ends in ``.tmp``.

    Raises
    ------
    WriteError
        If the disk is full, or the place may not be written; or of `kind`.
    """
    target = Path(path)
    with writing(target, kind, remedy):
        temporary, claim = _claimed(target, lambda free: free.touch(exist_ok=False))
    try:
        with _writing_into(temporary, target, kind, remedy):
            yield temporary
        with writing(target, kind, remedy):
            with temporary.open("rb+") as f:
                os.fsync(f.fileno())
            temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    finally:
        release(claim)


@contextlib.contextmanager
def replacing_folder(
    path: str | os.PathLike[str],
    kind: type[GliaboostError] = WriteError,
    remedy: str = ELSEWHERE,
) -> Iterator[Path]:
    """Give an empty temporary folder beside `path` that takes its place only on success.

    A folder cannot be renamed over a full one, so the old one is moved aside first and removed
    last; after a kill between the two it comes back when the folder is next made.

    Parameters
    ----------
    path : path-like
        The folder to make or replace; its parent is created.
    kind, remedy
        As for `replacing`.

    Yields
    ------
    pathlib.Path
        Where to write. Begins with a dot and ends in ``.tmp``.

    Raises
    ------
    WriteError
        As from `replacing`.
    """
    target = Path(path)
    with writing(target, kind, remedy):
        temporary, claim = _claimed(target, Path.mkdir)
    try:
        with _writing_into(temporary, target, kind, remedy):
            yield temporary
        with writing(target, kind, remedy):
            _swap_folders(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    finally:
        release(claim)


@contextlib.contextmanager
def writing(
    path: Path, kind: type[GliaboostError] = WriteError, remedy: str = ELSEWHERE
) -> Iterator[None]:
    """Say of a disk's error what could not be written, and what to do.

    Parameters
    ----------
    path : pathlib.Path
        What the block writes.
    kind, remedy
        As for `replacing`.

    Examples
    --------
    >>> with writing(Path("a.json"), remedy="try b.json"):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
        ...
    gliaboost.errors.WriteError: cannot write a.json: No space left on device; try b.json
    """
    if url := as_url(path):
        raise kind(f"cannot write {url}: only a store's features can lie at a URL; {remedy}")
    try:
        yield
    except OSError as error:
        if isinstance(error, GliaboostError) or error.errno not in _REFUSALS:
            raise
        full = error.errno in (errno.EDQUOT, errno.EFBIG)
        first = (str(error).splitlines() or [type(error).__name__])[0]
        what = "no space left" if full else (error.strerror or first)
        raise kind(f"cannot write {meant(path)}: {what}; {remedy}") from error


def make_folder(path: Path) -> Path:
    """Make a folder and those above it where they are missing.

    Raises
    ------
    WriteError
        If it cannot be made.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


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


@contextlib.contextmanager
def _writing_into(
    temporary: Path, target: Path, kind: type[GliaboostError], remedy: str
) -> Iterator[None]:
    """Do as `writing`, and let errors of other files pass, which the block may read."""
    try:
        yield
    except OSError as error:
        if not _is_of(error, temporary):
            raise
        with writing(target, kind, remedy):
            raise


def _is_of(error: OSError, temporary: Path) -> bool:
    """Whether an error is of writing a temporary file, or into a temporary folder."""
    if error.errno is None:  # of a library that encodes one file
        return temporary.is_file()
    if not isinstance(error.filename, str | bytes):
        return True
    named = Path(os.fsdecode(error.filename))
    return temporary in (named, *named.parents)


def _claimed(target: Path, make: Callable[[Path], None]) -> tuple[Path, int | None]:
    """Make a temporary file or folder beside a target, and claim it against sweepers."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    while True:
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
        make(temporary)
        held = claim(temporary)
        # One that swept before it was claimed took it for a dead one's.
        if os.path.lexists(temporary):
            return temporary, held
        release(held)


def _swap_folders(temporary: Path, target: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    held = claim(target)
    old = target.with_name(f".{target.name}.{secrets.token_hex(8)}.old")
    try:
        target.rename(old)
        try:
            temporary.rename(target)
        except BaseException:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        release(held)
