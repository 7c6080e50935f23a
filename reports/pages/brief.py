"""What a reader in a hurry asks, each answered in a line."""

from __future__ import annotations

import numpy as np

from gliaboost.reports.document.blocks import Cell, Table
from gliaboost.reports.document.numerals import (
    percent,
    plural,
    seconds,
    share,
    signed,
    size,
    span,
    speed,
)
from gliaboost.reports.pages.alarms import against_folds
from gliaboost.reports.pages.checks import check_folds, leaks
from gliaboost.reports.pages.control_words import control_words
from gliaboost.reports.pages.cost import fitting, rate
from gliaboost.reports.pages.recommendation import recommend
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.selective import conformal_sets

# The error that a set of classes may have at most.
ALPHA = 0.01


def in_brief(results: Results) -> Table:
    """Answer which model, how sure, on whom, at what cost, and whether the split was honest.

    Parameters
    ----------
    results : Results
        At least one experiment.
    """
    best = results.experiments[0]
    found = recommend(results)
    place = found.cheapest if found else None
    named = [best, *([results.experiments[place]] if place else [])]
    rows = {
        **dict(found.rows if found else []),
        "How good, how sure": _how_good(results, best),
        "At what cost": " ".join(_cost(results, e, alone=len(named) == 1) for e in named),
        "Was the split honest": _split(results),
        "Are its probabilities usable": _probabilities(best),
    }
    caption = "In brief."
    if results.comparisons:
        caption += " Differences of accuracy are paired, with 95 % intervals; p is McNemar's" + (
            ", after Holm's correction." if len(results.comparisons) > 1 else "."
        )
    return Table(
        "brief",
        caption,
        ["Question", "Answer"],
        [[Cell(asked), Cell(said)] for asked, said in rows.items() if said],
    )


def _how_good(results: Results, chosen: ExperimentResult) -> str:
    accuracy, level = chosen.record.accuracy, chosen.record.patient_level
    if accuracy.pooled is None:
        return "Not known."
    said = f"Accuracy {share(accuracy.pooled)}"
    if accuracy.ci95:
        said += f", with 95 % confidence within {span(accuracy.ci95)}"
    numbers = list(results.dataset.classes.values())
    if sum(numbers):
        guess = max(numbers) / sum(numbers)
        said += f"; always naming the largest class would give {share(guess)}"
    if level is not None and level.accuracy.pooled is not None:
        said += f". By patient {share(level.accuracy.pooled)} {span(level.accuracy.ci95)}".rstrip()
    return f"{said}."


def _cost(results: Results, chosen: ExperimentResult, *, alone: bool) -> str:
    quick, disk = rate(results, chosen), chosen.record.model_bytes
    spent = fitting(chosen)
    if not spent and quick is None:
        return "" if alone else f"{chosen.letter}: not measured."
    said = [f"{seconds(spent)} from images to a fitted model"]
    if quick is not None:
        said.append(f"{speed(quick)} images a second to predict")
    if disk is not None:
        said.append(f"{size(disk)} on disk")
    said.append(f"on {chosen.record.device}")
    return f"{'' if alone else f'{chosen.letter}: '}{', '.join(said)}."


def _split(results: Results) -> str:
    check = check_folds(results)
    said = []
    if check is None:
        said.append("Not to be checked without predictions")
    elif check.cut:
        said.append(f"No: {plural(check.cut, 'patient')} in more than one fold")
    elif wrong := against_folds(results):
        title = wrong[0].title
        said.append(
            f"{'Perhaps not' if ' may ' in title else 'No'}: {title[0].lower()}{title[1:-1]}"
        )
    elif not check.patients:
        said.append("Not known: no image names its patient")
    else:
        said.append(f"{plural(check.patients, 'patient')}, none in two folds")
    control = control_words(results)
    said.append("no control with shuffled labels" if control is None else control.brief)
    said += [
        f"folds by image would have moved accuracy by {signed(leak.points, 1)} points"
        for leak in leaks(results)[:1]
    ]
    faults = sum(weight == "wrong" for weight, _ in results.dataset.audit)
    if results.dataset.audit:
        said.append(
            f"the audit found {plural(faults, 'fault') + ', see the top' if faults else 'no fault'}"
        )
    return f"{'; '.join(said)}."


def _probabilities(chosen: ExperimentResult) -> str:
    error = chosen.pooled("ece")
    if error is None:
        return ""
    said = f"Off by {share(error)} on average (expected calibration error)"
    if len(chosen.predictions) and len(np.unique(chosen.folds)) > 1:
        truth, _, p = chosen.arrays
        sets = conformal_sets(p, truth, chosen.folds, chosen.units.codes, ALPHA)
        human = float((sets.sum(1) != 1).mean())
        said += (
            f"; to hold the truth for {percent(1 - ALPHA)} of images, it must leave "
            f"{percent(human)} of them to a human"
        )
    return f"{said}."
