"""An audit as one page, with the pictures side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from gliaboost.datasets.audit.finest import finest
from gliaboost.datasets.audit.likeness import ALIKE, BESIDE, SAME
from gliaboost.datasets.audit.report import AuditReport, FileFault
from gliaboost.datasets.audit.verdict import SIDES, WEIGHTS, sentences
from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import DecodeError
from gliaboost.reports.document.page import picture_uri, write_page
from gliaboost.reports.pages.pair_gallery import (
    PIXELS,
    Pair,
    PairGallery,
    Side,
    gallery,
    labels_tag,
    own_tags,
)

# Rows of a table.
ROWS = 40


def render_audit(
    report: AuditReport, manifest: Manifest, out: Path | str, *, against: Manifest | None = None
) -> Path:
    """Write the page of an audit.

    Parameters
    ----------
    report : AuditReport
        From `gliaboost.datasets.audit.audit.audit`.
    manifest : Manifest
        What was audited: its pictures are shown.
    out : path-like
        The HTML file; one self-contained file of a few megabytes.
    against : Manifest, optional
        What it was audited against, to show its pictures too.

    Returns
    -------
    pathlib.Path
        The file.
    """
    table = report.table
    straddlers = [*report.straddlers, *report.straddling_families]
    sizes = table.loc[table["width"] > 0, "width"].astype(str) + " x " + table["height"].astype(str)
    counted = sizes.dropna().value_counts()
    columns = [(c, s) for c in SIDES for s in sorted(table[c].dropna().unique())]
    return write_page(
        "audit.html",
        out,
        name=report.manifest,
        lead=_lead(report),
        verdict=sorted(sentences(report), key=lambda told: WEIGHTS.index(told[0])),
        findings=[row for row in report.rows() if row[1]],
        absent=[finding for finding, count, _ in report.rows() if not count],
        folder=Side(table, manifest).folder,
        crossing={c: report.crossing(c) for c in SIDES if table[c].notna().any()},
        galleries=list(_copies(report, manifest, against)),
        neighbours=list(_neighbours(report, manifest)),
        beside={c: report.beside(c) for c in SIDES if table[c].notna().any()},
        straddlers=straddlers[:ROWS],
        more_straddlers=max(0, len(straddlers) - ROWS),
        families=bool(report.straddling_families),
        betrayals=report.betrayals,
        faults=[_fault(f, manifest) for f in report.faults[:ROWS]],
        more_faults=max(0, len(report.faults) - ROWS),
        sides=[f"{c} {s}" for c, s in columns],
        classes=[_class_row(label, rows, columns) for label, rows in _by_class(table)],
        sizes=list(counted.head(10).items()),
        more_sizes=max(0, len(counted) - 10),
        images_of_other_sizes=int(counted.iloc[10:].sum()),
        modes=list((table["format"] + " " + table["mode"]).value_counts().items()),
        same=SAME,
        alike=ALIKE,
        alike_by_place=BESIDE,
    )


def _lead(report: AuditReport) -> str:
    table = report.table
    patients = table["patient"].nunique()
    known = f"{patients} patients" if patients else "patients unknown"
    return f"{len(table)} files, {table['label'].nunique()} classes, {known}."


def _copies(
    report: AuditReport, manifest: Manifest, against: Manifest | None
) -> Iterator[PairGallery]:
    links = report.links
    if len(links):
        across = links.apply(lambda p: bool(report.across(p["a"], p["b"])), axis=1)
        labels = finest(report.table)
        differ = [
            labels.iloc[[a, b]].nunique() > 1 for a, b in zip(links["a"], links["b"], strict=True)
        ]
        contrary = pd.Series(differ, index=links.index)
        own = Side(report.table, manifest)
        for title, about, pairs in (
            ("Under two labels", "At least one of the two labels is wrong.", links[contrary]),
            (
                "On two sides",
                "A model is tested on what it was trained on.",
                links[across & ~contrary],
            ),
            ("Repeated on one side", "These count twice.", links[~across & ~contrary]),
        ):
            yield gallery(title, about, pairs, (own, own), partial(own_tags, report))
    if against is not None and len(report.matches):
        sides = Side(report.table, manifest), Side(against.table, against)
        matches = report.matches
        odd = matches.index.isin(report.disagreements.index)
        for title, about, pairs in (
            (
                f"Labelled otherwise in {report.against}",
                "The same picture has another label there.",
                matches[odd],
            ),
            (f"Also in {report.against}", "The same pictures there.", matches[~odd]),
        ):
            yield gallery(title, about, pairs, sides, _match_tags)


def _match_tags(pair: Pair) -> list[str]:
    return labels_tag(pd.Series([pair["label"], pair["other_label"]]))


def _neighbours(report: AuditReport, manifest: Manifest) -> Iterator[PairGallery]:
    pairs = report.neighbours
    if not len(pairs):
        return
    across = pairs.apply(lambda p: bool(report.across(p["a"], p["b"])), axis=1)
    free = pairs.index.isin(report.unguarded().index)
    own = Side(report.table, manifest)
    for title, about, chosen in (
        (
            "On two sides, patient unknown",
            "If they are of one patient, a model is tested on a patient it was trained on.",
            pairs[across & free],
        ),
        ("On one side, or of known patients", "No leak by themselves.", pairs[~(across & free)]),
    ):
        yield gallery(title, about, chosen, (own, own), partial(own_tags, report))


def _fault(fault: FileFault, manifest: Manifest) -> dict[str, str]:
    uri = ""
    if fault.kind != "unreadable":
        try:
            uri = picture_uri(decode(manifest.paths[fault.row]), PIXELS // 2)
        except DecodeError:  # changed since the audit
            uri = ""
    return {"path": fault.path, "kind": fault.kind, "detail": fault.detail, "uri": uri}


def _by_class(table: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    for label in sorted(table["label"].dropna().unique()):
        yield str(label), table[table["label"] == label]
    if table["label"].isna().any():
        yield "(no label)", table[table["label"].isna()]


def _class_row(
    label: str, rows: pd.DataFrame, columns: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    return {
        "label": label,
        "images": len(rows),
        "patients": int(rows["patient"].nunique()) or "",
        "sides": [int((rows[c] == side).sum()) for c, side in columns],
    }
