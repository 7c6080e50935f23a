"""What proofs of a contract share: checks that yield faults, each run to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Faults = Iterator[str]


def faults_of(check: Callable[..., Faults], *arguments: Any) -> list[str]:
    """Run a check to its end, or to its first unexpected error, which is a fault of its own.

    Parameters
    ----------
    check : callable
        Yields a line a fault. Its name says what it looks at.
    *arguments
        What it is called with.

    Returns
    -------
    list of str
        Empty where all is well.

    Examples
    --------
    >>> def _size(given):
    ...     if len(given) < 2:
    ...         yield f"{len(given)} given; expected 2"
    >>> faults_of(_size, "abc"), faults_of(_size, "a")
    ([], ['1 given; expected 2'])
    >>> faults_of(_size, 7)
    ["size: fails with TypeError: object of type 'int' has no len()"]
    """
    found: list[str] = []
    try:
        found.extend(check(*arguments))
    except Exception as error:
        what = check.__name__.strip("_").replace("_", " ")
        found.append(f"{what}: fails with {first_line(error)}")
    return found


def first_line(error: Exception) -> str:
    r"""Say an error's kind and the first line of what it says.

    Examples
    --------
    >>> first_line(ValueError("no such file\nsee the manual"))
    'ValueError: no such file'
    """
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
