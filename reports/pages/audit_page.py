"""An audit as one page, with the pictures side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gliaboost.datasets.audit.finest import finest
from gliaboost.datasets.audit.likeness import SAME
from gliaboost.datasets.audit.report import AuditReport, FileFault
from gliaboost.datasets.audit.verdict import SIDES, WEIGHTS, sentences
from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import DecodeError
from gliaboost.reports.document.page import picture_uri, write_page

# So many pairs a gallery, rows a table and pixels a picture keep the page within a few megabytes.
PAIRS = 18
ROWS = 40
PIXELS = 200

Pair = Mapping[Hashable, Any]


@dataclass(frozen=True)
class PairGallery:
    """Pairs of one kind of finding.

    Attributes
    ----------
    title, about : str
        What they are.
    pairs : list of dict
        Those shown.
    total : int
        Those there are.
    """

    title: str
    about: str
    pairs: list[dict[str, Any]]
    total: int


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
        findings=report.rows(),
        crossing={c: report.crossing(c) for c in SIDES if table[c].notna().any()},
        galleries=list(_galleries(report, manifest, against)),
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
    )


def _lead(report: AuditReport) -> str:
    table = report.table
    patients = table["patient"].nunique()
    known = f"{patients} patients" if patients else "patients unknown"
    return f"{len(table)} files, {table['label'].nunique()} classes, {known}."


def _galleries(
    report: AuditReport, manifest: Manifest, against: Manifest | None
) -> Iterable[PairGallery]:
    links = report.links
    if len(links):
        across = links.apply(lambda p: bool(report.across(p["a"], p["b"])), axis=1)
        labels = finest(report.table)
        differ = [
            labels.iloc[[a, b]].nunique() > 1 for a, b in zip(links["a"], links["b"], strict=True)
        ]
        contrary = pd.Series(differ, index=links.index)
        own = _shower(report.table, manifest)
        for title, about, chosen in (
            ("Under two labels", "At least one of the two labels is wrong.", links[contrary]),
            (
                "On two sides",
                "A model is tested on what it was trained on.",
                links[across & ~contrary],
            ),
            ("Repeated on one side", "These count twice.", links[~across & ~contrary]),
        ):
            chosen = _varied(chosen, report.table["cluster"])
            shown = [_pair(p, own, own, report) for p in chosen.head(PAIRS).to_dict("records")]
            yield PairGallery(title, about, shown, len(chosen))
    if against is not None and len(report.matches):
        first, second = _shower(report.table, manifest), _shower(against.table, against)
        matches = report.matches
        odd = matches.index.isin(report.disagreements.index)
        for title, about, chosen in (
            (
                f"Labelled otherwise in {report.against}",
                "The same picture has another label there.",
                matches[odd],
            ),
            (f"Also in {report.against}", "The same pictures there.", matches[~odd]),
        ):
            chosen = _varied(chosen, report.table["cluster"])
            pairs = [_pair(p, first, second, None) for p in chosen.head(PAIRS).to_dict("records")]
            yield PairGallery(title, about, pairs, len(chosen))


def _varied(pairs: pd.DataFrame, cluster: pd.Series[int]) -> pd.DataFrame:
    """Put first what differs most: one pair a group, the kinds in turn, the least similar first."""
    ranked = pairs.assign(group=cluster.iloc[pairs["a"]].to_numpy()).sort_values(
        "similarity", kind="stable"
    )
    ranked["again"] = ranked.groupby("group").cumcount()
    alike = ["again", "kind", "orientation", "adjusted"]
    ranked["turn"] = ranked.groupby(alike).cumcount()
    return ranked.sort_values(["again", "turn"], kind="stable")


Shower = Callable[[int], dict[str, str]]


def _shower(table: pd.DataFrame, manifest: Manifest) -> Shower:
    paths = manifest.paths

    def show(row: int) -> dict[str, str]:
        one = table.iloc[row]
        facts = [
            f"{name} {one[name]}"
            for name in ("label", "split", "fold", "patient")
            if name in table and pd.notna(one[name])
        ]
        return {
            "path": str(one["path"]),
            "facts": ", ".join(facts),
            "uri": picture_uri(decode(paths[row]), PIXELS),
        }

    return show


def _pair(pair: Pair, first: Shower, second: Shower, report: AuditReport | None) -> dict[str, Any]:
    tags: list[str] = []
    if report is not None:
        across = report.across(pair["a"], pair["b"])
        tags += [f"{column}: {' / '.join(sides)}" for column, sides in across.items()]
        labels = finest(report.table).iloc[[pair["a"], pair["b"]]]
        if labels.nunique() > 1:
            tags.append("labels: " + " / ".join(map(str, labels)))
    else:
        labels = pd.Series([pair["label"], pair["other_label"]])
        if labels.nunique() > 1:
            tags.append("labels: " + " / ".join(map(str, labels)))
    said = {"bytes": "the same bytes", "pixels": "the same pixels"}.get(
        pair["kind"], f"correlation {pair['similarity']:.4f}"
    )
    if pair["orientation"] != "same":
        said += f", the right one {pair['orientation']}"
    if pair["adjusted"]:
        said += f", after {pair['adjusted']}"
    return {"a": first(pair["a"]), "b": second(pair["b"]), "tags": tags, "caption": said}


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
