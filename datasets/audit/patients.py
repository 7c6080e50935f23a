"""Patients on both sides of a split, and ids that may name one person twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

# An id that ends in a digit, then one or two letters: MR024780B. The letters alone are the suffix.
_LETTERS = re.compile(r"^(.*\d)[\s._-]*[A-Za-z]{1,2}$")
# A part set apart: P12_2, P12 (2), P12-b. A suffix only where the id without it is an id too.
_APART = re.compile(r"^(.+?)(?:[\s._-]+[A-Za-z0-9]{1,2}|\s*\(\w{1,2}\))$")


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


def families(ids: Iterable[str]) -> dict[str, str]:
    """Join patient ids that differ by a suffix alone; perhaps they are one person.

    Parameters
    ----------
    ids : iterable of str
        Patient ids.

    Returns
    -------
    dict of str to str
        The family of each id: the id itself where nothing else is like it.

    Examples
    --------
    >>> families(["MR024780B", "MR024780D", "100360", "P12", "P12_2", "case_1", "case_2"])
    {'MR024780B': 'MR024780', 'MR024780D': 'MR024780', '100360': '100360', 'P12': 'P12', \
'P12_2': 'P12', 'case_1': 'case_1', 'case_2': 'case_2'}
    """
    known = list(dict.fromkeys(ids))
    there = set(known)
    stems: dict[str, str] = {}
    for name in known:
        letters, apart = _LETTERS.match(name), _APART.match(name)
        if apart and apart[1] in there:
            stems[name] = apart[1]
        else:
            stems[name] = letters[1] if letters else name
    # A suffix of a suffix: P12, P12B, P12B_2.
    joined = {name: stems.get(stem, stem) for name, stem in stems.items()}
    size = pd.Series(list(joined.values())).value_counts()
    return {name: stem if size[stem] > 1 else name for name, stem in joined.items()}


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
