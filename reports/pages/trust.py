"""Whether the probabilities can be believed, and how many images could be left to the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.document import curves
from gliaboost.reports.document.blocks import Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.document.numerals import UNKNOWN, bounded, percent, plural, share
from gliaboost.reports.pages.unit_words import patients_at_risk, unit_of
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.calibration import (
    brier,
    calibration_error,
    crossfitted,
    gaps,
    log_loss,
    reliability,
    temperature,
)
from gliaboost.reports.statistics.resampling import interval, resamples, sums
from gliaboost.reports.statistics.selective import accepted, conformal_sets, risk_at, risk_coverage

RESAMPLES = 1000
METHODS = {"": "as it is", "temperature": "temperature", "isotonic": "isotonic"}
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.5)
ALLOWED = (0.05, 0.02, 0.01)
ALPHAS = (0.1, 0.05, 0.01)

Array = NDArray[np.float64]


def trust(results: Results) -> Section:
    """Draw reliability, mend it, and answer only where sure."""
    title = "Can the probabilities be believed"
    leading = results.leading()
    if not leading:
        return Section("trust", title, [Paragraph("No predictions were saved.", "missing")])
    blocks: list[Block] = [Paragraph(_finding(leading[0][1])), _reliability(results)]
    divided = [(i, e) for i, e in leading if len(np.unique(e.folds)) > 1]
    if not divided:
        blocks.append(
            Paragraph(
                "There is one fold only, so nothing is left to learn a recalibration or a "
                "threshold from: both need images that the model had not seen and that are not "
                "judged here.",
                "missing",
            )
        )
    elif patients_at_risk(results):
        blocks.append(
            Paragraph(
                "Folds may not keep patients whole: what follows may be "
                "learned and judged on the same patients, and may look better than it is.",
                "missing",
            )
        )
    if divided:
        blocks.append(_recalibration(results, divided))
    blocks.append(_risk(results, leading))
    if divided:
        blocks += [
            _selective(results, divided),
            _conformal_text(results, divided[0][1]),
            _conformal(results, divided),
        ]
    return Section("trust", title, blocks)


def _finding(e: ExperimentResult) -> str:
    truth, predicted, probabilities = e.arrays
    believed, right = float(probabilities.max(1).mean()), float((truth == predicted).mean())
    gap = believed - right
    said = (
        "about as sure as it is right"
        if abs(gap) < 0.01
        else "surer than it is right"
        if gap > 0
        else "less sure than it is right"
    )
    return (
        f"{e.title} is {said}: its mean confidence is {share(believed)}, its accuracy "
        f"{share(right)}; the expected calibration error is {share(e.pooled('ece'))}."
    )


def _reliability(results: Results) -> Figure:
    pictures, rows = [], []
    for i, e in results.leading():
        truth, _, probabilities = e.arrays
        codes, count = e.units.codes, e.units.count
        weights = np.concatenate([np.ones((1, count)), _weights(results, count)])
        images, confidence, accuracy = reliability(probabilities, truth, codes, weights)
        spans = [interval(accuracy[1:, b]) if count > 1 else None for b in range(images.shape[1])]
        pictures.append(
            curves.reliability(
                f"reliability-{e.letter}",
                f"{e.letter}  {e.title}",
                results.series[i],
                confidence[0],
                accuracy[0],
                images[0],
                spans,
            )
        )
        for b, number in enumerate(images[0]):
            if number:
                right = float(accuracy[0, b])
                rows.append(
                    [
                        Cell(e.letter),
                        Cell(f"{b / 10:.1f} to {(b + 1) / 10:.1f}"),
                        Cell(f"{number:.0f}", float(number)),
                        Cell(share(float(confidence[0, b])), float(confidence[0, b])),
                        bounded(right, spans[b]),
                    ]
                )
    return Figure(
        "reliability",
        pictures,
        "How often predictions of each confidence are right, with 95 % intervals over "
        f"{unit_of(results)}s. On the dashed line a model is as right as it is sure; below it, it "
        "is too sure. Bars are the share of images.",
        Table(
            "reliability",
            "Reliability in numbers.",
            ["", "Confidence", "#Images", "#Mean confidence", "#Share right"],
            rows,
        ),
    )


def _recalibration(results: Results, experiments: list[tuple[int, ExperimentResult]]) -> Table:
    rows = []
    for _, e in experiments:
        truth, _, probabilities = e.arrays
        codes, count = e.units.codes, e.units.count
        weights, one = _weights(results, count), np.ones((1, count))
        for method, words in METHODS.items():
            p = crossfitted(probabilities, truth, e.folds, method) if method else probabilities
            if method == "temperature":
                powers = [
                    temperature(probabilities[e.folds != f], truth[e.folds != f])
                    for f in np.unique(e.folds)
                ]
                words = f"{words} {min(powers):.2f} to {max(powers):.2f}"
            size = sums(codes, count, np.ones(len(truth)))
            surplus = gaps(p, truth, codes, count)
            totals = {v: sums(codes, count, v_of(p, truth)) for v, v_of in _LOSSES.items()}

            def cell(part: Array, drawn: Array) -> Cell:
                return bounded(float(part[0]), interval(drawn) if len(drawn) else None)

            rows.append(
                [
                    Cell(e.letter),
                    Cell(words),
                    cell(
                        calibration_error(one @ surplus, one @ size),
                        calibration_error(weights @ surplus, weights @ size),
                    ),
                    *(
                        cell(one @ total / (one @ size), weights @ total / (weights @ size))
                        for total in totals.values()
                    ),
                ]
            )
    return Table(
        "recalibration",
        "Recalibration, learned for each fold from the predictions of the other folds, whose "
        f"{unit_of(results)}s are others. A temperature above 1 makes a model less sure. "
        "Smaller is better.",
        ["", "Probabilities", "#ECE", "#Brier", "#Log loss"],
        rows,
    )


_LOSSES = {"brier": brier, "log_loss": log_loss}


def _risk(results: Results, experiments: list[tuple[int, ExperimentResult]]) -> Figure:
    drawn, rows = [], []
    for i, e in experiments:
        truth, predicted, probabilities = e.arrays
        coverage, risk = risk_coverage(probabilities.max(1), truth == predicted)
        kept = np.unique(np.searchsorted(coverage, np.linspace(0.02, 1, 99) - 1e-12))
        drawn.append(
            curves.Curve(results.series[i], f"{e.letter}  {e.title}", coverage[kept], risk[kept])
        )
        values = [risk_at(coverage, risk, c) for c in COVERAGES]
        rows.append([Cell(e.letter), Cell(e.title), *(Cell(share(v), v) for v in values)])
    return Figure(
        "risk",
        [curves.risk("risk", drawn)],
        "Share of wrong answers when only the surest images are answered.",
        Table(
            "risk",
            "Share of wrong answers by the share of images answered.",
            ["", "Experiment", *(f"#{c:.0%}".replace("%", " %") for c in COVERAGES)],
            rows,
        ),
    )


def _selective(results: Results, experiments: list[tuple[int, ExperimentResult]]) -> Table:
    rows = []
    for _, e in experiments:
        truth, predicted, probabilities = e.arrays
        codes, total = e.units.codes, e.units.count
        right = truth == predicted
        weights = _weights(results, total)
        for allowed in ALLOWED:
            taken = accepted(probabilities.max(1), right, e.folds, allowed)
            size, wrong = (sums(codes, total, v) for v in (taken, taken & ~right))
            answered = weights @ size
            drawn = (weights @ wrong)[answered > 0] / answered[answered > 0]
            error = float((~right[taken]).mean()) if taken.any() else None
            rows.append(
                [
                    Cell(e.letter),
                    Cell(percent(allowed), allowed),
                    Cell(share(float(taken.mean())), float(taken.mean())),
                    Cell(UNKNOWN)
                    if error is None
                    else bounded(error, interval(drawn) if len(drawn) else None),
                    Cell(share(float(1 - taken.mean())), float(1 - taken.mean())),
                ]
            )
    return Table(
        "selective",
        "Accepting only the surest answers. A fold's threshold is the lowest that kept to the "
        f"error allowed on the other folds. {UNKNOWN}: none did.",
        ["", "#Error allowed", "#Accepted", "#Wrong of these", "#To a human"],
        rows,
    )


def _conformal_text(results: Results, e: ExperimentResult) -> Paragraph:
    truth, _, probabilities = e.arrays
    codes = e.units.codes
    inside = conformal_sets(probabilities, truth, e.folds, codes, ALPHAS[-1])
    alone = inside.sum(1) == 1
    sent = float((~alone).mean())
    needed = round(1 / ALPHAS[-1]) - 1
    fewest = min(len(np.unique(codes[e.folds != f])) for f in np.unique(e.folds))
    if fewest < needed:
        return Paragraph(
            f"A promise of 1 % error needs at least {plural(needed, unit_of(results))} to learn "
            f"from; here are {fewest}, so every image goes to a human.",
            "missing",
        )
    hit = inside[np.arange(len(truth)), truth]
    decided = (
        f" The promise is that the truth is in the set; of the images decided alone "
        f"{percent(1 - float(hit[alone].mean()), 1)} are wrong."
        if alone.any()
        else ""
    )
    return Paragraph(
        f"At a promised error of 1 %, {e.title} decides {share(100 * (1 - sent), 1)} % of the "
        f"images alone, and {share(100 * sent, 1)} % go to a human: those whose set of classes "
        f"that cannot be ruled out holds more than one, or none.{decided}"
    )


def _conformal(results: Results, experiments: list[tuple[int, ExperimentResult]]) -> Table:
    rows = []
    for _, e in experiments:
        truth, _, probabilities = e.arrays
        codes, count = e.units.codes, e.units.count
        size = sums(codes, count, np.ones(len(truth)))
        for alpha in ALPHAS:
            inside = conformal_sets(probabilities, truth, e.folds, codes, alpha)
            hit = inside[np.arange(len(truth)), truth]
            each = sums(codes, count, hit) / size
            drawn = _weights(results, count) @ each / count
            alone = inside.sum(1) == 1
            wrong = 1 - float(hit[alone].mean()) if alone.any() else None
            covered, human = float(each.mean()), float((~alone).mean())
            rows.append(
                [
                    Cell(e.letter),
                    Cell(f"{1 - alpha:.0%}".replace("%", " %"), 1 - alpha),
                    bounded(covered, interval(drawn) if len(drawn) else None),
                    Cell(share(float(hit.mean())), float(hit.mean())),
                    Cell(f"{inside.sum(1).mean():.2f}", float(inside.sum(1).mean())),
                    Cell(share(1 - human), 1 - human),
                    Cell(share(wrong), wrong),
                    Cell(share(human), human),
                ]
            )
    return Table(
        "conformal",
        "Sets of classes that cannot be ruled out (conformal sets). Thresholds for each fold "
        f"come from the other folds, each {unit_of(results)} weighing the same. Coverage is "
        "how often the true class is in the set.",
        [
            "",
            "#Promised",
            f"#Coverage by {unit_of(results)}",
            "#By image",
            "#Classes in a set",
            "#Decided alone",
            "#Wrong of these",
            "#To a human",
        ],
        rows,
    )


def _weights(results: Results, count: int) -> Array:
    if count < 2:
        return np.empty((0, count))
    return resamples(count, RESAMPLES, results.protocol.seed)
