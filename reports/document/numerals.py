"""How numbers are written: one place, so that a number looks the same wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gliaboost.reports.document.blocks import Cell

UNKNOWN = "–"


def count(value: int) -> str:
    """Write a whole number with thousands apart.

    Examples
    --------
    >>> count(3064)
    '3,064'
    """
    return f"{value:,}"


def speed(value: float | None) -> str:
    """Write how many a second.

    Examples
    --------
    >>> speed(4321.4), speed(0.123)
    ('4,321', '0.12')
    """
    return UNKNOWN if value is None else count(round(value)) if value >= 9.5 else f"{value:.2g}"


def share(value: float | None, digits: int = 3) -> str:
    """Write a number near 0 to 1; a dash where it is unknown.

    Examples
    --------
    >>> share(0.8125), share(-0.25, 1), share(-0.0001)
    ('0.812', '−0.2', '0.000')
    """
    if value is None:
        return UNKNOWN
    said = f"{value:.{digits}f}"
    # A nought has no sign.
    return said.replace("-", "\N{MINUS SIGN}" if float(said) else "")


def percent(value: float, digits: int = 0) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> percent(0.99), percent(0.8125, 1)
    ('99 %', '81.2 %')
    """
    return f"{100 * value:.{digits}f} %"


def signed(value: float, digits: int = 3) -> str:
    """Write a difference with its sign."""
    return ("+" if value > 0 else "") + share(value, digits)


def probability(p: float) -> str:
    """Write a p-value.

    Examples
    --------
    >>> probability(0.21), probability(0.0123), probability(1e-7)
    ('0.21', '0.012', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"{p:.2g}" if p < 0.995 else "1"


def span(limits: Sequence[float] | None, digits: int = 3) -> str:
    """Write an interval in brackets; nothing where there is none."""
    return "" if limits is None else f"[{share(limits[0], digits)}, {share(limits[1], digits)}]"


def seconds(value: float | None) -> str:
    """Write a time with three figures at most.

    Examples
    --------
    >>> seconds(0.01234), seconds(3.21), seconds(754), seconds(0.000028)
    ('0.012 s', '3.2 s', '12.6 min', '28 µs')
    """
    if value is None:
        return UNKNOWN
    if 0 < value < 0.00095:
        return f"{1e6 * value:.2g} µs" if value < 0.95e-4 else f"{1e3 * value:.2g} ms"
    if value < 0.95:
        return f"{value:.2g} s"
    if value < 90:
        return f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"
    if value < 5400:
        return f"{value / 60:.3g} min"
    return f"{value / 3600:.3g} h"


def size(value: float | None) -> str:
    """Write a size in memory or on disk.

    Examples
    --------
    >>> size(2_500_000)
    '2.5 MB'
    """
    if value is None:
        return UNKNOWN
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:.0f} B"


def bounded(
    value: float | None, limits: Sequence[float] | None, words: str | None = None, digits: int = 3
) -> Cell:
    """Make the cell of a number with its interval; a dash where the number is unknown."""
    if value is None:
        return Cell(UNKNOWN)
    shown = share(value, digits) if words is None else words
    return Cell(shown, value, span(limits, digits), limits)


def natural(name: str) -> tuple[bool, int, str]:
    """Give what names are sorted by where some are numbers: these first, by what they count.

    Examples
    --------
    >>> sorted(["10", "2", "rest"], key=natural)
    ['2', '10', 'rest']
    """
    return (False, int(name), name) if name.isdecimal() else (True, 0, name)


def plural(number: int, noun: str, many: str | None = None) -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> plural(1, "patient"), plural(2, "patient")
    ('1 patient', '2 patients')
    """
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def words(value: Any) -> str | None:
    """Write parameters as a reader would.

    Examples
    --------
    >>> words({"pixels_per_cell": 32, "radii": [1, 2], "soft_bins": False, "rate": 0.123456})
    'pixels per cell 32; radii 1, 2; soft bins no; rate 0.1235'
    """
    if isinstance(value, Mapping):
        return "; ".join(f"{str(k).replace('_', ' ')} {words(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(str(words(v)) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return None if value is None else str(value)
