"""Results set for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gliaboost.reports.document.columns import columns
from gliaboost.reports.document.numerals import count
from gliaboost.reports.pages.alarms import alarms
from gliaboost.reports.pages.control_words import control_words
from gliaboost.reports.pages.recommendation import recommend
from gliaboost.reports.pages.transfer import remaining, transfers
from gliaboost.reports.pages.unit_words import patients_at_risk, resampled
from gliaboost.reports.protocol.results import Results

if TYPE_CHECKING:
    from gliaboost.datasets.audit.report import AuditReport
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults


def segmenters_table(results: SegmentationResults, *, fit: bool = False) -> str:
    """Return a line a segmenter: Dice, missed tumours, false alarms; `fit` as of `columns`."""
    slices = results.slices
    rows = [["segmenter", "Dice", "median", "missed", "false alarms", "fit s", "slices/s"]]
    for segmenter in results.record.segmenters:
        own = slices[slices["experiment"] == segmenter.name]
        ill, healthy = own[own["area_true"] > 0], own[own["area_true"] == 0]
        rows.append(
            [
                segmenter.name,
                _digits(float(ill["dice"].mean()) if len(ill) else None),
                _digits(float(ill["dice"].median()) if len(ill) else None),
                f"{int((ill['dice'] == 0).sum()):,} of {len(ill):,}",
                f"{int((healthy['area_predicted'] > 0).sum()):,} of {len(healthy):,}",
                f"{segmenter.fit_seconds:.1f}",
                f"{1 / max(1e-9, float(own['seconds'].mean())):.1f}",
            ]
        )
    return columns(rows, left=1, fit=fit)


def results_table(results: Results, *, fit: bool = False) -> str:
    """Return a line an experiment: accuracy with its interval, balanced, F1, AUC, seconds.

    `fit` is that of `columns`.
    """
    rows = [["experiment", "accuracy", "95 % interval", "balanced", "macro F1", "AUC", "fit s"]]
    for e in results.record.experiments:
        limits = e.accuracy.ci95
        rows.append(
            [
                e.name,
                _digits(e.accuracy.pooled),
                f"{limits[0]:.3f} to {limits[1]:.3f}" if limits else "-",
                _digits(e.balanced_accuracy.pooled),
                _digits(e.macro_f1.pooled),
                _digits(e.macro_auc.pooled),
                f"{e.seconds.fit:.1f}",
            ]
        )
    return columns(rows, left=1, fit=fit)


def alarms_text(results: Results) -> str:
    """Return the alarms of the page's top, a line each; nothing where there is none."""
    return "\n".join(f"ALARM: {alarm.title} {alarm.text}" for alarm in alarms(results))


def answer_text(results: Results) -> str:
    """Return which model to take, a line a question, as the page has it; nothing without any."""
    found = recommend(results)
    return "\n".join(f"{asked}: {said}" for asked, said in found.rows) if found else ""


def honesty_text(results: Results) -> str:
    """Return what intervals count by, and what the control with shuffled labels found."""
    lines = []
    if results.experiments:
        best = results.experiments[0].record
        known = best.counts.groups - best.bootstrap.others
        lines.append(f"Intervals: over {count(known)} resampled {resampled(best.bootstrap)}.")
    lines += [said] if (said := patients_at_risk(results)) else []
    control = control_words(results)
    # What a leak means is told by its alarm.
    if control is not None and control.verdict != "leak":
        lines.append(f"Control: {control.short} {control.means}")
    return "\n".join(lines)


def elsewhere_text(results: Results) -> str:
    """Return what of each other data set was tested, a line a set; nothing where none was."""
    cells = {c.tested: c for c in transfers([results]) if c.trained != c.tested}
    return "\n".join(map(remaining, cells.values()))


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def audit_table(report: AuditReport, *, fit: bool = False) -> str:
    """Return the findings of an audit with their counts, then its verdict in sentences.

    `fit` is that of `columns`.
    """
    rows = [[name, f"{count:>7}", meaning] for name, count, meaning in report.rows()]
    table = columns(rows, left=3, heading=False, fit=fit)
    return "\n".join([table, "", *report.verdict()])


def facts_text(facts: Mapping[str, Any], *, fit: bool = False) -> str:
    """Return what `gliaboost.reports.protocol.environment.describe` found, in sections.

    `fit` is that of `columns`.
    """
    machine = facts["environment"]
    found = {k: v for k, v in machine["versions"].items() if v and k != "gliaboost"}
    named = [*facts["models"], *facts["extractors"], *facts["segmenters"]]
    wide = max(map(len, [*named, *found]))

    def section(title: str, rows: Mapping[str, str]) -> str:
        pairs = [[name.ljust(wide), words] for name, words in rows.items()]
        return f"{title}\n{columns(pairs, left=2, heading=False, indent=2, fit=fit)}"

    models = {n: f"{m['about']} On: {', '.join(m['devices'])}." for n, m in facts["models"].items()}
    lines = [
        f"gliaboost {facts['gliaboost']}, Python {machine['python']}, {machine['platform']}",
        f"{machine['processor']}, {machine['cores']} cores, GPU: {'yes' if facts['gpu'] else 'no'}",
        f"feature store: {facts['store']}",
        "",
        section("features", facts["extractors"]),
        "",
        section("models", models),
        "",
        section("segmenters", facts["segmenters"]),
        "",
        "sources",
        columns([[", ".join(facts["sources"])]], left=1, heading=False, indent=2, fit=fit),
        "",
        section("versions", found),
    ]
    if facts["missing"]:
        lines += ["", "missing"]
        for what, why in facts["missing"].items():
            lines += [f"  {what}: {why['reason']}", f"    to get it: {why['how']}"]
    return "\n".join(lines)
