"""Paths in a manifest: as they are written, where they lead, and whether something is there."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from gliaboost.errors import UsageError
from gliaboost.regular_files import is_regular
from gliaboost.remote import as_url, listed


def joined(root: Path, cell: str) -> Path:
    """Give where a cell leads: a path below `root`, an absolute one, or a URL.

    Examples
    --------
    >>> joined(Path("/data"), "a.png").as_posix()
    '/data/a.png'
    >>> as_url(joined(Path("/data"), "s3://bucket/a.png"))
    's3://bucket/a.png'
    """
    return Path(cell) if as_url(cell) else root / cell


def absolute(path: Path) -> Path:
    """Give a path that is right in every process; a URL is."""
    return path if as_url(path) else path.absolute()


def relative(path: Path, root: Path) -> str:
    """Write a path as seen from a folder; a URL, and what lies on another drive, as it is."""
    if url := as_url(path):
        own = as_url(root)
        return url.removeprefix(f"{own}/") if own else url
    try:
        return Path(os.path.relpath(path.resolve(), root)).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def as_there(given: str, root: Path) -> str:
    """Write a path as the file system has it: without outer blanks, with slashes, if only so."""
    plain = given.strip()
    if (plain == given and "\\" not in given) or os.path.exists(root / given):  # noqa: PTH110 - raises nothing
        return given
    slashed = plain.replace("\\", "/")
    only_plain = os.path.exists(root / plain) and not os.path.exists(root / slashed)  # noqa: PTH110
    return plain if only_plain else slashed


def are_there(paths: Sequence[Path]) -> list[bool]:
    """Say of each path whether a file is there.

    Of URLs each folder is listed once, in place of a question a file. A web server has no listings,
    and a folder may not be listed: what lies there is taken to be there, and told when it is read.
    """
    folders: dict[str, set[str] | None] = {}
    wanted: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        if url := as_url(path):
            wanted[url.rpartition("/")[0]].append(url)
    for folder in wanted:
        try:
            listable = not folder.startswith(("http://", "https://"))
            folders[folder] = set(listed(folder)) if listable else None
        except OSError:
            folders[folder] = None
        except UsageError:  # a kind that is not read: nothing is there
            folders[folder] = set()

    def there(path: Path) -> bool:
        url = as_url(path)
        if url is None:
            return is_regular(path)
        folder, _, name = url.rpartition("/")
        names = folders[folder]
        return names is None or name in names

    return [there(path) for path in paths]


def is_open(path: Path) -> bool:
    """Whether a file of this machine may be read; of a URL that shows when it is read."""
    return bool(as_url(path)) or os.access(path, os.R_OK)
