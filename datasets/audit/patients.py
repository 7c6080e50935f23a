"""Patients on both sides of a split."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Straddler:
    """A patient, or a family of patient ids, with images on several sides.

    Attributes
    ----------
    name : str
        The patient's id, or what the ids of the family share.
    ids : tuple of str
        The ids, sorted.
    column : str
        ``split`` or ``fold``.
    sides : dict of str to list of int
        Rows by the column's value, in order of the values.
    """

    name: str
    ids: tuple[str, ...]
    column: str
    sides: dict[str, list[int]]


def straddlers(
    names: pd.Series[str], sides: pd.Series[str], ids: pd.Series[str]
) -> list[Straddler]:
    """List the names whose rows lie on more than one side.

    Parameters
    ----------
    names : pandas.Series
        Patient or family of each row, missing where unknown.
    sides : pandas.Series
        ``split`` or ``fold`` of each row; the series' name says which.
    ids : pandas.Series
        Patient id of each row.

    Returns
    -------
    list of Straddler
        Ordered by name.
    """
    rows = pd.DataFrame({"name": names, "side": sides, "id": ids}).dropna()
    spread = rows.groupby("name")["side"].nunique()
    found = []
    for name in sorted(spread.index[spread > 1]):
        mine = rows[rows["name"] == name]
        by_side = {str(s): list(map(int, r.index)) for s, r in mine.groupby("side", sort=True)}
        found.append(
            Straddler(str(name), tuple(sorted(mine["id"].unique())), str(sides.name), by_side)
        )
    return found
