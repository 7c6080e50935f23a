"""Whether the split was honest: what the folds keep apart, and what controls say."""

from __future__ import annotations

from gliaboost.reports.document.blocks import Block, Cell, Paragraph, Section, Table
from gliaboost.reports.document.numerals import count, listed, plural, share, signed, span
from gliaboost.reports.pages.checks import check_folds, leaks
from gliaboost.reports.pages.control_words import control_words
from gliaboost.reports.pages.learning import searches, training
from gliaboost.reports.pages.pretrained import pretrained
from gliaboost.reports.pages.transfer import elsewhere
from gliaboost.reports.pages.unit_words import RECOGNISED
from gliaboost.reports.protocol.experiments import BY_IMAGE
from gliaboost.reports.protocol.results import Results

COLUMNS = ("source", "site", "modality")
# An accuracy on fewer images than this is noise.
FEWEST = 10


def honesty(results: Results) -> Section:
    """Check the folds, read the controls, and say what was not controlled."""
    blocks: list[Block] = [
        _folds(results),
        *_untrained(results),
        *pretrained(results),
        *_seen(results),
    ]
    missing: list[str] = []
    for part, words in (
        (_leak, "the leak's worth (the same model under folds by image)"),
        (_shuffled, "the control with shuffled labels"),
        (_audit, "the audit of the data set (gliaboost audit)"),
        (_by_column, "accuracy by source or site"),
        (lambda run: elsewhere([run]), "a test on another data set (--test-on)"),
        (training, "training curves"),
    ):
        found = part(results)
        if found:
            blocks += found
        else:
            missing.append(words)
    blocks += searches(results)
    if missing:
        blocks.append(Paragraph(f"Not measured in this run: {listed(missing)}.", "missing"))
    return Section("honesty", "Is it honest", blocks)


def _folds(results: Results) -> Paragraph:
    check = check_folds(results)
    if check is None:
        return Paragraph("Without predictions the folds cannot be checked.", "missing")
    said = [
        f"Checked in the predictions: {plural(check.images, 'image')} in "
        f"{plural(check.folds, 'test fold')}, "
        + (
            f"{count(check.twice)} of them tested more than once"
            if check.twice
            else "each tested once"
        )
    ]
    if not check.patients:
        said.append(
            "no image names its patient, so whether folds cut through patients is not known"
        )
        if check.groups:
            cut = count(check.cut_groups) if check.cut_groups else "none"
            said.append(f"{cut} of the {plural(check.groups, 'group')} in more than one fold")
    elif check.cut:
        said.append(
            f"{count(check.cut)} of {plural(check.patients, 'patient')} lie in more than one fold"
        )
    else:
        said.append(f"none of the {plural(check.patients, 'patient')} in more than one fold")
    tail = (
        " What follows from these folds is too good: a model has seen images of the patients "
        "that it is tested on."
        if check.cut
        else " What follows from these folds is too good: a model has seen copies of what it is "
        "tested on."
        if check.cut_groups
        else ""
    )
    kind = "warning" if check.cut or check.cut_groups or check.twice else "text"
    return Paragraph(f"{', '.join(said)}.{tail}", kind)


def _untrained(results: Results) -> list[Block]:
    """Warn of backbones that began with random weights: nobody takes them for pre-trained ones."""
    given = {f"features {x.label}": x.parameters for x in results.protocol.extractors}
    given |= {e.title: e.record.parameters for e in results.experiments}
    names = [name for name, own in given.items() if own.get("weights") == "random"]
    if not names:
        return []
    return [
        Paragraph(
            f"Random weights, by request: the backbone of {listed(names)} was trained on nothing "
            "before. It says little about what a pre-trained one would do.",
            "warning",
        )
    ]


def _seen(results: Results) -> list[Block]:
    """Say which pictures the features of an experiment were taught on elsewhere."""
    said: list[Block] = []
    for experiment in results.experiments:
        seen = experiment.record.seen_elsewhere
        if seen is None:
            continue
        met, all_ = seen.files + seen.copies, seen.files + seen.copies + seen.others
        name = experiment.title
        if not met:
            said.append(
                Paragraph(
                    f"{name}: of {plural(all_, 'image')} none was in the training set of the "
                    "features, which were taught on another data set, and none is a copy or a "
                    "neighbour of one there."
                )
            )
            continue
        rest = (
            "no other is left"
            if seen.accuracy_of_others is None
            else f"on the {count(seen.others)} others accuracy is {share(seen.accuracy_of_others)}"
        )
        said.append(
            Paragraph(
                f"{name}: of {plural(all_, 'image')} {count(seen.files)} were in the training set "
                f"of the features, which were taught on another data set, and {count(seen.copies)} "
                f"are copies or neighbours of such; {rest}. They are marked in the predictions, "
                "column seen_elsewhere.",
                "warning",
            )
        )
    return said


def _leak(results: Results) -> list[Block]:
    failed = results.record.failed_controls.get(BY_IMAGE)
    if failed:
        return [Paragraph(f"The control on folds by image could not be run: {failed}.", "missing")]
    return [
        Paragraph(
            f"The leak's worth: under folds that cut through {leak.unit}s {leak.original.title} "
            f"would seem to reach {share(leak.control.pooled('accuracy'))} in place of "
            f"{share(leak.original.pooled('accuracy'))}, {signed(leak.points, 1)} points"
            f"{' ' + span(leak.ci95, 1) if leak.ci95 else ''} that come from "
            f"{RECOGNISED[leak.unit]}. "
            "Results published on such folds carry this gift."
        )
        for leak in leaks(results)
    ]


def _shuffled(results: Results) -> list[Block]:
    found = control_words(results)
    return [] if found is None else [Paragraph(f"{found.found} {found.means}", found.kind)]


def _audit(results: Results) -> list[Block]:
    if not results.dataset.audit:
        return []
    words = {"wrong": "wrong", "note": "to be known", "fine": "fine"}
    return [
        Table(
            "audit",
            "What the audit of the data set found.",
            ["Weight", "Finding"],
            [[Cell(words[weight]), Cell(text)] for weight, text in results.dataset.audit],
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
