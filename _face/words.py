"""Names and numbers as a person types them: by comma or blank, or in a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gliaboost.errors import UsageError

# What is extracted unless somebody says otherwise.
CLASSICAL = "hog,lbp,glcm"
# What finds the tumour unless somebody says otherwise.
SEGMENTER = "boosted-pixels"
SEGMENTERS = "boosted-pixels,otsu"


def names(given: str | Iterable[str]) -> list[str]:
    """Read names, each once.

    Parameters
    ----------
    given : str or iterable of str
        By comma, semicolon or blank, in one text or in several.

    Returns
    -------
    list of str
        One or more, in their order.

    Raises
    ------
    UsageError
        If there is none, or one is named twice.

    Examples
    --------
    >>> names("hog, lbp"), names("hog lbp"), names(["hog", "lbp,glcm"])
    (['hog', 'lbp'], ['hog', 'lbp'], ['hog', 'lbp', 'glcm'])
    """
    said = given if isinstance(given, str) else ",".join(map(str, given))
    found = re.split(r"[,;\s]+", said)
    return once([word for word in found if word], said)


def by_comma(given: str | Iterable[str]) -> list[str]:
    """Read names that may hold blanks, such as those of columns: by comma alone.

    Examples
    --------
    >>> by_comma("patient id, mask")
    ['patient id', 'mask']
    """
    said = given if isinstance(given, str) else ",".join(map(str, given))
    return once([word.strip() for word in said.split(",") if word.strip()], said)


def once(found: list[str], said: str) -> list[str]:
    """Refuse an empty list of names, and one that names something twice."""
    if not found:
        raise UsageError(f"no name in {said!r}; expected names by comma, such as {CLASSICAL}")
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise UsageError(f"{', '.join(twice)} is named twice in {said!r}; name each once")
    return found


def pairs(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """Read ``name=value`` by comma; a mapping is one already.

    Raises
    ------
    UsageError
        If a name has no value.

    Examples
    --------
    >>> pairs("crop=foreground,size=128")
    {'crop': 'foreground', 'size': 128}
    """
    if not isinstance(given, str):
        return dict(given)
    parts = [word.partition("=") for word in names(given)]
    wrong = [key for key, equals, _ in parts if not equals]
    if wrong:
        raise UsageError(
            f"{', '.join(wrong)} in {given!r} has no value; expected name=value by comma"
        )
    plain = {"true": True, "false": False}
    return {k: int(v) if v.isdigit() else plain.get(v.lower(), v) for k, _, v in parts}


def fold_choice(
    given: str | int | Iterable[str | int],
) -> tuple[list[str], dict[str, list[str]]]:
    """Read which folds to run: those of all models, and those of one model (``model=fold``).

    Examples
    --------
    >>> fold_choice("1,cnn-finetune=2"), fold_choice([1, 2])
    ((['1'], {'cnn-finetune': ['2']}), (['1', '2'], {}))
    """
    words = [given] if isinstance(given, str | int) else list(given)
    text = ",".join(str(word) for word in words)
    for_all: list[str] = []
    for_one: dict[str, list[str]] = {}
    for word in by_comma(text) if text else []:
        model, equals, fold = word.partition("=")
        if equals:
            for_one.setdefault(model, []).append(fold)
        else:
            for_all.append(word)
    return for_all, for_one
