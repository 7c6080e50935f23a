"""Whether the split was honest: what the folds keep apart, and what controls say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gliaboost.reports import curves
from gliaboost.reports.document import Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.numerals import count, listed, plural, share, signed, span
from gliaboost.reports.paired import compare
from gliaboost.reports.results import Experiment, Results

SHUFFLED, BY_IMAGE = "shuffled labels", "image folds"
COLUMNS = ("source", "site", "modality")
# An accuracy on fewer images than this is noise.
FEWEST = 10


def honesty(results: Results) -> Section:
    """Check the folds, read the controls, and say what was not controlled."""
    blocks: list[Block] = [_folds(results)]
    missing: list[str] = []
    for part, words in (
        (_leak, "the leak's worth (the same model under folds that cut through patients)"),
        (_shuffled, "the control with shuffled labels"),
        (_audit, "the audit of the data set (gliaboost audit)"),
        (_by_column, "accuracy by source or site"),
        (_history, "training curves"),
    ):
        found = part(results)
        if found:
            blocks += found
        else:
            missing.append(words)
    if missing:
        blocks.append(Paragraph(f"Not measured in this run: {listed(missing)}.", "missing"))
    return Section("honesty", "Is it honest", blocks)


def _folds(results: Results) -> Paragraph:
    leading = results.leading(1)
    if not leading:
        return Paragraph("Without predictions the folds cannot be checked.", "missing")
    table = leading[0][1].predictions
    twice = int(table["path"].duplicated().sum())
    known = table[table["patient"].notna()]
    sides = known.groupby("patient")["fold"].nunique()
    cut = int((sides > 1).sum())
    folds = table["fold"].nunique()
    said = [
        f"Checked in the predictions: {plural(len(table), 'image')} in "
        f"{plural(folds, 'test fold')}, "
        + (f"{count(twice)} of them tested more than once" if twice else "each tested once")
    ]
    if not len(known):
        said.append(
            "no image names its patient, so whether folds cut through patients is not known"
        )
    elif cut:
        said.append(f"{count(cut)} of {plural(len(sides), 'patient')} lie in more than one fold")
    else:
        said.append(f"none of the {plural(len(sides), 'patient')} in more than one fold")
    wrong = bool(cut) or bool(twice)
    tail = (
        " What follows from these folds is too good: a model has seen images of the patients "
        "that it is tested on."
        if cut
        else ""
    )
    return Paragraph(f"{', '.join(said)}.{tail}", "warning" if wrong else "text")


def _leak(results: Results) -> list[Block]:
    blocks: list[Block] = []
    for control in results.controls:
        original = _original(results, control)
        if control.entry["control"] != BY_IMAGE or original is None:
            continue
        worth = (control.pooled("accuracy") or 0.0) - (original.pooled("accuracy") or 0.0)
        limits = ""
        if len(control.predictions) and len(original.predictions):
            pairs = compare([control.predictions, original.predictions])
            if pairs and pairs[0].ci95:
                limits = f" {span([100 * v for v in pairs[0].ci95], 1)}"
        blocks.append(
            Paragraph(
                f"The leak's worth: under folds that cut through patients {original.title} "
                f"would seem to reach {share(control.pooled('accuracy'))} in place of "
                f"{share(original.pooled('accuracy'))}, {signed(100 * worth, 1)} points{limits} "
                f"that come from recognising patients. Results published on such folds carry "
                f"this gift."
            )
        )
    return blocks


def _shuffled(results: Results) -> list[Block]:
    blocks: list[Block] = []
    chance = 1 / max(1, len(results.classes))
    for control in results.controls:
        original = _original(results, control)
        if control.entry["control"] != SHUFFLED:
            continue
        entry = control.entry.get("balanced_accuracy") or {}
        value, limits = entry.get("pooled"), entry.get("ci95")
        if value is None:
            continue
        high = limits[0] > chance if limits else value > 1.5 * chance
        of = original.title if original else control.title
        text = (
            f"Trained on shuffled labels {of} has a balanced accuracy of {share(value)} "
            f"{span(limits)}; chance is {share(chance)}."
        )
        blocks.append(
            Paragraph(
                f"{text} It should have fallen to chance and did not: labels leak into the test "
                f"by some way, and no number on this page can be believed until it is found.",
                "warning",
            )
            if high
            else Paragraph(f"{text} It fell to chance, as it must where nothing leaks.")
        )
    return blocks


def _audit(results: Results) -> list[Block]:
    found: Sequence[Sequence[str]] = results.dataset.get("audit") or []
    if not found:
        return []
    words = {"wrong": "wrong", "note": "to be known", "fine": "fine"}
    return [
        Table(
            "audit",
            "What the audit of the data set found.",
            ["Weight", "Finding"],
            [[Cell(words.get(weight, weight)), Cell(text)] for weight, text in found],
        )
    ]


def _by_column(results: Results) -> list[Block]:
    blocks: list[Block] = []
    for column in COLUMNS:
        rows = []
        for _, e in results.leading():
            if column not in e.predictions:
                continue
            for value, part in e.predictions.dropna(subset=[column]).groupby(column, sort=True):
                right = float((part["label"] == part["predicted"]).mean())
                shown = Cell(share(right), right) if len(part) >= FEWEST else Cell("too few")
                patients = int(part["patient"].nunique())
                rows.append(
                    [
                        Cell(e.letter),
                        Cell(str(value)),
                        Cell(count(len(part)), len(part)),
                        Cell(count(patients), patients),
                        Cell(count(part["label"].nunique())),
                        shown,
                    ]
                )
        if len({row[1].text for row in rows}) > 1:
            blocks.append(
                Table(
                    f"by-{column}",
                    f"Accuracy by {column}. Where a {column} has one class only, a model may "
                    f"have learned the {column} in place of the class.",
                    ["", column.capitalize(), "#Images", "#Patients", "#Classes", "#Accuracy"],
                    rows,
                )
            )
    return blocks


def _history(results: Results) -> list[Block]:
    drawn = []
    for e in results.experiments:
        runs: Sequence[Mapping[str, Any]] = e.entry.get("history") or []
        lines, label = [], "loss"
        for run in runs:
            label = str(run.get("metric") or label)
            for side, words in (("train", "training part"), ("valid", "held-out part")):
                values = np.asarray(run.get(side) or [], dtype=np.float64)
                if len(values) > 1:
                    kept = np.unique(np.linspace(0, len(values) - 1, 200).astype(int))
                    place = 0 if side == "train" else 1
                    lines.append(curves.Curve(place, words, kept + 1.0, values[kept]))
        if lines:
            drawn.append(
                curves.history(f"history-{e.letter}", f"{e.letter}  {e.title}", label, lines)
            )
    if not drawn:
        return []
    return [
        Figure(
            "history",
            drawn,
            "How training went, a line a fold: on the part of the training fold that was "
            "learned from, and on the part held out of it, by which training was stopped. Test "
            "folds take no part.",
        )
    ]


def _original(results: Results, control: Experiment) -> Experiment | None:
    name = control.entry.get("of")
    return next((e for e in results.experiments if e.name == name), None)
