"""Files at a URL: read, listed in one call, and written once, by way of fsspec.

Objects of a store have no folders, no locks and no renaming. What is written has a name that nobody
else will take, and whoever reads it sees from its own bytes whether it is whole.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from gliaboost.errors import MissingExtraError, UsageError

T = TypeVar("T")
# A drive of Windows is one letter.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}([^/].*)", re.DOTALL)
_OURS = ("file", "local")
# A manifest may come from anybody. Other kinds of fsspec's, and chains of kinds, open files of this
# machine, unpack archives, or render what another file says.
KINDS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "memory")
# What a busy server asks for.
_WAITS = (0.3, 1.0)
_ABSENT = (404, 410)


def as_url(place: str | os.PathLike[str]) -> str | None:
    """Return the URL that a place is, None for a path.

    Parameters
    ----------
    place : path-like
        A `pathlib.Path` makes one slash of a URL's two: that is a URL too.

    Examples
    --------
    >>> from pathlib import Path
    >>> as_url("s3://bucket/a.png"), as_url(Path("s3://bucket") / "a.png"), as_url("C:/a.png")
    ('s3://bucket/a.png', 's3://bucket/a.png', None)
    """
    text = os.fsdecode(place)
    found = _URL.fullmatch(text)
    if found is None or found[1].lower() in _OURS:
        return None
    # A folder may be called "T1:".
    if "://" not in text and found[1].lower() not in KINDS:
        return None
    return f"{found[1].lower()}://{found[2]}"


def shown(place: str | os.PathLike[str]) -> str:
    """Write a place as a person does: a URL with both of its slashes."""
    return as_url(place) or os.fsdecode(place)


def check_url(url: str) -> None:
    """Refuse a URL of a kind that cannot be read here.

    Raises
    ------
    UsageError
        If nobody knows the kind; a `MissingExtraError` if a package is missing that does.
    """
    _system(url)


def size_of(url: str) -> int | None:
    """Return how many bytes a file has; None where the other side does not say.

    Raises
    ------
    OSError
        If there is none, it is a folder, or it cannot be asked; ``strerror`` says which.
    """
    system, path = _system(url)
    facts = _asked(url, lambda: system.info(path))
    if facts.get("type") == "directory":
        raise IsADirectoryError(errno.EISDIR, "is a folder, a file was expected", url)
    size = facts.get("size")
    return None if size is None else int(size)


def is_remote_file(url: str) -> bool:
    """Whether there is a file; True also where that cannot be asked, as reading it says why."""
    try:
        size_of(url)
    except (FileNotFoundError, IsADirectoryError):
        return False
    except OSError:
        pass
    return True


def read_remote(url: str) -> bytes:
    """Read a file whole.

    Raises
    ------
    OSError
        If it cannot be read; ``strerror`` says why.
    """
    system, path = _system(url)
    data: bytes = _asked(url, lambda: system.cat_file(path))
    return data


def read_beginning(url: str, most: int) -> bytes:
    """Read a file of which nobody says how large it is, and no more of it than some bytes.

    Raises
    ------
    OSError
        If it cannot be read; ``strerror`` says why.
    """
    system, path = _system(url)

    def read() -> bytes:
        data = bytearray()
        with system.open(path, "rb", block_size=0) as file:
            # What has come is given, which need not be all that was asked for.
            while len(data) < most and (more := file.read(most - len(data))):
                data += more
        return bytes(data)

    return _asked(url, read)


def listed(url: str) -> list[str]:
    """Name what lies in a folder, sorted, in one call; nothing where there is no such folder.

    Raises
    ------
    OSError
        If it cannot be listed; ``strerror`` says why.
    """
    system, path = _system(url)
    try:
        with _as_os_errors(url):
            found = system.ls(path, detail=False)
    except FileNotFoundError:
        return []
    return sorted({str(name).rstrip("/").rpartition("/")[2] for name in found})


def write_remote(url: str, data: bytes) -> None:
    """Write a file under a name that nothing has yet.

    Raises
    ------
    OSError
        If it cannot be written; ``strerror`` says why.
    """
    system, path = _system(url)
    with _as_os_errors(url):
        system.pipe_file(path, data)


def _system(url: str) -> tuple[Any, str]:
    """Open the file system of a URL, and give the path in it."""
    kind = url.partition("://")[0]
    if kind not in KINDS or "::" in url:
        raise UsageError(
            f"{url}: expected a path, or a URL of one of the kinds {', '.join(KINDS)}, "
            "without '::', such as s3://BUCKET/FOLDER"
        )
    try:
        import fsspec

        # Another process's parts appear while this one runs: a listing is never kept.
        system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        if kind in ("s3", "s3a", "http", "https") or error.name == "fsspec":
            package = "s3fs" if kind.startswith("s3") else "fsspec"
            raise MissingExtraError(package, "s3", f"a place at {kind}://") from error
        raise UsageError(f"{url} needs a package that is not installed: {error}") from error
    except Exception as error:  # of as many kinds as there are libraries
        raise UsageError(f"{url} cannot be opened: {_first(error)}") from error
    return system, str(path)


def _asked(url: str, ask: Callable[[], T]) -> T:
    """Ask the other side, and again where it is busy or cannot be reached."""
    for wait in (*_WAITS, None):
        try:
            with _as_os_errors(url):
                return ask()
        except OSError as error:
            if error.errno != errno.EIO or wait is None:
                raise
            time.sleep(wait)
    raise AssertionError("the last try returns or raises")


@contextmanager
def _as_os_errors(url: str) -> Iterator[None]:
    """Let what libraries raise be an `OSError` in words, as of a file of this machine."""
    try:
        yield
    except OSError as error:
        if error.strerror and error.errno is not None:
            raise
        kind = type(error) if type(error) in (FileNotFoundError, PermissionError) else OSError
        # fsspec says of whatever a web server answers, or of none at all, that there is no file.
        cause = error.__cause__
        on_web = cause is not None and url.startswith(("http://", "https://"))
        if cause is not None and on_web and getattr(cause, "status", None) not in _ABSENT:
            raise OSError(errno.EIO, _first(cause), url) from error
        code = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES}.get(kind, errno.EIO)
        raise kind(code, _first(error), url) from error
    except Exception as error:  # of as many kinds as there are libraries
        raise OSError(errno.EIO, _first(error), url) from error


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
