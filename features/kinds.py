"""Kinds of parameters, told by their defaults: whole numbers, numbers, words, yes or no, lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def wrong_kinds(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Hold values against the kinds of the defaults.

    Parameters
    ----------
    given, defaults : mapping of str to any
        Values by the parameter's name. A default of None says nothing of the kind. Where the
        default is a list one value alone will do, and where it is a whole number, two: rows and
        columns.

    Returns
    -------
    list of str
        A line for each that is of another kind.

    Examples
    --------
    >>> wrong_kinds({"cells": "8", "names": ["a", 3]}, {"cells": 2, "names": ("a",)})
    ["cells='8', expected a whole number", "names=['a', 3], expected words"]
    >>> wrong_kinds({"cells": [4, 2], "radii": 1.5}, {"cells": 2, "radii": (1, 2)})
    []
    """
    faults = []
    for name, value in given.items():
        expected = _expected(value, defaults.get(name))
        if expected is not None:
            faults.append(f"{name}={value!r}, expected {expected}")
    return faults


def _expected(value: Any, default: Any) -> str | None:
    """Say what was expected, None where the value is of the kind."""
    several = isinstance(default, list | tuple) and len(default) > 0
    model = default[0] if several else default
    if not isinstance(model, bool | int | float | str):
        return None
    value = value.tolist() if hasattr(value, "tolist") else value  # numpy's
    pair = not several and type(model) is int
    plain = list(value) if isinstance(value, list | tuple) and (several or pair) else [value]
    if isinstance(model, bool):
        right, word = all(isinstance(v, bool) for v in plain), "true or false"
    elif isinstance(model, str):
        right, word = all(isinstance(v, str) for v in plain), "words" if several else "a word"
    elif pair:
        right, word = all(type(v) is int for v in plain) and len(plain) <= 2, "a whole number"
    else:
        right = all(isinstance(v, int | float) and not isinstance(v, bool) for v in plain)
        word = "numbers" if several else "a number"
    return None if right and plain else word
