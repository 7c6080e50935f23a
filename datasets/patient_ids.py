"""Patient ids that may name one person twice: visits and parts told apart by a suffix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

# An id that ends in a digit, then one or two letters: MR024780B. The letters alone are the suffix.
_LETTERS = re.compile(r"^(.*\d)[\s._-]*[A-Za-z]{1,2}$")
# A part set apart: P12_2, P12 (2), P12-b. A suffix only where the id without it is an id too.
_APART = re.compile(r"^(.+?)(?:[\s._-]+[A-Za-z0-9]{1,2}|\s*\(\w{1,2}\))$")


def without_letters(patient: str) -> str:
    """Drop the one or two letters after an id's last digit.

    Examples
    --------
    >>> without_letters("MR024780B"), without_letters("100360"), without_letters("Anna")
    ('MR024780', '100360', 'Anna')
    """
    letters = _LETTERS.match(patient)
    return letters[1] if letters else patient


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
        apart = _APART.match(name)
        stems[name] = apart[1] if apart and apart[1] in there else without_letters(name)
    # A suffix of a suffix: P12, P12B, P12B_2.
    joined = {name: stems.get(stem, stem) for name, stem in stems.items()}
    size = Counter(joined.values())
    return {name: stem if size[stem] > 1 else name for name, stem in joined.items()}
