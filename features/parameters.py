"""Extractor parameters: read as plain values, written into column names and parsed back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gliaboost.errors import UsageError

Pair = int | Sequence[int]


def pair(value: Pair, what: str) -> tuple[int, int]:
    """Read one number, or two, as rows and columns.

    Examples
    --------
    >>> pair(8, "cells"), pair([4, 2], "cells")
    ((8, 8), (4, 2))
    """
    values = tuple(value) if isinstance(value, list | tuple) else (value, value)
    if len(values) != 2 or not all(isinstance(v, int) and v >= 1 for v in values):
        raise UsageError(
            f"{what} is {value!r}; expected a whole number >= 1, or two: rows, columns"
        )
    return values[0], values[1]


def pair_text(value: Pair, what: str) -> str:
    """Write a pair for a column name: ``32``, or ``32x16`` if its halves differ."""
    rows, columns = pair(value, what)
    return str(rows) if rows == columns else f"{rows}x{columns}"


def parse_pair(text: str) -> int | tuple[int, int]:
    """Read what `pair_text` wrote."""
    rows, _, columns = text.partition("x")
    return (int(rows), int(columns)) if columns else int(rows)


def sequence(value: Any, what: str) -> tuple[Any, ...]:
    """Read a single value or several, none twice, as a tuple."""
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not values or len(set(values)) != len(values):
        raise UsageError(f"{what} is {value!r}; expected at least one value, and none twice")
    return values


def number_text(value: float) -> str:
    """Write a number for a column name, without loss: ``2``, ``1.5``."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def parse_number(text: str) -> int | float:
    """Read what `number_text` wrote."""
    return float(text) if "." in text or "e" in text else int(text)


def name_parts(names: Sequence[str], keys: Sequence[str]) -> list[dict[str, str]]:
    """Split column names ``extractor__key_value__...`` into their values by key.

    Raises
    ------
    UsageError
        If a name lacks a key: it is not of this extractor, or of another version.
    """
    parts = []
    for name in names:
        values = dict(part.partition("_")[::2] for part in name.split("__")[1:])
        missing = [key for key in keys if key not in values]
        if missing:
            raise UsageError(f"column name {name!r} has no part '{missing[0]}_...'")
        parts.append(values)
    return parts


def one_value(parts: Sequence[dict[str, str]], key: str) -> str:
    """Return the value that all names share under `key`."""
    values = sorted({p[key] for p in parts})
    if len(values) != 1:
        raise UsageError(
            f"names of one extractor expected, but their '{key}' is {', '.join(values)}"
        )
    return values[0]
