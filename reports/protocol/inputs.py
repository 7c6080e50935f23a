"""The files that a run read, each with its SHA-256: by them it is known that data are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import DamagedFileError, DecodeError
from gliaboost.parallel import map_in_order
from gliaboost.parquet_file import read_frame, write_frame

if TYPE_CHECKING:
    import pandas as pd

FILE = "inputs.parquet"
# What was learned from, and what was tested on beside it.
DATA, OTHER = "data", "test on"
COLUMNS = ("set", "path", "key", "mask", "mask_key")


def inputs_of(
    manifest: Manifest,
    keys: Sequence[str | None],
    *,
    masks: bool,
    kind: str = DATA,
    jobs: int | None = None,
) -> pd.DataFrame:
    """List a data set's files.

    Parameters
    ----------
    manifest : Manifest
        The data set.
    keys : sequence of str or None
        SHA-256 of each row's picture; None where it cannot be read.
    masks : bool
        Whether the run looked at masks: others are not listed.
    kind : str
        `DATA` or `OTHER`.
    jobs : int, optional
        Threads that read masks.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a row of the manifest; paths as the manifest has them.
    """
    import pandas as pd

    table, files = manifest.table, manifest.masks
    named = [None] * len(table) if not masks else [_text(m) for m in table["mask"]]
    found = [None if name is None else file for name, file in zip(named, files, strict=True)]
    return pd.DataFrame(
        {
            "set": kind,
            "path": pd.Series([_text(p) for p in table["path"]], dtype="object"),
            "key": pd.Series(list(keys), dtype="object"),
            "mask": pd.Series(named, dtype="object"),
            "mask_key": pd.Series(list(map_in_order(_key, found, jobs=jobs)), dtype="object"),
        },
        columns=list(COLUMNS),
    )


def digest(inputs: pd.DataFrame) -> str:
    """Give the SHA-256 of all inputs, in any order of rows: 64 hexadecimal digits."""
    rows = inputs[list(COLUMNS)].itertuples(index=False, name=None)
    lines = sorted("\t".join(v if isinstance(v, str) else "" for v in row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write_inputs(folder: Path, parts: Sequence[pd.DataFrame]) -> str:
    """Write those of each data set into a run's folder, and give their digest for the record."""
    import pandas as pd

    inputs = pd.concat(parts, ignore_index=True)
    write_frame(inputs, folder / FILE)
    return digest(inputs)


def read_inputs(folder: Path) -> pd.DataFrame | None:
    """Read them; None where there are none, or none that can be read."""
    try:
        found = read_frame(folder / FILE)
    except (OSError, ValueError, DamagedFileError):
        return None
    return found if set(COLUMNS) <= set(found) else None


def faults(then: pd.DataFrame, now: pd.DataFrame, say: Callable[[Any], str]) -> list[str]:
    """List which files are gone, are others, or are new.

    Parameters
    ----------
    then, now : pandas.DataFrame
        From `inputs_of`, or its columns ``path`` and ``key`` of some rows alone, then.
    say : callable
        Names some of many paths.

    Returns
    -------
    list of str
        A line a kind of fault.

    Examples
    --------
    >>> import pandas as pd
    >>> then = pd.DataFrame({"path": ["a", "b", "c"], "key": ["1", "2", "3"]})
    >>> now = pd.DataFrame({"path": ["a", "b"], "key": ["1", "9"]})
    >>> faults(then, now, list)
    ["pictures not in the data any more: ['c']", "pictures of other bytes than then: ['b']"]
    """
    found = []
    kinds = [("pictures", "path", "key"), ("masks", "mask", "mask_key")]
    for what, name, key in kinds:
        if name not in then:
            continue
        before, after = _named(then, name, key), _named(now, name, key)
        gone = [p for p in before if p not in after]
        known = [p for p, k in before.items() if k is not None and p in after]
        unread = [p for p in known if after[p] is None]
        other = [p for p in known if after[p] not in (None, before[p])]
        for paths, said in (
            (gone, "not in the data any more"),
            (unread, "missing, or not to be opened"),
            (other, "of other bytes than then"),
        ):
            if paths:
                found.append(f"{what} {said}: {say(paths)}")
    return found


def _named(table: pd.DataFrame, name: str, key: str) -> dict[str, str | None]:
    """Give the key of each path, None where it is not known."""
    pairs = zip(table[name], table[key], strict=True)
    return {p: k if isinstance(k, str) else None for p, k in pairs if isinstance(p, str)}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _key(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return ImageSource.of(file).key()
    except DecodeError:
        return None
