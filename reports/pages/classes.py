"""Class by class: what is confused with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gliaboost.reports.document import figures
from gliaboost.reports.document.blocks import Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.document.numerals import bounded, count, listed, plural
from gliaboost.reports.pages.planes import planes
from gliaboost.reports.pages.thresholds import thresholds
from gliaboost.reports.protocol.results import LEADING, ExperimentResult, Results
from gliaboost.reports.statistics.measures import ClassMeasures, ClassMetric, MetricName

WHO = "The best of each model, then the most accurate of the rest,"
COLUMNS: dict[str, Callable[[ClassMeasures], ClassMetric]] = {
    "Precision": lambda c: c.precision,
    "Recall": lambda c: c.recall,
    "Specificity": lambda c: c.specificity,
    "F1": lambda c: c.f1,
    "AUC": lambda c: c.auc,
}
PATIENT_METRICS: dict[MetricName, str] = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "macro_auc": "AUC",
    "brier": "Brier",
}


def classes(results: Results) -> Section:
    """Confusion matrices and the numbers of each class."""
    blocks: list[Block] = []
    known = results.experiments
    first = [e for _, e in results.leading()] or known[:LEADING]
    more = f" {WHO} are shown." if len(first) < len(known) else ""
    if first:
        blocks.append(
            Figure(
                "confusion",
                [
                    figures.confusion(
                        f"confusion-{e.letter}",
                        f"{e.letter}  {e.title}",
                        results.classes,
                        e.record.confusion,
                    )
                    for e in first
                ],
                "Confusion matrices: images by true and predicted class; below and as shade, the "
                f"share of the true class.{more}",
                _confusion_table(results, known),
            )
        )
    blocks += [p for e in known if (p := _silent(results, e)) is not None]
    blocks.append(
        Table(
            "classes",
            "Class by class, one against the rest, pooled over all tested images, with 95 % "
            f"intervals.{more}",
            ["", "Class", "#Images", *(f"#{name}" for name in COLUMNS)],
            [
                [
                    Cell(e.letter),
                    Cell(label),
                    Cell(count(measured.images), measured.images),
                    *(bounded(of(measured).pooled, of(measured).ci95) for of in COLUMNS.values()),
                ]
                for e in first
                for label, measured in e.record.per_class.items()
            ],
            sortable=True,
        )
    )
    blocks += thresholds(results)
    blocks += planes(results)
    blocks += _by_patient(results)
    return Section("classes", "Class by class", blocks)


def _by_patient(results: Results) -> list[Block]:
    known = [
        (e, level)
        for e in results.experiments
        if (level := e.record.patient_level) is not None and level.patients
    ]
    if not known:
        return [
            Paragraph(
                "There is no patient with several images of one class, so nothing can be said by "
                "patient.",
                "missing",
            )
        ]
    e, level = known[0]
    mixed = max(level.mixed for _, level in known)
    left_out = (
        f" {plural(mixed, 'patient')} with images of several classes "
        f"{'has' if mixed == 1 else 'have'} no single truth and {'is' if mixed == 1 else 'are'} "
        f"left out."
        if mixed
        else ""
    )
    return [
        Table(
            "patients",
            "Patient by patient: the mean of the probabilities of a patient's images decides. "
            f"With 95 % intervals.{left_out}",
            [
                "",
                "Experiment",
                "#Patients",
                *(f"#{words}" for words in PATIENT_METRICS.values()),
            ],
            [
                [
                    Cell(e.letter),
                    Cell(e.title),
                    Cell(count(level.patients), level.patients),
                    *(
                        bounded(level.metric(name).pooled, level.metric(name).ci95)
                        for name in PATIENT_METRICS
                    ),
                ]
                for e, level in known
            ],
            sortable=True,
        ),
        Figure(
            "patients",
            [
                figures.confusion(
                    "confusion-patients",
                    f"{e.letter}  {e.title}, by patient",
                    results.classes,
                    level.confusion,
                )
            ],
            "Patients by true and predicted class, for the best experiment.",
            Table(
                "confusion-patients",
                "The same in numbers.",
                ["True class", *(f"#Predicted {label}" for label in results.classes)],
                [
                    [Cell(label), *(Cell(count(n), n) for n in row)]
                    for label, row in zip(results.classes, level.confusion, strict=True)
                ],
            ),
        ),
    ]


def _confusion_table(results: Results, drawn: Sequence[ExperimentResult]) -> Table:
    return Table(
        "confusion",
        "The confusion matrices in numbers.",
        ["", "True class", *(f"#Predicted {label}" for label in results.classes)],
        [
            [Cell(e.letter), Cell(label), *(Cell(count(n), n) for n in row)]
            for e in drawn
            for label, row in zip(results.classes, e.record.confusion, strict=True)
        ],
    )


def _silent(results: Results, experiment: ExperimentResult) -> Paragraph | None:
    matrix = experiment.record.confusion
    never = [c for k, c in enumerate(results.classes) if not sum(row[k] for row in matrix)]
    absent = [c for c, row in zip(results.classes, matrix, strict=True) if not sum(row)]
    said = []
    if never:
        said.append(
            f"{experiment.title} never predicted {listed(never)}: that precision is undefined."
        )
    if absent:
        said.append(f"No tested image is {listed(absent)}: that recall and AUC are undefined.")
    return Paragraph(" ".join(said), "missing") if said else None
