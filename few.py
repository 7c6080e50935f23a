"""The first few of many, and how many are left."""

from __future__ import annotations

from collections.abc import Iterable


def few(values: Iterable[object], most: int, sep: str = ", ") -> str:
    """Name the first few of many, and count the rest.

    Parameters
    ----------
    values : iterable
        What is named, as ``str`` writes it.
    most : int
        How many are named.
    sep : str
        What stands between two.

    Returns
    -------
    str
        Empty where there are no values.

    Examples
    --------
    >>> few("abc", 3), few("abcdefg", 5), few(["1 of a", "2 of b", "3 of c"], 2, "; ")
    ('a, b, c', 'a, b, c, d, e and 2 more', '1 of a; 2 of b and 1 more')
    """
    every = list(values)
    # The rest is counted alone: its text may be long, and is not asked for.
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return sep.join(map(str, every[:most])) + more
