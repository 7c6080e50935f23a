"""What a wrong mask costs a classifier that looks inside it: accuracy by how good the mask is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.statistics.measures import UnitName
from gliaboost.reports.statistics.resampling import RESAMPLES
from gliaboost.reports.statistics.slice_average import SliceAverage, average, parts_of, thirds
from gliaboost.reports.statistics.units import units_of

if TYPE_CHECKING:
    import pandas as pd

# One row an image and extractor whose columns look at a region; `patient` and `group` may lack.
# Areas are in pixels of the prepared image, `dice` is of region and true mask, `believed` says
# whether a tumour is believed there, and `elsewhere` whether what found it was trained on another
# data set, in place of the fold's training rows.
COLUMNS = (
    "path",
    "fold",
    "label",
    "features",
    "area_true",
    "area_region",
    "dice",
    "believed",
    "elsewhere",
)
MaskKind = Literal["third", "missed", "false alarm", "no alarm"]
Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class RegionMeasures:
    """How well the regions that columns look at cover the tumours of test rows.

    Attributes
    ----------
    features : str
        Label of the extractor.
    unit : {"patient", "group", "image"}
        What intervals resample.
    dice : SliceAverage
        Mean over slices with a tumour of region and true mask.
    missed : SliceAverage
        Share of these slices where no tumour is believed, or another place is looked at.
    false_alarms : SliceAverage
        Share of the slices without a tumour where one is believed.
    elsewhere : bool
        Whether what found them was trained on another data set.
    """

    features: str
    unit: UnitName
    dice: SliceAverage
    missed: SliceAverage
    false_alarms: SliceAverage
    elsewhere: bool


@dataclass(frozen=True)
class MaskGroup:
    """How a classifier does on slices whose masks are so good.

    Attributes
    ----------
    kind : {"third", "missed", "false alarm", "no alarm"}
        A third of the slices with a tumour, by Dice; those that were missed; those without a tumour
        where one is believed, and where none is.
    lowest, highest : float, optional
        Dice in a third.
    accuracy : SliceAverage
        Of the classifier.
    """

    kind: MaskKind
    lowest: float | None
    highest: float | None
    accuracy: SliceAverage


def region_measures(
    regions: pd.DataFrame, *, seed: int = 0, n_boot: int = RESAMPLES
) -> list[RegionMeasures]:
    """Measure the regions of each extractor.

    Parameters
    ----------
    regions : pandas.DataFrame
        `COLUMNS`, one row an image and extractor, and where known ``patient`` and ``group``.
    seed, n_boot
        Of the bootstrap over patients.

    Returns
    -------
    list of RegionMeasures
        In the order of the table.
    """
    found = []
    for features in dict.fromkeys(regions["features"]):
        own = regions[regions["features"] == features]
        ill, healthy = own[own["area_true"] > 0], own[own["area_true"] == 0]

        def of(part: pd.DataFrame, values: Any) -> SliceAverage:
            return average(part, np.asarray(values, np.float64), seed=seed, n_boot=n_boot)

        found.append(
            RegionMeasures(
                str(features),
                units_of(own).kind,
                of(ill, ill["dice"]),
                of(ill, missed(ill)),
                of(healthy, healthy["believed"]),
                bool(own["elsewhere"].any()),
            )
        )
    return found


def missed(ill: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which slices with a tumour are looked at in vain: none believed, or elsewhere."""
    return np.asarray(~ill["believed"].to_numpy(bool) | (ill["dice"] == 0).to_numpy(bool))


def accuracy_by_mask(
    regions: pd.DataFrame, predictions: pd.DataFrame, *, seed: int = 0, n_boot: int = RESAMPLES
) -> list[MaskGroup]:
    """Say what a wrong mask costs a classifier.

    Parameters
    ----------
    regions : pandas.DataFrame
        `COLUMNS`, of one extractor.
    predictions : pandas.DataFrame
        Of one classifier; ``path``, ``fold``, ``label``, ``predicted`` and, where known,
        ``patient`` and ``group``.
    seed, n_boot
        Of the bootstrap over patients.

    Returns
    -------
    list of MaskGroup
        Thirds of the slices with a tumour, the worst masks first (none of fewer than three
        different Dice); then slices that were missed, false alarms, and slices without a tumour
        where none is believed, as far as there are any.
    """
    known = regions[["path", "fold", "area_true", "dice", "believed"]]
    told = predictions.assign(fold=predictions["fold"].astype(str))
    both = told.merge(
        known.assign(fold=known["fold"].astype(str)), on=["path", "fold"], validate="one_to_one"
    )
    right = (both["label"] == both["predicted"]).to_numpy(np.float64)
    return [
        MaskGroup(kind, *limits, average(both[here], right[here], seed=seed, n_boot=n_boot))
        for kind, limits, here in _groups(both)
        if here.any()
    ]


def _groups(
    both: pd.DataFrame,
) -> Iterator[tuple[MaskKind, Limits, NDArray[np.bool_]]]:
    ill = (both["area_true"] > 0).to_numpy(bool)
    dice = both["dice"].to_numpy(np.float64)
    believed = both["believed"].to_numpy(bool)
    cuts = thirds(dice[ill])
    for here in [] if cuts is None else parts_of(dice, cuts):
        own = here & ill
        yield "third", (float(dice[own].min()), float(dice[own].max())), own
    yield "missed", (None, None), ill & missed(both)
    yield "false alarm", (None, None), ~ill & believed
    yield "no alarm", (None, None), ~ill & ~believed
