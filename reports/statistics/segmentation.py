"""From masks compared slice by slice to numbers of a segmenter, with intervals by patient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.agreement import Agreement, agreement
from gliaboost.reports.statistics.measures import UnitName
from gliaboost.reports.statistics.resampling import RESAMPLES
from gliaboost.reports.statistics.slice_average import SliceAverage, average, parts_of, thirds
from gliaboost.reports.statistics.units import units_of

if TYPE_CHECKING:
    import pandas as pd

# One row an image and segmenter, as `gliaboost.reports.statistics.overlap.slice_row` makes it;
# `patient`, `group` and `fold` may lack. Areas are in pixels.
COLUMNS = (
    "path",
    "label",
    "experiment",
    "area_true",
    "area_predicted",
    "dice",
    "iou",
    "precision",
    "recall",
    "hd95",
    "seconds",
)
SIZES = ("small", "medium", "large")


@dataclass(frozen=True)
class SizeGroup:
    """A third of the slices with a tumour, by its true area.

    Attributes
    ----------
    name : {"small", "medium", "large"}
        Which third.
    smallest, largest : int
        True areas in it, in pixels.
    dice : SliceAverage
        Mean Dice.
    """

    name: str
    smallest: int
    largest: int
    dice: SliceAverage


@dataclass(frozen=True)
class SegmenterMeasures:
    """What was measured of one segmenter.

    Attributes
    ----------
    experiment : str
        Its name.
    unit : {"patient", "group", "image"}
        What intervals resample.
    dice, iou, precision, recall : SliceAverage
        Means over the slices with a tumour; precision over those of them where something is
        predicted.
    hd95 : SliceAverage
        Median over the slices with a tumour, where nothing predicted is infinitely far.
    missed : SliceAverage
        Share of the slices with a tumour of which no pixel is found.
    false_alarms : SliceAverage
        Share of the slices without a tumour where one is predicted.
    area : Agreement, optional
        Predicted against true area over the slices with a tumour, in pixels; None of fewer than
        two.
    by_class : mapping of str to SliceAverage
        Mean Dice of each class that has tumours.
    by_size : tuple of SizeGroup
        Mean Dice by thirds of the true area; empty where there are fewer than three areas.
    by_fold : mapping of str to SliceAverage
        Mean Dice of each fold.
    seconds : float, optional
        Mean time a slice.
    by_plane : mapping of str to SliceAverage
        Mean Dice of each plane; empty where planes are not known.
    """

    experiment: str
    unit: UnitName
    dice: SliceAverage
    iou: SliceAverage
    precision: SliceAverage
    recall: SliceAverage
    hd95: SliceAverage
    missed: SliceAverage
    false_alarms: SliceAverage
    area: Agreement | None
    by_class: Mapping[str, SliceAverage]
    by_size: tuple[SizeGroup, ...]
    by_fold: Mapping[str, SliceAverage]
    seconds: float | None
    by_plane: Mapping[str, SliceAverage] = field(default_factory=dict)


def segmenter_measures(
    slices: pd.DataFrame, *, seed: int = 0, n_boot: int = RESAMPLES
) -> list[SegmenterMeasures]:
    """Measure each segmenter of a table.

    Parameters
    ----------
    slices : pandas.DataFrame
        `COLUMNS`, one row an image and segmenter, and where known ``patient``, ``group``,
        ``fold`` and ``plane``. A tumour is there where ``area_true`` is above 0. Missing numbers
        are left out.
    seed, n_boot
        Of the bootstrap over patients; equal seeds draw equal patients.

    Returns
    -------
    list of SegmenterMeasures
        In the order of the table. Thirds of size are the same for all of them.

    Raises
    ------
    UsageError
        If columns are missing, or a segmenter has an image twice.
    """
    missing = [c for c in COLUMNS if c not in slices]
    if missing:
        raise UsageError(f"a table of slices without {', '.join(missing)}")
    twice = slices.duplicated(["experiment", "path"])
    if twice.any():
        row = slices[twice].iloc[0]
        raise UsageError(f"{row['experiment']} has {row['path']} twice; expected it once")
    areas = slices.drop_duplicates("path")["area_true"].to_numpy(np.float64)
    cuts = thirds(areas[areas > 0])
    names = dict.fromkeys(slices["experiment"])
    return [
        _of_segmenter(str(name), slices[slices["experiment"] == name], cuts, seed, n_boot)
        for name in names
    ]


def _of_segmenter(
    name: str,
    rows: pd.DataFrame,
    cuts: tuple[float, float] | None,
    seed: int,
    n_boot: int,
) -> SegmenterMeasures:
    area = rows["area_true"].to_numpy(np.float64)
    ill, healthy = rows[area > 0], rows[area == 0]

    def of(
        part: pd.DataFrame, value: str | Callable[[pd.DataFrame], Any], *, median: bool = False
    ) -> SliceAverage:
        values = part[value] if isinstance(value, str) else value(part)
        return average(
            part, np.asarray(values, np.float64), seed=seed, n_boot=n_boot, median=median
        )

    def grouped(column: str) -> dict[str, SliceAverage]:
        if column not in ill:
            return {}
        return {str(k): of(part, "dice") for k, part in ill.groupby(column, sort=True)}

    true = ill["area_true"].to_numpy(np.float64)
    sizes = []
    for size, here in zip(SIZES, parts_of(true, cuts) if cuts else [], strict=False):
        if here.any():
            smallest, largest = int(true[here].min()), int(true[here].max())
            sizes.append(SizeGroup(size, smallest, largest, of(ill[here], "dice")))
    seconds = rows["seconds"].to_numpy(np.float64)
    known = seconds[~np.isnan(seconds)]
    return SegmenterMeasures(
        experiment=name,
        unit=units_of(rows).kind,
        dice=of(ill, "dice"),
        iou=of(ill, "iou"),
        precision=of(ill, "precision"),
        recall=of(ill, "recall"),
        hd95=of(ill, "hd95", median=True),
        missed=of(ill, lambda part: part["dice"] == 0),
        false_alarms=of(healthy, lambda part: part["area_predicted"] > 0),
        area=agreement(
            true,
            ill["area_predicted"].to_numpy(np.float64),
            units_of(ill).codes,
            seed=seed,
            n_boot=n_boot,
        )
        if len(ill) > 1
        else None,
        by_class=grouped("label"),
        by_size=tuple(sizes),
        by_fold=grouped("fold"),
        seconds=float(known.mean()) if len(known) else None,
        by_plane=grouped("plane"),
    )
