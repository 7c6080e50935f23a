"""Labels that are no plain classes: quantities, ordered grades, and names of patients."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError

# More distinct numbers than this are a quantity; fractions are one from fewer.
MOST_NUMBERS, MOST_FRACTIONS = 20, 10
# More classes than this, of this few images each, are hardly classes.
MOST_CLASSES, FEW_IMAGES = 50, 30
SHOWN = 4
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_GRADE = re.compile(r"(?:(?:who|grade|grad|stage|g|t|score|level|birads|tier)[\s_.-]*)+(.+)", re.I)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_STEPS = (
    ("low", "high"),
    ("low", "intermediate", "high"),
    ("low", "medium", "high"),
    ("low", "moderate", "high"),
    ("mild", "moderate", "severe"),
    ("none", "mild", "moderate", "severe"),
)


def refuse_quantities(table: Manifest) -> None:
    """Refuse labels that are measured numbers: classes are told here, quantities are not.

    Raises
    ------
    UsageError
        If the labels are many distinct numbers; says how classes are made of them.
    """
    classes = table.classes
    if not classes or not all(_NUMBER.fullmatch(c.strip()) for c in classes):
        return
    values = [float(c.replace(",", ".")) for c in classes]
    fractions = any(not v.is_integer() for v in values)
    if len(classes) > (MOST_FRACTIONS if fractions else MOST_NUMBERS):
        few = ", ".join(classes[:SHOWN])
        raise UsageError(
            f"{table.name}: the labels are {len(classes)} distinct numbers ({few} ...), a quantity "
            "and no classes; gliaboost tells classes and does no regression: write classes of it "
            f"into a column, or name another column with --target{_others(table)}"
        )


def remark(table: Manifest) -> str | None:
    """Say what is lost where labels are ordered grades, or more than classes can well be.

    Returns
    -------
    str or None
        A sentence for terminal and report; None where the labels are plain classes.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"path": ["a", "b", "c"], "label": ["WHO II", "WHO III", "WHO IV"]})
    >>> remark(Manifest.of(rows, "."))[:50]
    'The labels WHO II, WHO III, WHO IV look like order'
    """
    classes = table.classes
    if len(classes) > MOST_CLASSES and len(table) < FEW_IMAGES * len(classes):
        return (
            f"There are {len(classes)} classes for {len(table)} images, such as "
            f"{', '.join(classes[:SHOWN])}: are these patients, and not classes?"
        )
    if not _ordered(classes):
        return None
    shown = ", ".join(classes[:SHOWN]) + (" ..." if len(classes) > SHOWN else "")
    return (
        f"The labels {shown} look like ordered grades. They are told as classes without an order: "
        "a mistake by three grades counts as one by a single grade, and nothing is interpolated."
    )


def _ordered(classes: Sequence[str]) -> bool:
    if len(classes) < 2:
        return False
    plain = [c.strip().lower() for c in classes]
    stems = [re.sub(r"[\s_-]*(grade|risk|gliomas?)$", "", c) for c in plain]
    if any(sorted(stems) == sorted(steps) for steps in _STEPS):
        return True
    steps = [_step(c) for c in plain]
    # Two numbers alone, such as 0 and 1, are a yes and a no.
    return all(s is not None for s in steps) and (len(classes) > 2 or not _bare(plain))


def _step(label: str) -> float | None:
    graded = _GRADE.fullmatch(label)
    word = graded[1].strip() if graded else label
    if word in _ROMAN:
        return _ROMAN[word]
    return float(word.replace(",", ".")) if _NUMBER.fullmatch(word) else None


def _bare(labels: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(label) for label in labels)


def _others(table: Manifest) -> str:
    from gliaboost.datasets.targets import NO_TARGETS

    rows = table.table
    named = [
        str(c)
        for c in rows
        if c not in (*NO_TARGETS, "label") and 1 < rows[c].nunique() <= MOST_NUMBERS
    ]
    return f", such as {' or '.join(named)}" if named else ""
