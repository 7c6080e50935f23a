"""Results set for a terminal, for CSV and for JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gliaboost.models.prediction import Prediction
from gliaboost.outside_text import csv_cell
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
    from gliaboost.models.familiarity.familiarity import Familiarity
    from gliaboost.models.segmentation.segmentations import Segmentations
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults

# How a picture stands to the training, in a table of predictions.
FAMILIAR = ("typicality", "seen")


def predictions_json(model: Mapping[str, Any], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Return predictions and failures as plain values."""
    return {
        "model": dict(model),
        "predictions": [
            {
                "path": p.name,
                "predicted": p.predicted,
                "probabilities": p.probabilities,
                "typicality": p.typicality,
                "unlike_training": None if p.familiarity is None else p.familiarity.unlike,
                "seen_in_training": p.seen,
            }
            for p in predictions
            if p.error is None
        ],
        "failed": [{"path": p.name, "reason": p.error} for p in predictions if p.error is not None],
    }


def predictions_csv(classes: Sequence[str], predictions: Sequence[Prediction]) -> str:
    """Return one line a file, probabilities with six digits; failures have a reason instead."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "predicted", *(f"proba_{c}" for c in classes), "error", *FAMILIAR])
    for p in predictions:
        shown = [f"{p.probabilities[c]:.6f}" if p.probabilities else "" for c in classes]
        typical = "" if p.typicality is None else f"{p.typicality:.4f}"
        cells = [p.name, p.predicted or "", *shown, p.error or "", typical, p.seen or ""]
        writer.writerow([csv_cell(cell) for cell in cells])
    return text.getvalue().rstrip("\n")


def predictions_table(
    classes: Sequence[str], predictions: Sequence[Prediction], *, fit: bool = False
) -> str:
    """Return an aligned table of the files that could be read; `fit` as of `columns`.

    A picture that is unlike the training, or was part of it, has a remark at the end of its line.
    """
    read = [p for p in predictions if p.error is None]
    remarks = [_remark(p) for p in read]
    rows = [["path", "predicted", *classes, *(["remark"] if any(remarks) else [])]]
    rows += [
        [
            p.name,
            str(p.predicted),
            *(f"{p.probabilities[c]:.3f}" for c in classes),
            *([remark] if any(remarks) else []),
        ]
        for p, remark in zip(read, remarks, strict=True)
    ]
    return columns(rows, left=2, fit=fit)


def segmentations_table(found: Segmentations, *, fit: bool = False) -> str:
    """Return a line a picture that could be read: area, diameters; `fit` as of `columns`.

    Lengths are in mm where the spacing is known, else in pixels.
    """
    rows: list[list[str]] = []
    kinds = any(p.kind for p in found.read)
    for p in found.read:
        m = p.measurements
        if m is None or m.whole is None:
            nothing = [*([""] if kinds else []), "no tumour", ""]
            rows.append([p.name, *nothing, _familiar(p.familiarity)])
            continue
        area = f"{m.area_pixels:,} px" if m.area_mm2 is None else f"{m.area_mm2:,.1f} mm2"
        lines = (m.whole.longest, m.whole.perpendicular)
        across = " x ".join(f"{d.pixels if d.mm is None else d.mm:.1f}" for d in lines)
        unit = "px" if m.whole.longest.mm is None else "mm"
        kind = [p.kind or ""] if kinds else []
        rows.append([p.name, *kind, area, f"{across} {unit}", _familiar(p.familiarity)])
    head = ["path", *(["class"] if kinds else []), "area", "longest x across", "remark"]
    rows = [head, *rows]
    if not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]
    return columns(rows, left=2 if kinds else 1, fit=fit)


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


def _remark(prediction: Prediction) -> str:
    return _familiar(prediction.familiarity)


def _familiar(familiarity: Familiarity | None) -> str:
    if familiarity is None:
        return ""
    words = {"file": "was in training", "copy": "copy of training"}
    return "unlike training" if familiarity.unlike else words.get(familiarity.seen, "")


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
