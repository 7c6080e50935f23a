"""The manifests that an audit makes better, written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.errors import UsageError

if TYPE_CHECKING:
    from gliaboost._face.inputs import DataSet
    from gliaboost.datasets.audit.report import AuditReport
    from gliaboost.datasets.audit.written import Carried, WrittenManifest
    from gliaboost.datasets.manifest import Manifest


def write_better(
    table: Manifest,
    report: AuditReport,
    other: Manifest | None,
    *,
    groups: Path | str | None,
    drop: Sequence[str],
    carry: Sequence[str],
    cleaned: Path | str | None,
) -> tuple[WrittenManifest, ...]:
    """Write the manifests that were asked for.

    Parameters
    ----------
    table : Manifest
        What was audited.
    report : AuditReport
        Of it.
    other : Manifest or None
        What it was audited against.
    groups, cleaned : path-like or None
        Where they go.
    drop, carry : sequence of str
        What is left out of the cleaned one, and what it takes over.

    Returns
    -------
    tuple of WrittenManifest
        The one with groups, then the cleaned one.
    """
    from gliaboost.datasets.audit import cleaning
    from gliaboost.datasets.audit.written import count_carried, written

    made = []
    if groups is not None:
        grouped = cleaning.write_groups(table, report)
        grouped.write(groups)
        made.append(written(groups, grouped, len(table)))
    if cleaned is not None and (carry or drop):
        better = table
        carried: tuple[Carried, ...] = ()
        if carry and other is not None:
            better = cleaning.carry_over(table, other, report, carry)
            carried = count_carried(table, better, other, report.matches, carry)
        if drop:
            better = cleaning.drop(better, report, drop)
        better.write(cleaned)
        made.append(written(cleaned, better, len(table), dropped=drop, carried=carried))
    return tuple(made)


def check_cleaning(
    against: DataSet | None,
    drop: str | Iterable[str],
    carry: str | Iterable[str],
    cleaned: Path | str | None,
) -> None:
    """Raise a `UsageError` where an option of an audit lacks another one."""
    if carry and against is None:
        raise UsageError("--carry takes columns from another manifest; name it with --against")
    if (carry or drop) and cleaned is None:
        raise UsageError("--drop and --carry make a manifest; say with --cleaned where it goes")
    if cleaned is not None and not (carry or drop):
        raise UsageError(
            f"--cleaned {cleaned} would be the same manifest; say with --drop "
            "duplicates,conflicts or with --carry patient,mask how it differs"
        )
