"""A run as a notebook shows it: a table, and the accuracies as the report draws them."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from gliaboost import notebook
from gliaboost.reports.document import figures, svg
from gliaboost.reports.protocol.experiment_record import ExperimentRecord

HEADS = ("experiment", "accuracy", "95 % interval", "balanced", "macro F1", "AUC", "fit s")


def experiments_html(
    title: str, experiments: Sequence[tuple[str, str, ExperimentRecord]], note: str
) -> str:
    """Set experiments in a table, and draw their accuracies with their intervals.

    Parameters
    ----------
    title : str
        Above the table.
    experiments : sequence of (letter, title, record)
        In the order of the rows.
    note : str
        Below the table.

    Returns
    -------
    str
        HTML. The drawing is an image of its own, so that its style stays in it.
    """
    table = notebook.table(
        title,
        HEADS,
        [
            (
                f"{letter}  {name}",
                _digits(e.accuracy.pooled),
                " to ".join(map(_digits, e.accuracy.ci95 or ())),
                _digits(e.balanced_accuracy.pooled),
                _digits(e.macro_f1.pooled),
                _digits(e.macro_auc.pooled),
                f"{e.seconds.fit:.1f}",
            )
            for letter, name, e in experiments
        ],
        note,
    )
    drawn = [
        (f"{letter}  {name}", e.accuracy.pooled, e.accuracy.ci95)
        for letter, name, e in experiments
        if e.accuracy.pooled is not None
    ]
    if not drawn:
        return table
    picture = svg.standalone(figures.intervals("accuracy", drawn, "accuracy"))
    data = base64.b64encode(picture.encode()).decode()
    return f'{table}<img alt="accuracies" src="data:image/svg+xml;base64,{data}">'


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
