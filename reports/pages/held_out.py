"""A saved model's numbers on a data set, set for a terminal."""

from __future__ import annotations

from gliaboost.reports.document.columns import columns
from gliaboost.reports.protocol.held_out import HeldOut
from gliaboost.reports.statistics.measures import Evaluation, Metric

NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "macro_auc": "macro AUC",
    "ece": "calibration error",
}


def held_out_text(found: HeldOut, *, fit: bool = False) -> str:
    """Return its numbers with intervals, by class, and who is taken for whom.

    Parameters
    ----------
    found : HeldOut
        From `gliaboost.evaluate`.
    fit : bool
        As of `gliaboost.reports.document.columns.columns`.
    """
    evaluation = found.evaluation
    counts, unit = evaluation.counts, evaluation.bootstrap.unit
    whom = f"{counts.images:,} images"
    if unit != "image":
        whom += f" of {counts.groups:,} {unit}s"
    parts = [
        f"{found.model['model']} on {found.dataset}: {whom}",
        _summary(evaluation, found.unseen, fit),
        _by_class(evaluation, fit),
        _confusion(found, fit),
    ]
    if evaluation.bootstrap.resamples:
        parts.append(
            f"Intervals: 95 %, over {evaluation.bootstrap.resamples:,} resamples of "
            f"{counts.groups:,} {unit}s."
        )
    return "\n\n".join(parts)


def _summary(evaluation: Evaluation, unseen: Evaluation | None, fit: bool) -> str:
    heading = ["", "all", "95 % interval"]
    if unseen is not None:
        heading += [f"not in training ({unseen.counts.images:,})", "95 % interval"]
    rows = [heading]
    for name, title in NAMES.items():
        metric: Metric = getattr(evaluation, name)
        row = [title, _digits(metric.pooled), _span(metric)]
        if unseen is not None:
            row += [_digits(getattr(unseen, name).pooled), _span(getattr(unseen, name))]
        rows.append(row)
    return columns(rows, left=1, fit=fit)


def _by_class(evaluation: Evaluation, fit: bool) -> str:
    rows = [["class", "images", "sensitivity", "specificity", "precision", "AUC"]]
    rows += [
        [
            label,
            f"{one.images:,}",
            *(
                _digits(metric.pooled)
                for metric in (one.recall, one.specificity, one.precision, one.auc)
            ),
        ]
        for label, one in evaluation.per_class.items()
    ]
    return columns(rows, left=1, fit=fit)


def _confusion(found: HeldOut, fit: bool) -> str:
    rows = [["truth, and what it was called", *found.classes]]
    rows += [
        [label, *(f"{n:,}" for n in row)]
        for label, row in zip(found.classes, found.evaluation.confusion, strict=True)
    ]
    return columns(rows, left=1, fit=fit)


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _span(metric: Metric) -> str:
    return f"{metric.ci95[0]:.3f} to {metric.ci95[1]:.3f}" if metric.ci95 else "-"
