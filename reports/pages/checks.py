"""What can be checked about a run's honesty, as plain values: folds, controls, leaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gliaboost.reports.protocol.experiments import BY_IMAGE, SHUFFLED
from gliaboost.reports.protocol.results import ExperimentResult, Results
from gliaboost.reports.statistics.measures import UnitName
from gliaboost.reports.statistics.paired import compare

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FoldCheck:
    """What the predictions say of the folds, whatever the protocol claims.

    Attributes
    ----------
    images, folds : int
        Tested images, and folds that they lie in.
    twice : int
        Images tested more than once.
    patients, cut : int
        Patients that are known, and those of them in more than one fold.
    groups, cut_groups : int
        The same of the manifest's groups.
    """

    images: int
    folds: int
    twice: int
    patients: int
    cut: int
    groups: int = 0
    cut_groups: int = 0


@dataclass(frozen=True)
class Leak:
    """What folds that cut through patients would have added.

    Attributes
    ----------
    original, control : ExperimentResult
        The same model under folds by patient and by image.
    points : float
        Percentage points of accuracy.
    ci95 : [low, high], optional
        Over resampled units.
    """

    original: ExperimentResult
    control: ExperimentResult
    points: float
    ci95: Sequence[float] | None

    @property
    def unit(self) -> UnitName:
        """What the folds of the control cut through."""
        return self.control.record.bootstrap.unit


@dataclass(frozen=True)
class Shuffled:
    """How a model does that learned from labels dealt out anew.

    Attributes
    ----------
    experiment : ExperimentResult
        The model whose labels were shuffled; the control itself where that is not in the run.
    value : float
        Its balanced accuracy.
    ci95 : [low, high], optional
        Over resampled patients.
    chance : float
        1 / number of classes.
    verdict : str
        ``"chance"``, ``"below"`` it, ``"doubtful"`` (one dealing of labels may resemble the truth
        so much) or ``"leak"``.
    """

    experiment: ExperimentResult
    value: float
    ci95: Sequence[float] | None
    chance: float
    verdict: str


def check_folds(results: Results) -> FoldCheck | None:
    """Read the folds out of the predictions that are most; None without any."""
    table = max((e.predictions for e in results.experiments), key=len, default=None)
    if table is None or not len(table):
        return None
    patients, groups = (_sides(table, column) for column in ("patient", "group"))
    return FoldCheck(
        images=len(table),
        folds=int(table["fold"].nunique()),
        twice=int(table["path"].duplicated().sum()),
        patients=len(patients),
        cut=int((patients > 1).sum()),
        groups=len(groups),
        cut_groups=int((groups > 1).sum()),
    )


def _sides(table: pd.DataFrame, column: str) -> pd.Series[int]:
    """Count the folds of each unit that a column names."""
    import pandas as pd

    if column not in table:
        return pd.Series(dtype="int64")
    return table[table[column].notna()].groupby(column)["fold"].nunique()


def patients_apart(results: Results) -> bool:
    """Whether no patient was on both sides of a split: as checked, else as the protocol says."""
    check = check_folds(results)
    if check is None:
        return results.grouped
    return bool(check.patients) and not check.cut


def leaks(results: Results) -> list[Leak]:
    """Set each control with folds by image against its original."""
    found = []
    for control in results.controls:
        original = _original(results, control)
        if control.record.control != BY_IMAGE or original is None:
            continue
        worth = (control.pooled("accuracy") or 0.0) - (original.pooled("accuracy") or 0.0)
        limits = None
        if len(control.predictions) and len(original.predictions):
            pairs = compare([control.predictions, original.predictions])
            if pairs and (drawn := pairs[0].ci95):
                limits = [100 * v for v in drawn]
        found.append(Leak(original, control, 100 * worth, limits))
    return found


def shuffled(results: Results) -> list[Shuffled]:
    """Judge each control with shuffled labels that has no more to tell than its accuracy."""
    chance = 1 / max(1, len(results.classes))
    found = []
    for control in results.controls:
        balanced = control.record.balanced_accuracy
        value, limits = balanced.pooled, balanced.ci95
        if control.record.control != SHUFFLED or value is None:
            continue
        witnesses = control.record.counts.groups
        found.append(
            Shuffled(
                _original(results, control) or control,
                value,
                limits,
                chance,
                judged(value, limits, chance, witnesses),
            )
        )
    return found


def judged(value: float, limits: Sequence[float] | None, chance: float, witnesses: int) -> str:
    """Tell chance from a leak in one dealing of labels, as runs before ``dealt`` have it.

    Labels dealt out to `witnesses` patients agree with the true ones by luck, with a standard
    deviation of about ``sqrt(chance * (1 - chance) / witnesses)``; a model may learn that much in
    every fold, and the interval over tested patients knows nothing of it. Three of them are a leak.

    Examples
    --------
    >>> judged(0.34, [0.30, 0.37], 1 / 3, 233), judged(0.9, [0.85, 0.93], 1 / 3, 233)
    ('chance', 'leak')
    """
    luck = 3 * math.sqrt(chance * (1 - chance) / max(1, witnesses))
    low = limits[0] if limits else value - luck
    if limits and limits[1] < chance:
        return "below"
    if low <= chance:
        return "chance"
    return "leak" if value > chance + luck else "doubtful"


def _original(results: Results, control: ExperimentResult) -> ExperimentResult | None:
    return next((e for e in results.experiments if e.name == control.record.of), None)
