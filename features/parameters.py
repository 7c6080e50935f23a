"""Extractor parameters: read as plain values, written into column names and parsed back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gliaboost.errors import UsageError
from gliaboost.features.base import Box

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


def position(feature_name: str) -> dict[str, int]:
    """Read a column name's last part, letters and numbers such as ``y0_x3_b7``.

    Raises
    ------
    UsageError
        If that part is anything else.

    Examples
    --------
    >>> position("lbp__grid_4__y0_x3_b7")
    {'y': 0, 'x': 3, 'b': 7}
    """
    words = feature_name.rpartition("__")[2].split("_")
    if not all(word[:1].isalpha() and word[1:].isdecimal() for word in words):
        raise UsageError(f"column name {feature_name!r} ends in no position such as y0_x3_b7")
    return {word[0]: int(word[1:]) for word in words}


def grid_cell(feature_name: str, grid: tuple[int, int], height: int, width: int) -> Box | None:
    """Find the cell of a grid that a column name ends in, None where there is but one cell.

    Examples
    --------
    >>> grid_cell("lbp__grid_4__y1_x0_b3", (4, 4), 256, 256)
    Box(top=64, left=0, bottom=128, right=64)
    """
    if grid == (1, 1):
        return None
    at, (rows, columns) = position(feature_name), grid
    # As gliaboost.features.kernels.grid cuts it.
    return Box(
        at["y"] * height // rows,
        at["x"] * width // columns,
        (at["y"] + 1) * height // rows,
        (at["x"] + 1) * width // columns,
    )
