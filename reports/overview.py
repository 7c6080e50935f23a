"""The answer in a sentence, and every experiment in a table."""

from __future__ import annotations

from typing import Any

from gliaboost.reports import figures
from gliaboost.reports.document import Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.numerals import (
    UNKNOWN,
    count,
    listed,
    metric,
    plural,
    seconds,
    share,
    size,
    span,
)
from gliaboost.reports.results import Experiment, Results

METRICS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "macro_auc": "AUC",
    "mcc": "MCC",
    "brier": "Brier",
    "ece": "ECE",
}


def answer(results: Results) -> Section:
    """Say what came out, on whom, how sure, and what it does not mean."""
    if not results.experiments:
        return Section("answer", "The answer", [Paragraph("No experiment was run.", "missing")])
    best = results.experiments[0]
    blocks: list[Block] = [Paragraph(_finding(results, best), "lead")]
    others = [e for e in results.experiments[1:] if e.pooled("accuracy") is not None]
    if others:
        said = [f"{e.title} {share(e.pooled('accuracy'))}{_within(e)}" for e in others[:3]]
        rest = (
            f", and {plural(len(others) - 3, 'more experiment')} below" if len(others) > 3 else ""
        )
        blocks.append(
            Paragraph(
                f"Beside it: {listed(said)}{rest}. The best of several was picked on the images it "
                "is measured on, which flatters it a little."
            )
        )
    blocks.append(Paragraph(_limits(results)))
    return Section("answer", "The answer", blocks)


def table(results: Results) -> Section:
    """Every experiment with every number, its interval and its cost."""
    columns = ["", "Experiment", *(f"#{name}" for name in METRICS.values())]
    rows = [
        [Cell(e.letter), Cell(e.title), *(metric(e.entry.get(m)) for m in METRICS)]
        for e in results.experiments
    ]
    blocks: list[Block] = [
        Table(
            "experiments",
            "Experiments, pooled over all tested images; in brackets the 95 % interval over "
            f"resampled {_unit(results)}s. Brier (0 to 2) and ECE, the expected calibration error "
            "(0 to 1), are better when smaller.",
            columns,
            rows,
            sortable=True,
        )
    ]
    drawn = [
        (f"{e.letter}  {e.title}", value, (e.entry["accuracy"] or {}).get("ci95"))
        for e in results.experiments
        if (value := e.pooled("accuracy")) is not None
    ]
    if drawn:
        blocks.append(
            Figure(
                "accuracy",
                [figures.intervals("accuracy", drawn, "accuracy")],
                f"Accuracy of each experiment with its 95 % interval over {_unit(results)}s.",
            )
        )
    blocks.append(_costs(results))
    blocks.append(_by_fold(results))
    return Section("table", "Every experiment", blocks)


def _finding(results: Results, best: Experiment) -> str:
    accuracy = best.pooled("accuracy")
    counts = best.entry.get("counts") or {}
    images = int(counts.get("images") or results.dataset["images"])
    of = f"{plural(images, 'image')}"
    patients = int(results.dataset.get("patients") or 0)
    whom = f" of {plural(patients, 'patient')}" if patients else ""
    unseen = ", none of whom it had seen in training" if patients and results.grouped else ""
    if accuracy is None:
        return f"{best.title} was run on {of}{whom}, but its accuracy is not known."
    balanced = best.pooled("balanced_accuracy")
    also = (
        f"; balanced over the {plural(len(results.classes), 'class', 'classes')}, {share(balanced)}"
        if balanced is not None
        else ""
    )
    made = " These images are simulated." if results.simulated else ""
    return (
        f"{best.title} names the class of {share(accuracy * 100, 1)} % of {of}{whom}{unseen} "
        f"(accuracy {share(accuracy)}{_within(best)}{also}).{made}"
    )


def _within(experiment: Experiment) -> str:
    limits = span((experiment.entry.get("accuracy") or {}).get("ci95"))
    return f" {limits}" if limits else ""


def _limits(results: Results) -> str:
    sources = [str(s) for s in results.dataset.get("sources") or []]
    origin = (
        "The images are simulated: the numbers show that the software works, and nothing else."
        if results.simulated
        else f"All images come from one source ({sources[0]}); other hospitals may differ."
        if len(sources) == 1
        else f"The images come from {plural(len(sources), 'source')} ({listed(sources)})."
        if sources
        else "Where the images come from is not recorded."
    )
    known = (
        ""
        if results.grouped
        else " Patients are not known, so images of one patient may lie on both sides of a split, "
        "and every number here may be too good."
    )
    return (
        f"What this does not mean: gliaboost is a research tool and no medical device. {origin}"
        f"{known} An image is judged alone, as one of {listed(results.classes)}; the models know "
        "nothing else."
    )


def _costs(results: Results) -> Table:
    rows = []
    for e in results.experiments:
        spent = {part: e.seconds(part) for part in ("features", "fit", "predict")}
        rate = e.entry.get("images_per_second")
        memory, disk = e.entry.get("peak_memory"), e.entry.get("model_bytes")
        rows.append(
            [
                Cell(e.letter),
                Cell(e.title),
                *(Cell(seconds(v), v) for v in spent.values()),
                Cell(UNKNOWN if rate is None else count(round(rate)), rate),
                Cell(str(e.entry.get("device") or UNKNOWN)),
                Cell(size(disk), disk),
                Cell(size(memory), memory),
            ]
        )
    columns = [
        "",
        "Experiment",
        "#Features",
        "#Fitting",
        "#Predicting",
        "#Images/s",
        "Device",
        "#Model",
        "#Memory",
    ]
    return Table(
        "costs",
        "What it cost: wall-clock time for features (all images, cold), fitting and predicting "
        f"(all folds together), size of one model on disk, peak memory. {UNKNOWN} is not measured.",
        columns,
        rows,
        sortable=True,
    )


def _by_fold(results: Results) -> Block:
    names: list[str] = sorted(
        {f for e in results.experiments for f in e.entry.get("by_fold") or {}}
    )
    if len(names) < 2:
        return Paragraph(
            "There is one fold only, so nothing can be said on how results vary from fold to fold.",
            "missing",
        )

    def cells(e: Experiment) -> list[Cell]:
        folds: dict[str, Any] = dict(e.entry.get("by_fold") or {})
        values = [(folds.get(name) or {}).get("accuracy") for name in names]
        summary = e.entry.get("accuracy") or {}
        return [
            *(Cell(share(v), v) for v in values),
            Cell(share(summary.get("mean")), summary.get("mean")),
            Cell(share(summary.get("sd")), summary.get("sd")),
        ]

    return Table(
        "folds",
        "Accuracy by fold, with its mean and standard deviation over folds.",
        ["", "Experiment", *(f"#Fold {n}" for n in names), "#Mean", "#SD"],
        [[Cell(e.letter), Cell(e.title), *cells(e)] for e in results.experiments],
    )


def _unit(results: Results) -> str:
    units = {(e.entry.get("bootstrap") or {}).get("unit", "patient") for e in results.experiments}
    return "image" if units == {"image"} else "patient"
