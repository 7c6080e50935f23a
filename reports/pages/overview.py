"""The answer in a few sentences, and every experiment in a table."""

from __future__ import annotations

from gliaboost.reports.document import figures
from gliaboost.reports.document.blocks import Beside, Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.document.numerals import (
    UNKNOWN,
    bounded,
    count,
    listed,
    natural,
    plural,
    share,
    span,
)
from gliaboost.reports.pages.brief import in_brief
from gliaboost.reports.pages.checks import patients_apart
from gliaboost.reports.pages.comparisons import verdict
from gliaboost.reports.pages.cost import costs, fitting
from gliaboost.reports.pages.examples import examples
from gliaboost.reports.pages.pretrained import marked
from gliaboost.reports.pages.recommendation import named, recommend, times
from gliaboost.reports.pages.unit_words import patients_at_risk, resampled, unit_of
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.measures import MetricName
from gliaboost.reports.statistics.slice_average import average

# Bootstrap intervals of fewer patients are too narrow.
FEW = 20
# As many as stand beside the brief.
FIRST = 8
ROOM = 5
METRICS: dict[MetricName, str] = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "macro_auc": "AUC",
    "mcc": "MCC",
    "brier": "Brier",
    "ece": "ECE",
}


def answer(results: Results) -> Section:
    """Say what came out, on whom, how sure, at what cost, and what it does not mean."""
    if not results.experiments:
        return Section("answer", "The answer", [Paragraph("No experiment was run.", "missing")])
    best = results.experiments[0]
    blocks: list[Block] = [Paragraph(_finding(results, best), "lead")]
    against = " ".join(filter(None, _against(results)))
    blocks += [Paragraph(against)] if against else []
    witnesses = best.record.counts.groups
    if witnesses < FEW:
        blocks.append(
            Paragraph(
                f"With {plural(witnesses, unit_of(results))} tested, no interval on this page "
                f"can be relied on: resampling so few cannot show how they differ.",
                "missing",
            )
        )
    seen, shown = accuracies(results, FIRST), examples(results)
    # A short list of accuracies leaves room below it for a few classes.
    below = len(results.classes) <= ROOM and len(results.experiments) <= ROOM
    left = [*seen, *shown] if below else seen
    blocks.insert(1, Beside([left, [in_brief(results)]]) if left else in_brief(results))
    blocks[2:2] = [] if below else shown
    blocks.append(Paragraph(_limits(results)))
    return Section("answer", "The answer", blocks)


def table(results: Results) -> Section:
    """Set every experiment with every number and its interval."""
    units = _units(results)
    blocks: list[Block] = [
        Table(
            "experiments",
            "Experiments, pooled over all tested images; in brackets the 95 % interval over "
            f"resampled {units}. Brier (0 to 2) and ECE, the expected calibration error "
            "(0 to 1), are better when smaller.",
            ["", "Experiment", *(f"#{name}" for name in METRICS.values())],
            [
                [
                    Cell(e.letter),
                    Cell(marked(e.title, e.record.pretrained_on)),
                    *(_measured(e, m) for m in METRICS),
                ]
                for e in results.experiments
            ],
            sortable=True,
        ),
        costs(results),
    ]
    if len(results.experiments) > FIRST:
        blocks += accuracies(results)
    blocks.append(_by_fold(results))
    return Section("table", "Every experiment", blocks)


def accuracies(results: Results, most: int | None = None) -> list[Block]:
    """Draw each accuracy with its interval; of the first alone where `most` is given."""
    drawn = [
        (f"{e.letter}  {e.title}", value, e.record.accuracy.ci95)
        for e in results.experiments[:most]
        if (value := e.pooled("accuracy")) is not None
    ]
    if not drawn:
        return []
    few = most is not None and len(results.experiments) > most
    some = f" The first {most} are shown." if few else ""
    name = "accuracies" if most is None else "accuracy"
    return [
        Figure(
            name,
            [figures.intervals(name, drawn, "accuracy")],
            f"Accuracy with its 95 % interval over {_units(results)}.{some}",
        )
    ]


def _finding(results: Results, best: ExperimentResult) -> str:
    accuracy, balanced = best.pooled("accuracy"), best.pooled("balanced_accuracy")
    images, patients = best.record.counts.images, results.dataset.patients
    if patients and images < results.dataset.images:
        patients = best.record.counts.groups
    on = plural(images, "simulated image" if results.simulated else "image")
    whom = f" of {plural(patients, 'patient')}" if patients else ""
    unseen = ", none seen in training" if patients and patients_apart(results) else ""
    if accuracy is None:
        return f"{best.title} was run on {on}{whom}, but its accuracy is not known."
    also = (
        f"; the mean recall of the {len(results.classes)} classes is {share(balanced)}"
        if balanced is not None
        else ""
    )
    return (
        f"{best.title} reaches an accuracy of {share(accuracy)}{_within(best)} on {on}{whom}"
        f"{unseen}{also}."
    )


