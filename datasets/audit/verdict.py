"""What an audit found, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

SIDES = ("split", "fold")
# How much a sentence weighs, the heaviest first.
WEIGHTS = ("wrong", "note", "fine")
FAULTS = {
    "unreadable": "that cannot be decoded",
    "blank": "that show nothing",
    "tiny": "too small for texture",
    "mode": "that are not plain grey",
    "aspect": "of odd shape",
}


class Findings(Protocol):
    """What sentences are made of; `gliaboost.datasets.audit.report.AuditReport` has it."""

    @property
    def table(self) -> pd.DataFrame:
        """Rows of the manifest."""

    @property
    def straddlers(self) -> Sequence[Any]:
        """Patients on more than one side."""

    @property
    def straddling_families(self) -> Sequence[Any]:
        """Families of ids on more than one side."""

    @property
    def betrayals(self) -> Sequence[Any]:
        """Metadata that tell the class."""

    @property
    def against(self) -> str | None:
        """Name of the other manifest."""

    @property
    def matches(self) -> pd.DataFrame:
        """Pairs with the other manifest's rows."""

    def counts(self) -> dict[str, int]:
        """Count findings by kind."""

    def beside(self, column: str) -> dict[str, tuple[int, int]]:
        """Count pictures whose neighbour is on another side of a column."""

    def crossing(self, column: str) -> dict[str, tuple[int, int]]:
        """Count pictures on more than one side of a column."""


def sentences(report: Findings) -> Iterator[tuple[str, str]]:
    """Say whether the split is honest, and what else must be known before anyone trains.

    Yields
    ------
    weight : str
        Of `WEIGHTS`: ``wrong`` (a result on this set would mislead), ``note`` (to be known) or
        ``fine``.
    sentence : str
        The finding.
    """
    t, counts = report.table, report.counts()
    divided = [c for c in SIDES if t[c].notna().any()]
    if not divided:
        yield "note", "Columns split and fold are empty: no leak across them can be looked for."
    for column in divided:
        crossing = report.crossing(column)
        if not sum(n for n, _ in crossing.values()):
            yield "fine", f"No picture lies on two sides of {column}."
            continue
        for side, (shared, total) in crossing.items():
            if shared:
                yield (
                    "wrong",
                    f"{column} {side}: {shared} of {_n(total, 'file')} ({shared / total:.1%}) "
                    "show a picture that is on another side too.",
                )
    for column in divided:
        for side, (beside, total) in report.beside(column).items():
            if beside:
                yield (
                    "wrong",
                    f"{column} {side}: {beside} of {_n(total, 'file')} ({beside / total:.1%}) "
                    "are no copies, but as alike as adjacent slices to a picture on another side; "
                    "patients are unknown, so nothing keeps them together.",
                )
    for column in divided:
        patients = [s for s in report.straddlers if s.column == column]
        for side in dict.fromkeys(side for s in patients for side in s.sides):
            mine = [s for s in patients if side in s.sides]
            yield (
                "wrong",
                f"{column} {side}: {_n(sum(len(s.sides[side]) for s in mine), 'file')} of "
                f"{_n(len(mine), 'patient')} seen on another side too.",
            )
        if t["patient"].notna().any() and not patients:
            yield "fine", f"No patient lies on two sides of {column}."
        related = sum(s.column == column for s in report.straddling_families)
        if related:
            yield (
                "wrong",
                f"{_n(related, 'group')} of patient ids that differ by a suffix alone, perhaps one "
                f"person each, on more than one side of {column}.",
            )
    unknown = int(t["patient"].isna().sum())
    if unknown:
        yield (
            "note",
            f"{unknown} of {_n(len(t), 'file')} without a patient: slices of one patient may "
            "lie on two sides unseen. --against a set that knows its patients may find them.",
        )
    if counts["contradictions"]:
        yield "wrong", f"{_n(counts['contradictions'], 'picture')} filed under two labels."
    if not counts["duplicated"]:
        yield "fine", "No picture is there twice."
    else:
        yield (
            "note",
            f"{_n(counts['duplicated'], 'file')} repeating a picture that is there already.",
        )
    for b in report.betrayals:
        if b.betrays and b.name != "everything":
            yield (
                "note",
                f"The class shows without the picture: {b.name} alone reaches an accuracy of "
                f"{b.accuracy:.3f}, always naming the commonest class {b.baseline:.3f}.",
            )
    for kind, what in FAULTS.items():
        if counts[kind]:
            yield "note", f"{_n(counts[kind], 'file')} {what}."
    if report.against is not None:
        found = int(report.matches["a"].nunique())
        yield "note", f"{found} of {_n(len(t), 'file')} show pictures of {report.against}."
        if counts["other label"]:
            yield (
                "wrong",
                f"{_n(counts['other label'], 'file')} under another label in {report.against}.",
            )


def _n(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
