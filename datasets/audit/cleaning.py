"""A manifest made better by what an audit found: groups, fewer rows, known patients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gliaboost.datasets.audit.report import AuditReport
from gliaboost.datasets.components import connected, sharing
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError

DROPPABLE = ("duplicates", "conflicts", "unreadable", "blank")
# Which of several copies stays: the one that a published test set has.
RANK = {"test": 0, "val": 1, "train": 2}


def write_groups(manifest: Manifest, report: AuditReport, *, families: bool = False) -> Manifest:
    """Add a column ``group`` that no split may cut: patients, joined with copies and neighbours.

    Neighbours, as alike as adjacent slices, are joined only where the patient of one of the two is
    not known: where both are, the patients decide.

    Parameters
    ----------
    manifest : Manifest
        What was audited.
    report : AuditReport
        Of this manifest.
    families : bool
        Join patients whose ids differ by a suffix alone, too.

    Returns
    -------
    Manifest
        Same rows; a group is named after its first patient, or its first picture where no patient
        is known.

    Raises
    ------
    UsageError
        If the report is of other rows.
    """
    table = _same_rows(manifest, report)
    by = table["patient"]
    if families:
        family = {p: name for name, members in report.families.items() for p in members}
        by = by.map(lambda p: family.get(p, p), na_action="ignore")
    beside = report.unguarded()
    near = connected(beside["a"], beside["b"], len(table))
    joined = pd.Series(sharing(by, table["cluster"], near.tolist()))
    patient = table["patient"].groupby(joined).transform("first")
    picture = "picture " + table["path"].groupby(joined).transform("first")
    return Manifest(
        manifest.table.assign(group=patient.where(patient.notna(), picture).to_numpy()),
        manifest.root,
        manifest.name,
    )


def drop(
    manifest: Manifest,
    report: AuditReport,
    what: Sequence[str] = ("duplicates", "conflicts"),
) -> Manifest:
    """Leave out rows that the audit found wrong; files are not touched.

    Parameters
    ----------
    manifest : Manifest
        What was audited.
    report : AuditReport
        Of this manifest.
    what : sequence of str
        Of `DROPPABLE`. ``conflicts``: every row of a picture that is filed under two labels.
        ``duplicates``: all rows of a picture but one; a row in ``test`` stays before one in
        ``val`` or ``train``, then one that names its patient, then the one with the most pixels,
        then the first. Neighbours are other pictures: they stay.

    Returns
    -------
    Manifest
        The other rows, in order.

    Raises
    ------
    UsageError
        If the report is of other rows, or `what` names something else.
    """
    unknown = sorted(set(what) - set(DROPPABLE))
    if unknown:
        raise UsageError(
            f"cannot drop {', '.join(unknown)}; can be dropped: {', '.join(DROPPABLE)}"
        )
    table = _same_rows(manifest, report)
    gone: set[int] = {f.row for f in report.faults if f.kind in what}
    if "conflicts" in what:
        gone.update(row for rows in report.contradictions for row in rows)
    if "duplicates" in what:
        for rows in report.clusters:
            left = [r for r in rows if r not in gone]
            if left:
                gone.update(set(left) - {min(left, key=lambda r: _worth(table, r))})
    kept = [r for r in range(len(manifest)) if r not in gone]
    return Manifest(manifest.table.iloc[kept].reset_index(drop=True), manifest.root, manifest.name)


def carry_over(
    manifest: Manifest,
    against: Manifest,
    report: AuditReport,
    columns: Sequence[str] = ("patient", "mask"),
) -> Manifest:
    """Fill empty cells with what another manifest knows of the same pictures.

    Parameters
    ----------
    manifest : Manifest
        What was audited.
    against : Manifest
        What it was audited against.
    report : AuditReport
        Of both.
    columns : sequence of str
        Which cells. A ``mask`` is taken only from a picture of the same orientation and size,
        untrimmed, as it would not lie on the tumour otherwise.

    Returns
    -------
    Manifest
        Same rows. A cell stays empty where the pictures found disagree.

    Raises
    ------
    UsageError
        If the report is of other rows, or of no other manifest.
    """
    table = _same_rows(manifest, report)
    if report.against is None:
        raise UsageError("the audit compared with no other manifest; audit with --against OTHER")
    missing = [c for c in columns if c not in against.table]
    if missing:
        raise UsageError(f"{against.name} has no column {', '.join(missing)} to carry over")
    filled = manifest.table.copy()
    for column in columns:
        matches = report.matches
        if column == "mask":
            matches = matches[matches["mask_fits"]]
        values = against.table[column].iloc[matches["b"]].to_numpy()
        found = pd.DataFrame({"a": matches["a"].to_numpy(), "value": values}).dropna()
        told = found.groupby("a")["value"].agg(["nunique", "first"])
        agreed = told.loc[told["nunique"] == 1, "first"]
        if column == "mask":
            agreed = agreed.map(lambda p: str((against.root / p).resolve()))
        own = filled[column] if column in filled else pd.Series(None, filled.index, dtype="str")
        filled[column] = own.where(own.notna(), agreed.reindex(range(len(table))))
    return Manifest(filled, manifest.root, manifest.name)


def _same_rows(manifest: Manifest, report: AuditReport) -> pd.DataFrame:
    if list(manifest.table["path"]) != list(report.table["path"]):
        raise UsageError(
            f"the audit of {report.manifest} has other rows than {manifest.name}; audit this one"
        )
    return report.table


def _worth(table: pd.DataFrame, row: int) -> tuple[Any, ...]:
    """Sort key: the row to keep comes first."""
    one = table.iloc[row]
    return (
        RANK.get(one["split"], len(RANK)),
        pd.isna(one["patient"]),
        -int(one["width"]) * int(one["height"]),
        row,
    )
