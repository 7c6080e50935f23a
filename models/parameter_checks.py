"""Checks of a model's parameters: all faults at once, each with what was expected."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from gliaboost.errors import UsageError

Legal = Mapping[str, tuple[str, Callable[[Any], bool]]]


def check_parameters(model: Any, legal: Legal) -> None:
    """Refuse illegal values of a model's attributes.

    Parameters
    ----------
    model : object
        Has an attribute for each name.
    legal : mapping of str to (str, callable)
        What is expected, in words, and a test; one that raises TypeError, ValueError or
        OverflowError says no.

    Raises
    ------
    UsageError
        Listing every fault.
    """
    faults = illegal(model, legal)
    if faults:
        raise UsageError(f"{type(model).__name__}: {'; '.join(faults)}")


def illegal(model: Any, legal: Legal) -> list[str]:
    """List the illegal values of a model's attributes, a line each; see `check_parameters`."""
    return [
        f"{name}={getattr(model, name)!r}, expected {expected}"
        for name, (expected, test) in legal.items()
        if not _holds(test, getattr(model, name))
    ]


def one_of(*names: str) -> tuple[str, Callable[[Any], bool]]:
    """Return what is expected, in words, and a test, for one of some names."""
    return f"one of {', '.join(names)}", lambda v: isinstance(v, str) and v in names


def whole(least: int, most: float = math.inf) -> Callable[[Any], bool]:
    """Return a test for a whole number in a range, its ends included."""
    return lambda v: not isinstance(v, bool) and v == int(v) and least <= v <= most


def _holds(test: Callable[[Any], bool], value: Any) -> bool:
    try:
        return bool(test(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _weights(by_label: Mapping[Any, Any]) -> bool:
    return all(not isinstance(w, bool) and 0 <= w < math.inf for w in by_label.values())


# Of every model that can weigh classes.
CLASS_WEIGHT: tuple[str, Callable[[Any], bool]] = (
    "'balanced', a dict of label: weight, or None",
    lambda v: v is None or v == "balanced" or (isinstance(v, dict) and _weights(v)),
)
