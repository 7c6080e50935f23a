"""Folders of runs: a new one for each run, and the old one where a run was not finished."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from gliaboost.errors import DamagedFileError, UsageError
from gliaboost.files import writing
from gliaboost.json_file import read_json, write_json

RUNS = Path("runs")
# In a run's folder: what the run is, and whether it ended.
NOTE = "run.json"


def identity_of(facts: Mapping[str, Any]) -> str:
    """Hash what makes two runs the same, 64 hexadecimal digits.

    Parameters
    ----------
    facts : mapping
        Plain values; the version of gliaboost is added.

    Examples
    --------
    >>> identity_of({"seed": 0}) == identity_of({"seed": 0}) != identity_of({"seed": 1})
    True
    """
    from gliaboost._version import __version__

    text = json.dumps({**facts, "version": __version__}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def run_folder(name: str, identity: str, command: str = "", runs: Path = RUNS) -> tuple[Path, bool]:
    """Find the folder in which a run of this identity was not finished, else make a new one.

    Parameters
    ----------
    name : str
        Of the data set; the new folder is called so, with the time behind it.
    identity : str
        From `identity_of`.
    command : str
        What the user typed, for the note.
    runs : pathlib.Path
        The folder of all runs.

    Returns
    -------
    folder : pathlib.Path
        With a note in it that the run has begun.
    unfinished : bool
        Whether an earlier run left it.
    """
    begun = [
        folder
        for folder in (sorted(runs.iterdir()) if runs.is_dir() else [])
        if (note := _note(folder)) and (note.get("identity"), note.get("done")) == (identity, False)
    ]
    if begun:
        return begun[-1], True
    while True:
        folder = timed_place(name, runs)
        with writing(folder):
            try:
                folder.mkdir(parents=True)
            except FileExistsError:  # a run that began at the same moment
                continue
        write_note(folder, identity, command, done=False)
        return folder, False


def own_folder(place: Path, identity: str) -> Path:
    """Give a run the place meant for it, or that with a number where another run lies there.

    Parameters
    ----------
    place : pathlib.Path
        A folder, such as ``runs/demo``.
    identity : str
        From `identity_of`; where its own note is found it goes on.

    Examples
    --------
    >>> own_folder(Path("nowhere/demo"), identity_of({})).as_posix()
    'nowhere/demo'
    """
    folder, count = place, 1
    while folder.exists() and (_note(folder) or {}).get("identity") != identity:
        count += 1
        folder = place.with_name(f"{place.name}-{count}")
    return folder


def fresh_folder(place: Path, identity: str, out: Path | str | None = None) -> Path:
    """Give a run a folder in which nothing lies but what a killed run of its own left.

    Parameters
    ----------
    place : pathlib.Path
        The usual one, with a number where it is taken.
    identity : str
        From `identity_of`.
    out : path-like, optional
        Another one, which is not replaced by any.

    Raises
    ------
    UsageError
        If something lies in `out`.

    Examples
    --------
    >>> fresh_folder(Path("nowhere/run-again"), identity_of({})).as_posix()
    'nowhere/run-again'
    """
    count, folder = 1, place if out is None else Path(out)
    while _taken(folder) and not _goes_on(folder, identity):
        if out is not None:
            raise UsageError(f"--out {out} has something in it; name a new folder")
        count += 1
        folder = place.with_name(f"{place.name}-{count}")
    return folder


def _goes_on(folder: Path, identity: str) -> bool:
    note = _note(folder) or {}
    return (note.get("identity"), note.get("done")) == (identity, False)


def timed_place(name: str, runs: Path = RUNS, ending: str = "") -> Path:
    """Give a path in the folder of runs that is called after something and the time."""
    return new_place(f"{name}-{datetime.now():%Y%m%d-%H%M%S}", runs, ending)


def new_place(name: str, runs: Path = RUNS, ending: str = "") -> Path:
    """Give a path in the folder of runs that nothing has yet; where it is taken, with a number.

    Examples
    --------
    >>> new_place("my data", Path("nowhere")).as_posix()
    'nowhere/my-data'
    """
    stem = re.sub(r"[^\w.+-]+", "-", name).strip("-.") or "run"
    path, count = runs / f"{stem}{ending}", 1
    while path.exists():
        count += 1
        path = runs / f"{stem}-{count}{ending}"
    return path


def write_note(folder: Path, identity: str, command: str, *, done: bool) -> None:
    """Note what a run is, and whether it ended."""
    note = {"identity": identity, "command": command, "done": done}
    write_json(json.dumps(note, indent=1), folder / NOTE)


def _note(folder: Path) -> dict[str, Any] | None:
    try:
        found = read_json(folder / NOTE)
    except (OSError, DamagedFileError):
        return None
    return found if isinstance(found, dict) else None


def _taken(folder: Path) -> bool:
    """Whether something lies there: a file, or a folder that is not empty."""
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
