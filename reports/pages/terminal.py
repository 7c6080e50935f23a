"""Results set for a terminal, for CSV and for JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gliaboost.models.prediction import Prediction

if TYPE_CHECKING:
    from gliaboost.datasets.audit.report import AuditReport


def predictions_json(model: Mapping[str, Any], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Return predictions and failures as plain values."""
    return {
        "model": dict(model),
        "predictions": [
            {"path": str(p.path), "predicted": p.predicted, "probabilities": p.probabilities}
            for p in predictions
            if p.error is None
        ],
        "failed": [
            {"path": str(p.path), "reason": p.error} for p in predictions if p.error is not None
        ],
    }


def predictions_csv(classes: Sequence[str], predictions: Sequence[Prediction]) -> str:
    """Return one line a file, probabilities with six digits; failures have a reason instead."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "predicted", *(f"proba_{c}" for c in classes), "error"])
    for p in predictions:
        shown = [f"{p.probabilities[c]:.6f}" if p.probabilities else "" for c in classes]
        writer.writerow([p.path, p.predicted or "", *shown, p.error or ""])
    return text.getvalue().rstrip("\n")


def predictions_table(classes: Sequence[str], predictions: Sequence[Prediction]) -> str:
    """Return an aligned table of the files that could be read."""
    read = [p for p in predictions if p.error is None]
    rows = [["path", "predicted", *classes]]
    rows += [
        [str(p.path), str(p.predicted), *(f"{p.probabilities[c]:.3f}" for c in classes)]
        for p in read
    ]
    return aligned(rows, left=2)


def results_table(results: Mapping[str, Any]) -> str:
    """Return a line an experiment: accuracy with its interval, balanced, F1, AUC, seconds."""
    rows = [["experiment", "accuracy", "95 % interval", "balanced", "macro F1", "AUC", "fit s"]]
    for e in results["experiments"]:
        ci, auc = e["accuracy"]["ci95"], e["macro_auc"]["pooled"]
        rows.append(
            [
                e["name"],
                f"{e['accuracy']['pooled']:.3f}",
                f"{ci[0]:.3f} to {ci[1]:.3f}" if ci else "-",
                f"{e['balanced_accuracy']['pooled']:.3f}",
                f"{e['macro_f1']['pooled']:.3f}",
                "-" if auc is None else f"{auc:.3f}",
                f"{e['seconds']['fit']:.1f}",
            ]
        )
    return aligned(rows, left=1)


def audit_table(report: AuditReport) -> str:
    """Return the findings of an audit with their counts, then its verdict in sentences."""
    rows = [[name, str(count), meaning] for name, count, meaning in report.rows()]
    wide = max(len(name) for name, _, _ in rows)
    table = [f"{name:<{wide}}  {count:>7}  {meaning}" for name, count, meaning in rows]
    return "\n".join([*table, "", *report.verdict()])


def aligned(rows: Sequence[Sequence[str]], *, left: int) -> str:
    """Align columns, the first `left` of them to the left and the others to the right.

    Examples
    --------
    >>> print(aligned([["class", "n"], ["glioma", "1426"]], left=1))
    class      n
    glioma  1426
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i < left else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
