"""Where the tumour is, and how large: segmenters measured on slices whose masks are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gliaboost.datasets.plane.column import in_order
from gliaboost.reports.document.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Picture,
    Section,
    Table,
)
from gliaboost.reports.document.numerals import (
    UNKNOWN,
    count,
    natural,
    percent,
    plural,
    seconds,
    share,
    signed,
)
from gliaboost.reports.document.scatter import MOST, differences
from gliaboost.reports.pages.mask_gallery import MaskedSlice, mask_gallery
from gliaboost.reports.pages.slice_cells import number, part, within
from gliaboost.reports.statistics.agreement import Agreement
from gliaboost.reports.statistics.resampling import RESAMPLES
from gliaboost.reports.statistics.segmentation import SegmenterMeasures, segmenter_measures
from gliaboost.reports.statistics.slice_average import SliceAverage

if TYPE_CHECKING:
    import pandas as pd

# Pictures of agreement stand side by side.
SHOWN = 2


def segmentation(
    slices: pd.DataFrame,
    shown: Sequence[MaskedSlice] = (),
    *,
    fit_seconds: Mapping[str, float] | None = None,
    seed: int = 0,
    n_boot: int = RESAMPLES,
) -> Section:
    """Measure segmenters against true masks, and say it.

    Parameters
    ----------
    slices : pandas.DataFrame
        One row an image and segmenter (``experiment``, as it is to be called): the columns
        `gliaboost.reports.statistics.segmentation.COLUMNS` and, where known, ``patient``, ``group``
        and ``fold``. Each image was segmented by a model that had not seen its patient.
    shown : sequence of MaskedSlice
        What `gliaboost.reports.pages.mask_gallery.chosen` chooses of the best segmenter, with its
        pictures; of none there is no gallery.
    fit_seconds : mapping of str to float, optional
        Mean time to train one fold, by segmenter.
    seed, n_boot
        Of the bootstrap.

    Returns
    -------
    Section
        Segmenters from the best mean Dice down.

    Raises
    ------
    UsageError
        If columns are missing, or a segmenter has an image twice.
    """
    title = "Where, and how large"
    if not len(slices):
        return Section("segmentation", title, [Paragraph("No mask was compared.", "missing")])
    found = sorted(
        segmenter_measures(slices, seed=seed, n_boot=n_boot),
        key=lambda m: -1.0 if m.dice.value is None else m.dice.value,
        reverse=True,
    )
    best = found[0]
    blocks: list[Block] = [
        Paragraph(_finding(best), "lead"),
        _segmenters(found, fit_seconds or {}),
    ]
    if best.dice.value is not None:
        blocks += _tables(found)
        blocks += _areas(slices, [m for m in found if m.area is not None])
    blocks.append(_alarms(found))
    if shown:
        blocks.append(mask_gallery(shown, best.experiment))
        blocks.append(_gallery_table(shown))
    elif best.dice.value is not None:
        missing = "Pictures are not shown: images and masks were not at hand for this page."
        blocks.append(Paragraph(missing, "missing"))
    return Section("segmentation", title, blocks)


def _finding(best: SegmenterMeasures) -> str:
    dice = best.dice
    if dice.value is None:
        return "No slice has a tumour: how well one is found cannot be said."
    whom = f" of {plural(dice.units, best.unit)}" if best.unit != "image" else ""
    said = (
        f"{best.experiment} covers the tumour with a mean Dice of {share(dice.value)}"
        f"{within(dice)} on {plural(dice.slices, 'slice')} with a tumour{whom}."
    )
    if best.missed.value:
        said += f" On {percent(best.missed.value, 1)} of these slices it finds no pixel of it."
    if best.by_size:
        small, large = best.by_size[0], best.by_size[-1]
        said += (
            f" Size matters: {share(small.dice.value)} for the smallest third (up to "
            f"{count(small.largest)} pixels), {share(large.dice.value)} for the largest."
        )
    return said


def _segmenters(found: Sequence[SegmenterMeasures], fitted: Mapping[str, float]) -> Table:
    unit = found[0].unit
    rows = [
        [
            Cell(m.experiment),
            Cell(count(m.dice.slices), m.dice.slices),
            *(number(v) for v in (m.dice, m.iou, m.precision, m.recall)),
            _distance(m.hd95),
            part(m.missed),
            part(m.false_alarms),
            Cell(seconds(fitted.get(m.experiment)), fitted.get(m.experiment)),
            Cell(seconds(m.seconds), m.seconds),
        ]
        for m in found
    ]
    return Table(
        "segmenters",
        "Found masks against the true ones: means over slices with a tumour, in brackets the "
        f"95 % interval over resampled {unit}s. HD95, the 95th percentile Hausdorff distance in "
        "pixels, is a median; where nothing is found it is infinite. Missed: no pixel found. False "
        "alarms: of slices without a tumour. Training is of one fold, predicting of one slice.",
        [
            "Segmenter",
            "#Slices",
            "#Dice",
            "#IoU",
            "#Precision",
            "#Recall",
            "#HD95",
            "#Missed",
            "#False alarms",
            "#Training",
            "#Predicting",
        ],
        rows,
        sortable=True,
    )


def _distance(measured: SliceAverage) -> Cell:
    value, limits = measured.value, measured.ci95
    if value is None:
        return Cell(UNKNOWN)
    detail = f"[{_far(limits[0])}, {_far(limits[1])}]" if limits else ""
    return Cell(_far(value), value, detail, limits)


def _far(value: float) -> str:
    return share(value, 1) if math.isfinite(value) else "∞"


def _tables(found: Sequence[SegmenterMeasures]) -> list[Table]:
    """Set mean Dice by class and size, and by fold."""
    classes = list(dict.fromkeys(label for m in found for label in m.by_class))
    first = next((m for m in found if m.by_size), found[0])
    sizes = [f"{g.name}, {count(g.smallest)} to {count(g.largest)}" for g in first.by_size]
    rows = []
    for m in found:
        row = [Cell(m.experiment)]
        row += [number(m.by_class[c]) if c in m.by_class else Cell(UNKNOWN) for c in classes]
        by_name = {g.name: number(g.dice) for g in m.by_size}
        row += [by_name.get(g.name, Cell(UNKNOWN)) for g in first.by_size]
        rows.append(row)
    said = " and by thirds of the true area in pixels" if sizes else ""
    tables = [
        Table(
            "segmenters-groups",
            f"Mean Dice by class{said}, with 95 % intervals.",
            ["Segmenter", *(f"#{c}" for c in (*classes, *sizes))],
            rows,
            sortable=True,
        )
    ]
    planes = in_order([plane for m in found for plane in m.by_plane])
    if len(planes) > 1:
        tables.append(
            Table(
                "segmenters-planes",
                "Mean Dice by plane, with 95 % intervals.",
                ["Segmenter", *(f"#{plane}" for plane in planes)],
                [
                    [
                        Cell(m.experiment),
                        *(
                            number(m.by_plane[p]) if p in m.by_plane else Cell(UNKNOWN)
                            for p in planes
                        ),
                    ]
                    for m in found
                ],
                sortable=True,
            )
        )
    folds = sorted({fold for m in found for fold in m.by_fold}, key=natural)
    if folds:
        tables.append(
            Table(
                "segmenters-folds",
                "Mean Dice of each fold, with 95 % intervals, and pooled over all slices.",
                ["Segmenter", *(f"#Fold {f}" for f in folds), "#Pooled"],
                [
                    [
                        Cell(m.experiment),
                        *(number(m.by_fold[f]) if f in m.by_fold else Cell(UNKNOWN) for f in folds),
                        number(m.dice),
                    ]
                    for m in found
                ],
                sortable=True,
            )
        )
    return tables


def _areas(slices: pd.DataFrame, found: Sequence[SegmenterMeasures]) -> list[Block]:
    if not found:
        return []
    pictures = [_picture(slices, m, n) for n, m in enumerate(found[:SHOWN], 1)]
    most = max(m.dice.slices for m in found[:SHOWN])
    thinned = f" Of more than {MOST} slices as many are drawn." if most > MOST else ""
    rows = []
    for m in found:
        a = m.area
        assert a is not None
        rows.append(
            [
                Cell(m.experiment),
                _pixels(a.bias, a.bias_ci95),
                _pixels(a.lower, a.lower_ci95),
                _pixels(a.upper, a.upper_ci95),
                Cell(percent(a.within, 1), a.within),
            ]
        )
    return [
        Figure(
            "areas",
            pictures,
            "Found minus true area against their mean (Bland and Altman). Between the outer "
            "lines, 1.96 standard deviations about the mean difference, 95 % of the slices lie "
            f"if differences are normal.{thinned}",
            Table(
                "areas",
                "Found minus true area in pixels, with 95 % intervals: the mean difference, the "
                "limits of agreement, and the share of slices that lie between them.",
                ["Segmenter", "#Mean", "#Lower limit", "#Upper limit", "#Between"],
                rows,
                sortable=True,
            ),
        )
    ]


def _picture(slices: pd.DataFrame, m: SegmenterMeasures, number: int) -> Picture:
    rows = slices[(slices["experiment"].astype(str) == m.experiment) & (slices["area_true"] > 0)]
    true, predicted = (rows[c].to_numpy(np.float64) for c in ("area_true", "area_predicted"))
    a = m.area
    assert isinstance(a, Agreement)
    lines = [(v, signed(v, 0)) for v in (a.lower, a.bias, a.upper)]
    return differences(
        f"areas-{number}",
        m.experiment,
        (true + predicted) / 2,
        predicted - true,
        lines,
        ("mean of both areas, pixels", "found minus true, pixels"),
        f"Areas by {m.experiment}: mean difference {signed(a.bias, 0)} pixels, limits of agreement "
        f"{signed(a.lower, 0)} and {signed(a.upper, 0)}.",
    )


def _pixels(value: float, limits: Sequence[float] | None) -> Cell:
    detail = f"[{signed(limits[0], 0)}, {signed(limits[1], 0)}]" if limits else ""
    return Cell(signed(value, 0), value, detail, limits)


def _alarms(found: Sequence[SegmenterMeasures]) -> Paragraph:
    known = [m for m in found if m.false_alarms.value is not None]
    if not known:
        return Paragraph(
            "Every slice has a tumour: how often one is found where there is none is not known.",
            "missing",
        )
    said = []
    for m in known:
        value = m.false_alarms.value or 0.0
        alarms = round(value * m.false_alarms.slices)
        said.append(f"{m.experiment} {count(alarms)} ({percent(value, 1)})")
    number = plural(known[0].false_alarms.slices, "slice")
    return Paragraph(f"False alarms on {number} without a tumour: {', '.join(said)}.")


def _gallery_table(shown: Sequence[MaskedSlice]) -> Table:
    rows = []
    for one in shown:
        areas = [int(mask.sum()) for mask in (one.true, one.predicted)]
        rows.append(
            [
                Cell(one.path),
                Cell(one.kind),
                Cell(one.label),
                Cell(share(one.dice), one.dice),
                *(Cell(count(area), area) for area in areas),
            ]
        )
    columns = ["Image", "Why", "Class", "#Dice", "#True area", "#Found area"]
    return Table("masks", "The slices of the pictures in numbers; areas in pixels.", columns, rows)
