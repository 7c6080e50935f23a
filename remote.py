"""Files at a URL: read, listed in one call, and written once, by way of fsspec.

Objects of a store have no folders, no locks and no renaming. What is written has a name that nobody
else will take, and whoever reads it sees from its own bytes whether it is whole.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gliaboost.errors import MissingExtraError, UsageError

# A drive of Windows is one letter.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}([^/].*)", re.DOTALL)
_OURS = ("file", "local")


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
    found = _URL.fullmatch(os.fsdecode(place))
    if found is None or found[1].lower() in _OURS:
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
    with _as_os_errors(url):
        facts = system.info(path)
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
    with _as_os_errors(url):
        data: bytes = system.cat_file(path)
    return data


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
    try:
        import fsspec

        # Another process's parts appear while this one runs: a listing is never kept.
        system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        if kind in ("s3", "s3a", "http", "https") or error.name == "fsspec":
            package = "s3fs" if kind.startswith("s3") else "fsspec"
            raise MissingExtraError(package, "s3", f"a place at {kind}://") from error
        raise UsageError(f"{url} needs a package that is not installed: {error}") from error
    except ValueError as error:
        raise UsageError(
            f"{url}: no kind of place {kind}:// is known ({error}); expected a path, or a URL such "
            "as s3://BUCKET/FOLDER"
        ) from error
    return system, str(path)


@contextmanager
def _as_os_errors(url: str) -> Iterator[None]:
    """Let what libraries raise be an `OSError` in words, as of a file of this machine."""
    try:
        yield
    except OSError as error:
        if error.strerror and error.errno is not None:
            raise
        kind = type(error) if type(error) in (FileNotFoundError, PermissionError) else OSError
        code = {FileNotFoundError: errno.ENOENT, PermissionError: errno.EACCES}.get(kind, errno.EIO)
        raise kind(code, _first(error), url) from error
    except Exception as error:  # of as many kinds as there are libraries
        raise OSError(errno.EIO, _first(error), url) from error


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
