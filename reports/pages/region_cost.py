"""What a wrong region costs the models whose columns look inside it."""

from __future__ import annotations

from gliaboost.reports.document.blocks import Block, Cell, Paragraph, Section, Table
from gliaboost.reports.document.numerals import UNKNOWN, count, percent, plural, share
from gliaboost.reports.pages.slice_cells import number, part, within
from gliaboost.reports.pages.unit_words import unit_of
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.mask_cost import (
    MaskGroup,
    RegionMeasures,
    accuracy_by_mask,
    region_measures,
)

FOUND = " Each region was found by what had learned from the training rows of the fold."
THIRDS = ("worst third", "middle third", "best third")
KINDS = {
    "missed": "tumour missed",
    "false alarm": "false alarm",
    "no alarm": "no tumour, none believed",
}


def region_cost(results: Results) -> Section | None:
    """Measure the regions that columns looked at, and accuracy by how good they are.

    Returns
    -------
    Section or None
        None where no columns looked at a region, or no test row has a mask.
    """
    if results.regions is None:
        return None
    seed = results.protocol.seed
    measured = region_measures(results.regions, seed=seed)
    groups = [(e, m, g) for m in measured for e, g in _groups(results, m.features)]
    blocks: list[Block] = [Paragraph(_finding(results, measured[0]), "lead")]
    said = [words for e, m, g in groups[:1] if (words := _cost(e, g))]
    blocks += [Paragraph(words) for words in said]
    if any(m.elsewhere for m in measured):
        blocks.append(
            Paragraph(
                "What finds these regions was trained on another data set. Regions of pictures "
                "that were in it too may be better than those of new ones.",
                "missing",
            )
        )
    blocks.append(_regions(results, measured))
    if groups:
        blocks.append(_accuracies(results, groups))
    return Section("region-cost", "What a wrong region costs", blocks)


def _groups(results: Results, features: str) -> list[tuple[ExperimentResult, list[MaskGroup]]]:
    assert results.regions is not None
    own = results.regions[results.regions["features"] == features]
    return [
        (e, found)
        for e in results.experiments
        if features in e.record.features and len(e.predictions)
        if (found := accuracy_by_mask(own, e.predictions, seed=results.protocol.seed))
    ]


def _finding(results: Results, measured: RegionMeasures) -> str:
    title = results.feature_titles.get(measured.features, measured.features)
    dice, missed, alarms = measured.dice, measured.missed, measured.false_alarms
    said = []
    if dice.value is not None:
        whom = f" of {plural(dice.units, measured.unit)}" if measured.unit != "image" else ""
        said.append(
            f"The region that columns of {title} look at covers the tumour with a mean Dice of "
            f"{share(dice.value)}{within(dice)} on {plural(dice.slices, 'test slice')} with a "
            f"tumour{whom}; {_of(missed.value, missed.slices)} are missed."
        )
    if alarms.value is not None:
        said.append(
            f"False alarms: {_of(alarms.value, alarms.slices)} without a tumour."
            if said
            else f"{title} raises {_of(alarms.value, alarms.slices)} false alarms."
        )
    return " ".join(said)


def _of(value: float | None, slices: int) -> str:
    found = round((value or 0.0) * slices)
    return f"{count(found)} of {plural(slices, 'slice')} ({percent(value or 0.0, 1)})"


def _cost(e: ExperimentResult, groups: list[MaskGroup]) -> str:
    thirds = [g for g in groups if g.kind == "third"]
    if not thirds:
        return ""
    worst, best = thirds[0], thirds[-1]
    return (
        f"{e.title} is right on {share(worst.accuracy.value)}{within(worst.accuracy)} of the third "
        f"whose regions are worst (Dice up to {share(worst.highest)}), and on "
        f"{share(best.accuracy.value)}{within(best.accuracy)} of that whose regions are best (from "
        f"{share(best.lowest)})."
    )


def _regions(results: Results, measured: list[RegionMeasures]) -> Table:
    titles = results.feature_titles
    rows = [
        [
            Cell(titles.get(m.features, m.features)),
            Cell(count(m.dice.slices), m.dice.slices),
            number(m.dice),
            part(m.missed),
            Cell(count(m.false_alarms.slices), m.false_alarms.slices),
            part(m.false_alarms),
        ]
        for m in measured
    ]
    return Table(
        "regions",
        "Regions of test rows against true masks, at the size of the prepared images, with 95 % "
        f"intervals over resampled {unit_of(results)}s. Where no tumour is believed, columns look "
        "at the likeliest place, and so does this Dice. Missed: none believed, or no pixel of the "
        f"tumour looked at.{'' if any(m.elsewhere for m in measured) else FOUND}",
        ["Features", "#With a tumour", "#Dice", "#Missed", "#Without", "#False alarms"],
        rows,
        sortable=True,
    )


def _accuracies(
    results: Results, groups: list[tuple[ExperimentResult, RegionMeasures, list[MaskGroup]]]
) -> Table:
    rows, several = [], len({m.features for _, m, _ in groups}) > 1
    for e, m, found in groups:
        thirds = iter(THIRDS)
        for group in found:
            limits = UNKNOWN
            if group.lowest is not None:
                limits = f"{share(group.lowest)} to {share(group.highest)}"
            rows.append(
                [
                    Cell(e.letter),
                    Cell(e.title),
                    *([Cell(results.feature_titles.get(m.features, m.features))] * several),
                    Cell(next(thirds) if group.kind == "third" else KINDS[group.kind]),
                    Cell(limits, group.lowest),
                    Cell(count(group.accuracy.slices), group.accuracy.slices),
                    number(group.accuracy),
                ]
            )
    return Table(
        "accuracy-by-region",
        "Accuracy by how well the region covers the tumour: thirds of the Dice on slices with a "
        "tumour; of these those that were missed; and slices without one. With 95 % intervals "
        f"over resampled {unit_of(results)}s.",
        ["", "Experiment", *(["Region of"] * several), "Slices", "#Dice", "#Number", "#Accuracy"],
        rows,
        sortable=True,
    )
