"""Files that somebody names: opened only where they are files, read only as far as they may be.

A pipe would be waited for, a device never ends, and a path may be no path at all. Each is told
here, once, as an `OSError` with words of its own, which every reader turns into its typed error.
A URL (`gliaboost.remote`) is read like a path.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from gliaboost.remote import as_url, is_remote_file, read_beginning, read_remote, size_of

_KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}
# Of what is read from a URL at once.
_MOST_REMOTE = 2**30
# Without O_NONBLOCK a pipe is waited for before it can be told.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class IrregularFileError(OSError):
    """What a path leads to is no file; its ``strerror`` says what it is."""


class LargeFileError(OSError):
    """A file is larger than may be read; its ``strerror`` says how large."""


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to something; of what is no possible path, False.

    Examples
    --------
    >>> is_there("/"), is_there("a" * 10_000)
    (True, False)
    """
    if url := as_url(path):
        return is_remote_file(url)
    return os.path.exists(path)  # noqa: PTH110 - pathlib's raises where the name is too long


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a folder; of what is no possible path, False."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def is_regular(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads to a file, and to no pipe, socket or device; it need not be readable."""
    if url := as_url(path):
        return is_remote_file(url)
    return os.path.isfile(path)  # noqa: PTH113 - as above


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    r"""Open a file to read its bytes.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    binary file
        Buffered, at its beginning.

    Raises
    ------
    IrregularFileError
        If it is a folder, pipe, socket or device, or the path holds a null byte.
    OSError
        As `open` does, e.g. FileNotFoundError.

    Examples
    --------
    >>> try:
    ...     open_regular("a\0b")
    ... except OSError as error:
    ...     print(error.strerror)
    holds a null byte, which no path does
    """
    if url := as_url(path):
        return io.BytesIO(_remote(url, _MOST_REMOTE))
    path = os.fspath(path)
    if "\0" in path:
        raise IrregularFileError(errno.EINVAL, "holds a null byte, which no path does", path)
    try:
        handle = os.open(path, _FLAGS)
    except OSError as error:
        raise _named(error, path) from None
    try:
        # Of what was opened: between a look at the path and the opening it may become another.
        kind = stat.S_IFMT(os.fstat(handle).st_mode)
        if kind != stat.S_IFREG:
            raise _irregular(kind, path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: str | os.PathLike[str], most: int) -> bytes:
    """Read a file whole.

    Parameters
    ----------
    path : path-like
        The file.
    most : int
        Bytes that it may have.

    Raises
    ------
    LargeFileError
        If it has more.
    OSError
        As `open_regular` does.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a"
    >>> file.write_bytes(b"abc")
    3
    >>> read_regular(file, 3)
    b'abc'
    """
    if url := as_url(path):
        return _remote(url, most)
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        # Files below /proc and /sys say 0 and hold what they like.
        data = b"" if size > most else file.read(size + 1)
        if len(data) > size:
            data += file.read(most + 1 - len(data))
        if size > most or len(data) > most:
            raise _large(max(size, len(data)), most, os.fspath(path))
        return data


def _remote(url: str, most: int) -> bytes:
    """Read what lies at a URL, after a look at its size."""
    known = size_of(url)
    size = known or 0
    if known is None:
        data = read_beginning(url, most + 1)
    else:
        data = read_remote(url) if size <= most else b""
    if max(size, len(data)) > most:
        raise _large(max(size, len(data)), most, url)
    return data


def _large(size: int, most: int, path: str) -> LargeFileError:
    return LargeFileError(errno.EFBIG, f"has {size:,} bytes, more than the cap of {most:,}", path)


def _named(error: OSError, path: str) -> OSError:
    """Tell a socket, which cannot be opened at all, from what else goes wrong."""
    try:
        kind = stat.S_IFMT(Path(path).stat().st_mode)
    except OSError:
        return error
    return _irregular(kind, path) if kind in (stat.S_IFSOCK, stat.S_IFDIR) else error


def _irregular(kind: int, path: str) -> IrregularFileError:
    said = _KINDS.get(kind, "is no regular file")
    code = errno.EISDIR if kind == stat.S_IFDIR else errno.EINVAL
    return IrregularFileError(code, f"{said}, a file was expected", path)
