"""Which columns come from which extractor, for models that read feature families apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gliaboost.errors import UsageError
from gliaboost.features.base import Extractor


class Family(NamedTuple):
    """Neighbouring columns of one extractor.

    Attributes
    ----------
    name : str
        The extractor's label.
    width : int
        Columns, from 1.
    joint : bool
        As `Extractor.joint`: its columns tell little each, and much together.

    Examples
    --------
    >>> Family("hog", 324)
    Family(name='hog', width=324, joint=False)
    """

    name: str
    width: int
    joint: bool = False


def families_of(extractors: Sequence[Extractor], widths: Sequence[int]) -> list[Family]:
    """Tell the families of columns that stand side by side.

    Parameters
    ----------
    extractors : sequence of Extractor
        In the order of their columns.
    widths : sequence of int
        Columns of each.

    Examples
    --------
    >>> from gliaboost.features import HOG
    >>> families_of([HOG()], [324])
    [Family(name='hog', width=324, joint=False)]
    """
    return [Family(e.label, w, e.joint) for e, w in zip(extractors, widths, strict=True)]


def checked_families(families: Sequence[Family] | None, columns: int) -> list[Family]:
    """Take up the families that a model is told; without any, all columns are one.

    Raises
    ------
    UsageError
        If they are not of so many columns.

    Examples
    --------
    >>> checked_families(None, 6)
    [Family(name='columns', width=6, joint=False)]
    """
    if families is None:
        return [Family("columns", columns)]
    found = [Family(*family) for family in families]
    if sum(f.width for f in found) != columns or any(f.width < 1 for f in found):
        said = ", ".join(f"{f.name} {f.width}" for f in found)
        raise UsageError(f"families of {said} columns; expected {columns} in all, 1 or more each")
    return found
