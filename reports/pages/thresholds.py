"""Class against the rest at every threshold: ROC and precision-recall, with bands over units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.document.blocks import Cell, Figure, Picture, Table
from gliaboost.reports.document.curves import Curve, precision_recall, roc
from gliaboost.reports.document.numerals import UNKNOWN, bounded, share
from gliaboost.reports.pages.unit_words import unit_of
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.ranking import curves
from gliaboost.reports.statistics.resampling import interval, resamples

BANDS = 400
# So many classes are drawn small.
MANY = 4
# Denser where curves bend: near no false alarms.
GRID = np.linspace(0, 1, 81) ** 2
RECALLS = np.linspace(0.01, 1, 100)
SHOWN = (0.01, 0.05, 0.1, 0.2)
KEPT = (0.5, 0.8, 0.9, 0.95)

Array = NDArray[np.float64]


def thresholds(results: Results) -> list[Figure]:
    """Draw both kinds of curve, a picture a class, the best experiments in each."""
    leading = results.leading()
    if not leading:
        return []
    drawn: dict[str, list[Picture]] = {"roc": [], "pr": []}
    rows, found = [], []
    for k, label in enumerate(results.classes):
        lines: dict[str, list[Curve]] = {"roc": [], "pr": []}
        prevalence = 0.0
        for place, (i, e) in enumerate(leading):
            truth = e.arrays[0]
            prevalence = float((truth == k).mean())
            if not 0 < prevalence < 1:
                continue
            # Bands of several experiments would hide each other: the best has one.
            one, many = _curves(e, k, results, banded=place == 0)
            area = share(e.record.per_class[label].auc.pooled)
            gained = _average_precision(e, k)
            for kind, x, n in (("roc", GRID, 0), ("pr", RECALLS, 1)):
                low, high = (
                    np.nanquantile(many[n], [0.025, 0.975], axis=0)
                    if len(many[n])
                    else (None, None)
                )
                value = f"AUC {area}" if kind == "roc" else f"average {share(gained)}"
                lines[kind].append(
                    Curve(results.series[i], f"{e.letter}  {value}", x, one[n][0], low, high)
                )
            rows.append(_row(e, label, GRID, SHOWN, one[0][0], many[0], gained))
            found.append(_row(e, label, RECALLS, KEPT, one[1][0], many[1], gained))
        if lines["roc"]:
            small = len(results.classes) >= MANY
            drawn["roc"].append(roc(f"roc-{k + 1}", label, lines["roc"], small=small))
            drawn["pr"].append(
                precision_recall(f"pr-{k + 1}", label, lines["pr"], prevalence, small=small)
            )
    if not rows:
        return []
    names = ", ".join(f"{e.letter} is {e.title}" for _, e in leading)
    table = Table(
        "roc",
        "Sensitivity at fixed shares of false alarms (1 - specificity), and average precision.",
        ["", "Class", *(f"#At {s:g}" for s in SHOWN), "#Average precision"],
        rows,
    )
    about = f"one class against the rest, all folds pooled. {names}."
    return [
        Figure(
            "roc",
            drawn["roc"],
            f"ROC curves, {about} The band about {leading[0][1].letter} is the 95 % interval at "
            f"each place, over resampled {unit_of(results)}s.",
            table,
        ),
        Figure(
            "pr",
            drawn["pr"],
            "Precision against recall, letters as above. The dashed line is what guessing gives: "
            "the share of the class.",
            Table(
                "pr",
                "Precision at fixed recalls, and average precision.",
                ["", "Class", *(f"#At {s:g}" for s in KEPT), "#Average precision"],
                found,
            ),
        ),
    ]


def _curves(
    e: ExperimentResult, k: int, results: Results, *, banded: bool
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    truth, _, probabilities = e.arrays
    codes, count = e.units.codes, e.units.count
    seed = results.protocol.seed
    weights = resamples(count, BANDS, seed) if banded and count > 1 else np.empty((0, count))
    weights = np.concatenate([np.ones((1, count)), weights])
    scores, positive = probabilities[:, k], truth == k
    sensitivity, _ = curves(scores, positive, codes, weights, GRID)
    _, precision = curves(scores, positive, codes, weights, RECALLS)
    return (sensitivity[:1], precision[:1]), (sensitivity[1:], precision[1:])


def _average_precision(e: ExperimentResult, k: int) -> float:
    from sklearn.metrics import average_precision_score

    truth, _, probabilities = e.arrays
    return float(average_precision_score(truth == k, probabilities[:, k]))


def _row(
    e: ExperimentResult,
    label: str,
    grid: Array,
    places: Sequence[float],
    one: Array,
    many: Array,
    gained: float,
) -> list[Cell]:
    cells = []
    for place in places:
        value = float(np.interp(place, grid, one))
        drawn = [float(np.interp(place, grid, b)) for b in many]
        cells.append(bounded(value, interval(drawn) if drawn else None))
    return [Cell(e.letter), Cell(label), *cells, Cell(share(gained) or UNKNOWN, gained)]
