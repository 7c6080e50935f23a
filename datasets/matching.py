"""Which image a name in a table means: by path, file name or stem; exactly, or not at all."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import ManifestError, UsageError
from gliaboost.few import few

SHOWN = 5
Tail = tuple[str, ...]


class Matched(NamedTuple):
    """What a table says of each image, None where it says nothing, and sentences on the rest."""

    values: list[str | None]
    notes: tuple[str, ...]


def match_images(manifest: Manifest, pairs: Iterable[tuple[str, str]], table: str) -> Matched:
    r"""Give each image the value that a table has for it.

    Parameters
    ----------
    manifest : Manifest
        Its images.
    pairs : iterable of (str, str)
        What names an image, and its value. A name is a path, any end of one that begins with a
        whole part, a file's name or that without its ending; ``\`` parts folders too.
    table : str
        What errors call the table.

    Returns
    -------
    Matched
        By row.

    Raises
    ------
    UsageError
        If no name is that of an image, or one would be but for zeros in front.
    ManifestError
        If names mean several images, or give one two values; lists all.

    Examples
    --------
    >>> import pandas as pd
    >>> m = Manifest.of(pd.DataFrame({"path": ["a/1.png", "b/2.png"]}), "/data")
    >>> match_images(m, [("a/1.png", "p"), ("2", "q")], "t.csv").values
    ['p', 'q']
    """
    by_name, by_stem = _index(manifest)
    values: list[str | None] = [None] * len(manifest)
    faults: list[str] = []
    lost: list[str] = []
    found: list[str] = []
    for name, value in pairs:
        tail = _parts(name)
        rows = by_name.get(tail) or by_stem.get(tail) or []
        if not rows:
            lost.append(name)
            continue
        found.append(name)
        if len(rows) > 1:
            faults.append(f"{name} is {len(rows)} images ({_rows(manifest, rows)}); give paths")
        elif values[rows[0]] not in (None, value):
            faults.append(f"{name} has two values, {values[rows[0]]} and {value}; give one")
        else:
            values[rows[0]] = value
    if faults:
        raise ManifestError(table, faults)
    notes = check_names([*found, *lost], _names(manifest, found, lost), table, "images")
    missing = [row for row, value in enumerate(values) if value is None]
    if missing:
        notes.append(
            f"{table} says nothing of {len(missing)} of {len(values)} images "
            f"({_rows(manifest, missing)})"
        )
    return Matched(values, tuple(notes))


def check_names(given: Iterable[str], there: Iterable[str], table: str, things: str) -> list[str]:
    """Ask that a table speaks of what there is, and say of what else it speaks.

    Parameters
    ----------
    given : iterable of str
        What the table names.
    there : iterable of str
        All names that the data set's things have.
    table : str
        What errors call the table.
    things : str
        What it should name, such as ``"patients or files"``.

    Returns
    -------
    list of str
        A sentence on what is not there, or none.

    Raises
    ------
    UsageError
        If nothing that it names is there, or something only but for zeros in front: ``7`` is not
        ``007``, and who is meant must not be guessed.
    """
    names = list(dict.fromkeys(there))
    known = set(names)
    named = set(given := list(given))
    lost = [g for g in dict.fromkeys(given) if g not in known]
    by_number = {_unpadded(n): n for n in reversed(names)}
    nearly = [
        (g, n) for g in lost if (n := by_number.get(_unpadded(g))) is not None and n not in named
    ]
    if nearly:
        shown = few((f"{g!r} for {n!r}" for g, n in nearly), SHOWN)
        raise UsageError(
            f"{table} names {shown}: the zeros in front differ, as after a spreadsheet; "
            f"write them as the {things} have them"
        )
    if lost and len(lost) == len(set(given)):
        raise UsageError(
            f"{table} names none of the {things}: it has {few(lost, SHOWN)}; "
            f"there are {few(names, SHOWN)}"
        )
    return (
        [f"{table} names {len(lost)} {things} that are not there: {few(lost, SHOWN)}"]
        if lost
        else []
    )


def _unpadded(name: str) -> str:
    """Drop the zeros in front of each number."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


def _index(manifest: Manifest) -> tuple[dict[Tail, list[int]], dict[Tail, list[int]]]:
    """Find rows by each end of their path, with its last name whole and without its ending."""
    by_name: dict[Tail, list[int]] = {}
    by_stem: dict[Tail, list[int]] = {}
    for row, path in enumerate(manifest.paths):
        parts = _parts(os.path.abspath(path))  # noqa: PTH100 - a link keeps its name
        for tail in _tails(parts):
            by_name.setdefault(tail, []).append(row)
            by_stem.setdefault((*tail[:-1], _stem(tail[-1])), []).append(row)
    return by_name, by_stem


def _stem(name: str) -> str:
    return PurePosixPath(re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)).stem


def _parts(name: str) -> Tail:
    name = unicodedata.normalize("NFC", name)  # macOS takes letters and their accents apart
    parts = name.strip().replace("\\", "/").split("/")
    return tuple(p for p in parts if p not in ("", "."))


def _tails(parts: Tail) -> Iterator[Tail]:
    for start in range(len(parts)):
        yield parts[start:]


def _names(manifest: Manifest, found: Sequence[str], lost: Sequence[str]) -> list[str]:
    """List all that could be meant, in the form in which it is asked for."""
    names = list(found)
    if not lost:
        return names
    deepest = max((len(_parts(name)) for name in lost), default=1)
    for path in manifest.table["path"].dropna():
        for tail in _tails(_parts(path)):
            if len(tail) <= deepest:
                names += ["/".join(tail), "/".join((*tail[:-1], _stem(tail[-1])))]
    return names


def _rows(manifest: Manifest, rows: Sequence[int]) -> str:
    return few(manifest.table["path"].iloc[list(rows)], SHOWN)
