"""What an audit wrote: manifests with groups, without rows, with cells from another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gliaboost.datasets.manifest import Manifest


@dataclass(frozen=True)
class Carried:
    """Cells of one column that were taken over from another manifest.

    Attributes
    ----------
    column : str
        Such as ``patient``.
    filled, empty : int
        Cells that were filled, of those that were empty.
    known : int
        Of the empty ones those whose picture has a value there. Not all can be filled: pictures
        that are the same disagree, or a mask would not lie on a turned, resized or trimmed one.
    """

    column: str
    filled: int
    empty: int
    known: int


@dataclass(frozen=True)
class WrittenManifest:
    """A manifest that an audit wrote.

    Attributes
    ----------
    path : str
        The file.
    rows, audited : int
        Its rows, of those that were audited.
    columns : tuple of str
        Its columns that are not empty.
    groups, grouped : int
        Its groups, and its rows that share one; 0 where it has no column ``group``.
    dropped : tuple of str
        What was left out, as `gliaboost.datasets.audit.cleaning.drop` names it.
    carried : tuple of Carried
        By column.
    cut : tuple of str
        Of ``split`` and ``fold`` those that part a patient: no command takes it before they are
        emptied.
    """

    path: str
    rows: int
    audited: int
    columns: tuple[str, ...]
    groups: int = 0
    grouped: int = 0
    dropped: tuple[str, ...] = ()
    carried: tuple[Carried, ...] = ()
    cut: tuple[str, ...] = ()

    def sentences(self) -> Iterator[str]:
        """Say what was written, in lines.

        Examples
        --------
        >>> for line in WrittenManifest("g.csv", 9, 9, ("path", "group"), 7, 4).sentences():
        ...     print(line)
        g.csv: all 9 rows, 2 columns
          group: 7 groups that no fold cuts; 4 rows in groups of several
        """
        columns = _n(len(self.columns), "column")
        if self.rows == self.audited:
            yield f"{self.path}: all {_n(self.rows, 'row')}, {columns}"
        else:
            yield f"{self.path}: {self.rows:,} of {_n(self.audited, 'row')}, {columns}"
        if self.dropped:
            left = _n(self.audited - self.rows, "row")
            yield f"  dropped: {left} ({', '.join(self.dropped)}); no image file is deleted"
        if self.groups:
            yield (
                f"  group: {_n(self.groups, 'group')} that no fold cuts; "
                f"{_n(self.grouped, 'row')} in groups of several"
            )
        for one in self.carried:
            empty = _n(one.empty, "row")
            yield f"  {one.column}: carried over for {one.filled:,} of {empty} without"
            if one.known > one.filled:
                why = "pictures that are the same disagree"
                if one.column == "mask":
                    why = f"turned, resized or trimmed, or {why}"
                yield f"    not for {one.known - one.filled:,} more that have one there ({why})"
        if self.cut:
            yield f"  patients that are known now lie on two sides of {' and '.join(self.cut)}"


def written(
    path: Path | str,
    manifest: Manifest,
    audited: int,
    *,
    dropped: Sequence[str] = (),
    carried: Sequence[Carried] = (),
) -> WrittenManifest:
    """Say what a manifest that was written holds.

    Parameters
    ----------
    path : path-like
        Where it was written.
    manifest : Manifest
        It.
    audited : int
        Rows of the audited one.
    dropped, carried
        What was done, as in `WrittenManifest`.

    Returns
    -------
    WrittenManifest
    """
    table = manifest.table
    groups = Counter(table["group"].dropna()) if "group" in table else Counter[str]()
    return WrittenManifest(
        str(path),
        len(table),
        audited,
        tuple(str(c) for c in table.columns if table[c].notna().any()),
        len(groups),
        sum(n for n in groups.values() if n > 1),
        tuple(dropped),
        tuple(carried),
        tuple(c for c in ("split", "fold") if _parts_a_patient(table, c)),
    )


def count_carried(
    before: Manifest,
    after: Manifest,
    against: Manifest,
    matches: pd.DataFrame,
    columns: Sequence[str],
) -> tuple[Carried, ...]:
    """Count the cells that `gliaboost.datasets.audit.cleaning.carry_over` filled.

    Parameters
    ----------
    before, after : Manifest
        Same rows, as audited and as filled.
    against : Manifest
        Where the cells are from.
    matches : pandas.DataFrame
        Of the audit: rows ``a`` of the one and ``b`` of the other.
    columns : sequence of str
        Which were carried.

    Returns
    -------
    tuple of Carried
        In the order of `columns`.
    """
    found = []
    for column in columns:
        if column in before.table:
            empty = before.table[column].isna()
        else:
            empty = pd.Series([True] * len(before), before.table.index)
        rows, theirs = (matches[c].to_numpy(int) for c in "ab")
        has = against.table[column].notna().to_numpy()[theirs]
        known = set(rows[has]) & set(empty.to_numpy().nonzero()[0])
        filled = int((empty & after.table[column].notna()).sum())
        found.append(Carried(column, filled, int(empty.sum()), len(known)))
    return tuple(found)


def _parts_a_patient(table: pd.DataFrame, column: str) -> bool:
    sides = table[["patient", column]].dropna().groupby("patient")[column].nunique()
    return bool((sides > 1).any())


def _n(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
