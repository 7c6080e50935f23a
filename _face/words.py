"""Names and numbers as a person types them: by comma, or in a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gliaboost.errors import UsageError

# What is extracted unless somebody says otherwise.
CLASSICAL = "hog,lbp,glcm"


def names(given: str | Iterable[str]) -> list[str]:
    """Read names, each once.

    Parameters
    ----------
    given : str or iterable of str
        By comma, or one by one.

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
    >>> names("hog, lbp"), names(["hog", "lbp"])
    (['hog', 'lbp'], ['hog', 'lbp'])
    """
    words = given.split(",") if isinstance(given, str) else [str(word) for word in given]
    said = given if isinstance(given, str) else ",".join(words)
    found = [word.strip() for word in words if word.strip()]
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
    for word in names(text) if text else []:
        model, equals, fold = word.partition("=")
        if equals:
            for_one.setdefault(model, []).append(fold)
        else:
            for_all.append(word)
    return for_all, for_one
