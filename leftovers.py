"""Temporary files and folders of killed processes: known from those of living ones, and removed.

A living process holds a lock on each of its own, which the system takes away when it ends, however
it ends: no clock and no process number is asked, both of which may come again.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from pathlib import Path

# What `gliaboost.files` makes beside a target, and where it keeps an old folder meanwhile.
_NAMES = re.compile(r"\.(?P<target>.+)\.[0-9a-f]{16}\.(?P<kind>tmp|old)(\..+)?")
# Where a file system has no locks: seconds after which one is taken for dead.
_OLD = 24 * 3600
_swept: set[str] = set()


def claim(path: Path) -> int | None:
    """Hold a file or folder as one of a living process, until `release` or the process's end.

    Returns
    -------
    int or None
        For `release`; None where the system has no such locks.
    """
    if sys.platform == "win32":
        return None
    try:
        return _locked(path, wait=True)
    except OSError:
        return None


def release(held: int | None) -> None:
    """Let go of what `claim` held."""
    if held is not None:
        os.close(held)


def meant(path: Path) -> Path:
    """Name what a path in a temporary folder will be once that has its place.

    Examples
    --------
    >>> meant(Path("out/.masks.0123456789abcdef.tmp/a.png")).as_posix()
    'out/masks/a.png'
    """
    found = [_NAMES.fullmatch(part) for part in path.parts]
    return Path(*[f["target"] if f else p for f, p in zip(found, path.parts, strict=True)])


def sweep(folder: Path, *, below: bool = False) -> None:
    """Remove what killed processes left in a folder; once a process where no more is asked.

    An old folder whose new one never came is given its name again.

    Parameters
    ----------
    folder : pathlib.Path
        One that is written into.
    below : bool
        In the folders inside it too, whether they were swept before or not.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / ".a.png.0123456789abcdef.tmp").touch()
    >>> sweep(folder)
    >>> list(folder.iterdir())
    []
    """
    place = str(folder.resolve())
    if place in _swept and not below:
        return
    _swept.add(place)
    for inner, folders, files in os.walk(place):
        for name in [*folders, *files]:
            found = _NAMES.fullmatch(name)
            if found:
                with contextlib.suppress(OSError):
                    _remove(Path(inner, name), Path(inner, found["target"]), found["kind"])
        folders[:] = [n for n in folders if not _NAMES.fullmatch(n)] if below else []


def _remove(path: Path, target: Path, kind: str) -> None:
    held = None
    try:
        if sys.platform != "win32":
            held = _locked(path, wait=False)
    except BlockingIOError:
        return
    except OSError:
        pass
    try:
        if held is None and abs(time.time() - path.lstat().st_mtime) < _OLD:
            return
        if kind == "old" and not os.path.lexists(target):
            path.rename(target)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    finally:
        release(held)


def _locked(path: Path, *, wait: bool) -> int:
    import fcntl

    # Where a file lies on another machine only one that is open for writing can be locked.
    held = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(held)
        raise
    return held
