"""What accuracy cost: time to fit, time to predict, memory and disk.

Experiments may have run on other numbers of folds and images, so costs are set against each other
by model and by image.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from gliaboost.reports.document.axes import Axes
from gliaboost.reports.document.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Picture,
    Section,
    Table,
)
from gliaboost.reports.document.numerals import UNKNOWN, seconds, share, size, speed
from gliaboost.reports.protocol.results import ExperimentResult, Results

# A logarithm needs more than nothing.
SHORTEST = 1e-6
COLUMNS = (
    "",
    "Experiment",
    "#Features",
    "#Fitting",
    "#Predicting",
    "#Images/s",
    "#Trained/s",
    "Device",
    "#Model",
    "#Memory",
)


def cost(results: Results) -> Section:
    """Set accuracy against seconds, fitting and predicting apart."""
    pictures = [
        picture
        for name, title, axis, of in (
            ("cost-fitting", "To fit a model", "seconds a model", fitting),
            ("cost-predicting", "To predict an image", "seconds an image", predicting(results)),
        )
        if len(results.experiments) > 1
        and (picture := _picture(results, name, title, axis, of)) is not None
    ]
    blocks: list[Block] = []
    if pictures:
        blocks.append(
            Figure(
                "cost",
                pictures,
                "Accuracy with 95 % intervals against computing time, on a logarithmic axis. Left: "
                "the features of all images and the fitting of one fold. Right: features and "
                "prediction of one image. Features count in seconds of one core. The stepped line "
                "joins what no other beats in both; above and left is better.",
            )
        )
    else:
        missing = (
            "No accuracy is known: there is no picture of cost."
            if len(results.experiments) > 1
            else "There is one experiment only; what it cost is in the table above."
        )
        blocks.append(Paragraph(missing, "missing"))
    return Section("cost", "Accuracy against cost", blocks)


def fitting(experiment: ExperimentResult) -> float:
    """Return the seconds from images to a fitted model: features, and an average fold."""
    spent = experiment.record.seconds
    return spent.features + spent.fit / max(1, experiment.record.counts.folds)


def predicting(results: Results) -> Callable[[ExperimentResult], float]:
    """Return what gives an experiment's seconds from an image to its prediction."""
    computed = results.dataset.images - len(results.dataset.unreadable)

    def of(experiment: ExperimentResult) -> float:
        spent, tested = experiment.record.seconds, experiment.record.counts.images
        if spent.tested is not None:
            return (spent.tested + spent.predict) / max(1, tested)
        # Features are those of training images too, predictions those of tested ones alone.
        return spent.features / max(1, computed, tested) + spent.predict / max(1, tested)

    return of


def front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Keep the points (cost, worth) that none beats in both, cheapest first.

    Examples
    --------
    >>> front([(1, 0.8), (2, 0.7), (3, 0.9)])
    [(1, 0.8), (3, 0.9)]
    """
    kept: list[tuple[float, float]] = []
    for spent, worth in sorted(points, key=lambda p: (p[0], -p[1])):
        if not kept or worth > kept[-1][1]:
            kept.append((spent, worth))
    return kept


def rate(results: Results, experiment: ExperimentResult) -> float | None:
    """Return images a second from file to answer; None where no time was measured."""
    spent = predicting(results)(experiment)
    return 1 / spent if spent else None


def _picture(
    results: Results, name: str, title: str, axis: str, of: Callable[[ExperimentResult], float]
) -> Picture | None:
    points = [
        (i, e, max(of(e), SHORTEST), accuracy)
        for i, e in enumerate(results.experiments)
        if (accuracy := e.pooled("accuracy")) is not None
    ]
    if not points:
        return None
    spans = {i: e.record.accuracy.ci95 for i, e, _, _ in points}
    ends = [v for i, _, _, a in points for v in (a, *(spans[i] or ()))]
    pad = max(0.01, 0.06 * (max(ends) - min(ends)))
    times = [t for _, _, t, _ in points]
    axes = Axes(
        (min(times) / 2, max(times) * 2.5),
        (max(0.0, min(ends) - 2 * pad), max(ends) + 2 * pad),
        f"{axis}, logarithmic",
        "accuracy",
        title=title,
        log_seconds=True,
    )
    best = front([(t, a) for _, _, t, a in points])
    steps = [best[0]]
    for (_, before), (t, a) in pairwise(best):
        steps += [(t, before), (t, a)]
    axes.guide([*steps, (axes.x[1], best[-1][1])])
    for i, e, t, a in points:
        axes.mark(t, a, results.series[i], span=spans[i], label=e.letter)
    for i, e, _, _ in points:
        axes.key(results.series[i], f"{e.letter}  {e.title}", "mark")
    said = "; ".join(f"{e.title} {share(a)} in {seconds(t)}" for _, e, t, a in points)
    return axes.picture(name, f"{title}: accuracy against time. {said}.")


def _device(e: ExperimentResult) -> str:
    through = ", fed through the host" if e.record.through_host else ""
    return f"{e.record.device}{through}"


def costs(results: Results) -> Table:
    """Set every cost of every experiment."""
    rows = []
    for e in results.experiments:
        spent, trained = e.record.seconds, e.record.training_images_per_second
        quick, disk, memory = rate(results, e), e.record.model_bytes, e.record.peak_memory
        rows.append(
            [
                Cell(e.letter),
                Cell(e.title),
                *(Cell(seconds(v), v) for v in (spent.features, spent.fit, spent.predict)),
                Cell(speed(quick), quick),
                Cell(speed(trained), trained),
                Cell(_device(e)),
                Cell(size(disk), disk),
                Cell(size(memory), memory),
            ]
        )
    return Table(
        "costs",
        "What each experiment cost. Features: seconds of one processor core, all images. Fitting, "
        "predicting: seconds on the clock, all folds together. Images/s: from file to answer. "
        "Trained/s: images that a network learned from, counted in each epoch. Model: one file. "
        f"Memory: the most that was held. {UNKNOWN} is not measured.",
        COLUMNS,
        rows,
        sortable=True,
    )