def _against(results: Results) -> list[str]:
    """Set the best against its rival."""
    at = rival(results)
    if at is None:
        return []
    other = results.experiments[at]
    ranked = sum(e.pooled("accuracy") is not None for e in results.experiments)
    found = recommend(results)
    known = found is not None and any(named(other) in said for _, said in found.rows)
    words = [
        f"The best of {count(ranked)} was picked on the images that it is measured on, which "
        "flatters it a little."
    ]
    if not known:
        against = f"Against {other.title}, {verdict(results, 0, at)}."
        words = [against, _computing(results.experiments[0], other), *words]
    return words


def rival(results: Results) -> int | None:
    """Choose whom the best is set against: the best of the other kind, model, or the second.

    Boosted features against networks is what the page is asked first.
    """
    ranked = [i for i, e in enumerate(results.experiments) if e.pooled("accuracy") is not None]
    if len(ranked) < 2:
        return None
    best = results.experiments[ranked[0]]
    others = [(i, results.experiments[i]) for i in ranked[1:]]
    kinds = [i for i, e in others if e.on_columns != best.on_columns]
    models = [i for i, e in others if e.record.model != best.record.model]
    return (kinds or models or ranked[1:])[0]


def _computing(best: ExperimentResult, other: ExperimentResult) -> str:
    most, less = fitting(best), fitting(other)
    if not most or not less:
        return ""
    where = [e.record.device for e in (best, other)]
    devices = f" ({where[0]} against {where[1]})" if len(set(where)) == 2 else ""
    if 0.8 < most / less < 1.25:
        return f"A model of either costs about the same computing{devices}."
    return f"A model of the best costs {times(most / less)} the other's computing{devices}."


def _limits(results: Results) -> str:
    sources = results.dataset.sources
    origin = (
        "The images are simulated: the numbers show that the software works, and nothing else."
        if results.simulated
        else f"All images come from one source ({sources[0]}); other hospitals may differ."
        if len(sources) == 1
        else f"The images come from {plural(len(sources), 'source')} ({listed(sources)})."
        if sources
        else "Where the images come from is not recorded."
    )
    warned = patients_at_risk(results)
    known = f" {warned}" if warned else ""
    return (
        f"What this does not mean: gliaboost is a research tool and no medical device. {origin}"
        f"{known} An image is judged whole and alone, as one of {listed(results.classes)}; the "
        "models know nothing else."
    )


def _by_fold(results: Results) -> Block:
    names = sorted({f for e in results.experiments for f in e.record.by_fold}, key=natural)
    if len(names) < 2:
        return Paragraph(
            "There is one fold only, so nothing can be said on how results vary from fold to fold.",
            "missing",
        )

    def cells(e: ExperimentResult) -> list[Cell]:
        summary = e.record.accuracy
        spread = [Cell(share(v), v) for v in (summary.mean, summary.sd)]
        return [*(_on_fold(results, e, name) for name in names), _measured(e, "accuracy"), *spread]

    return Table(
        "folds",
        f"Accuracy by fold, in brackets its 95 % interval over resampled {_units(results)}; pooled "
        "over all tested images; and its mean and standard deviation over folds.",
        ["", "Experiment", *(f"#Fold {n}" for n in names), "#Pooled", "#Mean", "#SD"],
        [[Cell(e.letter), Cell(e.title), *cells(e)] for e in results.experiments],
        sortable=True,
    )


def _on_fold(results: Results, e: ExperimentResult, name: str) -> Cell:
    """Set one fold by itself; without predictions its accuracy has no interval."""
    if name not in e.record.by_fold:
        return Cell(UNKNOWN)
    own = e.predictions[e.predictions["fold"].astype(str) == name]
    right = (own["label"] == own["predicted"]).to_numpy(float)
    found = average(own, right, seed=results.protocol.seed)
    return bounded(e.record.by_fold[name].accuracy, found.ci95)


def _measured(e: ExperimentResult, name: MetricName) -> Cell:
    found = e.record.metric(name)
    return bounded(found.pooled, found.ci95)


def _within(experiment: ExperimentResult) -> str:
    limits = span(experiment.record.accuracy.ci95)
    return f" {limits}" if limits else ""


def _units(results: Results) -> str:
    said = dict.fromkeys(resampled(e.record.bootstrap) for e in results.experiments)
    return " or ".join(said) or "images"
