"""A run against itself done again, for a terminal: a table of what moved."""

from __future__ import annotations

from gliaboost.reports.document.columns import columns
from gliaboost.reports.protocol.reproduction import Moved, Reproduction, Value

# Rows of the table; more are counted.
MOST = 40


def reproduction_text(found: Reproduction, *, fit: bool = False) -> str:
    """Say what moved in a table, what may have moved it, and what could not be checked.

    Parameters
    ----------
    found : Reproduction
        The run, done again.
    fit : bool
        As of `columns`.

    Examples
    --------
    >>> from pathlib import Path
    >>> moved = [Moved("lightgbm+hog", "accuracy.pooled", 0.9, 0.85)]
    >>> causes = ["lightgbm 4.6 then, 4.7 now"]
    >>> print(reproduction_text(Reproduction(Path("a"), Path("b"), 310, moved, causes)))
    experiment    measure          then   now
    lightgbm+hog  accuracy.pooled   0.9  0.85
    1 of 310 numbers moved; times and memory are not compared
    may have moved them: lightgbm 4.6 then, 4.7 now
    """
    lines = []
    if found.moved:
        rows = [["experiment", "measure", "then", "now"], *map(_row, found.moved[:MOST])]
        lines.append(columns(rows, left=2, fit=fit))
        more = len(found.moved) - MOST
        lines += [f"and {more:,} more, in reproduction.json"] if more > 0 else []
    if found.moved:
        lines.append(
            f"{len(found.moved):,} of {found.compared:,} numbers moved; times and memory are not "
            "compared"
        )
        if found.causes:
            lines.append(f"may have moved them: {'; '.join(found.causes)}")
        else:
            lines.append(
                "versions, machine and threads are as they were: nothing that is noted explains it"
            )
    else:
        lines.append(
            f"nothing moved: {found.compared:,} numbers are what they were; times and memory are "
            "not compared"
        )
        lines += [f"though these differ: {'; '.join(found.causes)}"] if found.causes else []
    lines += [f"not checked: {sentence}" for sentence in found.unchecked]
    return "\n".join(lines)


def _row(moved: Moved) -> list[str]:
    then, now = _digits(moved.then, moved.now)
    return [moved.experiment or "the run", moved.measure, then, now]


def _digits(then: Value, now: Value) -> tuple[str, str]:
    """Write two values with as many digits as it takes to tell them apart.

    Examples
    --------
    >>> _digits(0.123456789, 0.123456799), _digits(0.9, 0.85), _digits(None, "cuda")
    (('0.12345679', '0.1234568'), ('0.9', '0.85'), ('-', 'cuda'))
    """
    if isinstance(then, float) and isinstance(now, float):
        for digits in range(4, 17):
            said = f"{then:.{digits}g}", f"{now:.{digits}g}"
            if said[0] != said[1]:
                return said
    a, b = ("-" if value is None else str(value) for value in (then, now))
    return a, b
