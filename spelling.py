"""Names as people type them: in any case, with - or _ or a blank, and the near ones suggested."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

# How alike two names must be for one to be suggested for the other, 0 to 1.
LIKENESS = 0.6
SUGGESTED = 3


def plain(name: str) -> str:
    """Reduce a name to what people agree on.

    Examples
    --------
    >>> plain("CNN_Finetune"), plain("cnn-finetune")
    ('cnnfinetune', 'cnnfinetune')
    """
    return re.sub(r"[\s_-]+", "", name).casefold()


def spelled(given: str, known: Iterable[str]) -> str | None:
    """Find the name that is meant.

    Parameters
    ----------
    given : str
        As typed.
    known : iterable of str
        The names there are.

    Returns
    -------
    str or None
        The known name that is the same, else the one that differs by case, ``-``, ``_`` and blanks
        alone; None where there is none, or more than one.

    Examples
    --------
    >>> spelled("LightGBM", ["lightgbm", "xgboost"]), spelled("catboost", ["xgboost"])
    ('lightgbm', None)
    """
    names = list(known)
    if given in names:
        return given
    same = [name for name in names if plain(name) == plain(given)]
    return same[0] if len(same) == 1 else None


def near(given: str, known: Iterable[str], other: Mapping[str, str] | None = None) -> list[str]:
    """List the known names that are most like a given one.

    Parameters
    ----------
    given : str
        As typed.
    known : iterable of str
        The names there are.
    other : mapping of str to str, optional
        What others call a known name, such as another library: `plain` names to known ones.

    Returns
    -------
    list of str
        The likest first, at most `SUGGESTED`; of a name in `other` that alone.

    Examples
    --------
    >>> near("xgbost", ["lightgbm", "xgboost"]), near("max_depth", ["l2"], {"maxdepth": "l2"})
    (['xgboost'], ['l2'])
    """
    names = {plain(name): name for name in known}
    word = plain(given)
    if other and other.get(word) in names.values():
        return [other[word]]
    begins = [n for n in names if min(len(n), len(word)) > 1 and (n.startswith(word))]
    alike = difflib.get_close_matches(word, names, SUGGESTED, LIKENESS)
    return [names[n] for n in dict.fromkeys([*begins, *alike])][:SUGGESTED]


def did_you_mean(given: str, known: Iterable[str], other: Mapping[str, str] | None = None) -> str:
    """Ask for the end of a message whether a near name is meant; empty where none is near.

    Examples
    --------
    >>> did_you_mean("hogg", ["hog", "lbp"]), did_you_mean("svm", ["hog", "lbp"])
    ('; did you mean hog?', '')
    """
    names = near(given, known, other)
    return f"; did you mean {' or '.join(names)}?" if names else ""
