"""From predictions to numbers with intervals: pooled, by fold, and over resampled units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.calibration import brier, calibration_error, gaps
from gliaboost.reports.statistics.confusion import BY_CLASS, SUMMARIES, confusions
from gliaboost.reports.statistics.measures import (
    Bootstrap,
    ClassMeasures,
    ClassMetric,
    Counts,
    Evaluation,
    FoldMeasures,
    Metric,
    MetricName,
    PatientMeasures,
)
from gliaboost.reports.statistics.ranking import auc_by_class
from gliaboost.reports.statistics.resampling import (
    RESAMPLES,
    group_codes,
    interval,
    resamples,
    sums,
)
from gliaboost.reports.statistics.units import units_of

if TYPE_CHECKING:
    import pandas as pd

# A probability may be off one by rounding; more means that the columns are something else.
TOLERANCE = 1e-3
SCALARS: tuple[MetricName, ...] = get_args(MetricName)

Measured = dict[str, NDArray[np.float64]]


def evaluate(
    predictions: pd.DataFrame,
    classes: Sequence[str],
    *,
    seed: int = 0,
    n_boot: int = RESAMPLES,
) -> Evaluation:
    """Measure one experiment.

    Each number is given *pooled* over all images, as *mean* and *sd* over the folds, and with a
    95 % percentile interval over resampled *patients*: images of one patient are alike, so
    resampling images would make every interval too narrow. Where patients are not known, groups
    are resampled, and where there are none, images (see `gliaboost.reports.statistics.units`).

    Parameters
    ----------
    predictions : pandas.DataFrame
        One row an image. Columns ``label``, ``predicted``, ``proba_<class>`` for each class, and,
        where known, ``patient``, ``group`` and ``fold``.
    classes : sequence of str
        All classes, in the order of the confusion matrix.
    seed : int
        Seed of the resampling; equal seeds draw equal units.
    n_boot : int
        Number of resamples.

    Returns
    -------
    Evaluation
        None stands for what is undefined: the AUC of a class without images, the standard
        deviation of a single fold, the interval of a single unit.

    Raises
    ------
    UsageError
        If columns are missing, a label is no class, or probabilities are none.

    Notes
    -----
    A class that is absent, in a fold or a resample, is left out of that macro mean. Macro F1
    leaves out only classes that are neither there nor predicted. The expected calibration error
    of a resample is on average larger than that of the sample, so its interval leans upwards.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({
    ...     "label": list("abab"), "predicted": list("abbb"), "patient": list("wxyz"),
    ...     "proba_a": [0.9, 0.2, 0.4, 0.3], "proba_b": [0.1, 0.8, 0.6, 0.7],
    ... })
    >>> result = evaluate(frame, ["a", "b"], n_boot=200)
    >>> result.accuracy.pooled, result.confusion
    (0.75, ((1, 1), (0, 2)))
    """
    truth, predicted, probabilities = arrays(predictions, classes)
    units = units_of(predictions)
    codes, n_groups = units.codes, units.count
    folds = predictions["fold"] if "fold" in predictions else np.zeros(len(truth))
    fold_codes, n_folds = group_codes(np.asarray(folds).astype(str))

    def measured(of: NDArray[np.int64], weights: NDArray[np.float64]) -> Measured:
        return measure(truth, predicted, probabilities, of, weights)

    pooled = measured(np.zeros(len(truth), dtype=np.int64), np.ones((1, 1)))
    by_fold = measured(fold_codes, np.eye(n_folds))
    drawn = measured(codes, resamples(n_groups, n_boot, seed)) if n_groups > 1 else None

    matrix = pooled["confusion"][0]

    def of_class(name: str, k: int) -> ClassMetric:
        limits = None if drawn is None else interval(drawn[name][:, k])
        return ClassMetric(_plain(pooled[name][0, k]), limits)

    per_class = {
        label: ClassMeasures(
            images=int(matrix[k].sum()),
            predicted=int(matrix[:, k].sum()),
            **{name: of_class(name, k) for name in (*BY_CLASS, "auc")},
        )
        for k, label in enumerate(classes)
    }
    return Evaluation(
        **{
            name: Metric(
                pooled=_plain(pooled[name][0]),
                mean=_plain(_mean(by_fold[name])),
                sd=_plain(_sd(by_fold[name])),
                ci95=None if drawn is None else interval(drawn[name]),
            )
            for name in SCALARS
        },
        per_class=per_class,
        confusion=tuple(tuple(int(n) for n in row) for row in matrix),
        by_fold={
            str(name): FoldMeasures(**{m: _plain(by_fold[m][i]) for m in SCALARS})
            for i, name in enumerate(sorted({str(f) for f in folds}))
        },
        patient_level=_patient_level(predictions, classes, seed, n_boot),
        counts=Counts(images=len(truth), groups=n_groups, folds=n_folds),
        bootstrap=Bootstrap(
            unit=units.kind,
            resamples=n_boot if n_groups > 1 else 0,
            seed=seed,
            others=units.others,
        ),
    )


def measure(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    codes: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> Measured:
    """Measure the same predictions under many weightings of their groups.

    Parameters
    ----------
    truth, predicted : int64 arrays [N]
        Classes by number.
    probabilities : float64 array [N, K]
        Of each class.
    codes : int64 array [N]
        The group of each image.
    weights : float64 array [B, G]
        What an image of each group counts, e.g. `resamples`.

    Returns
    -------
    dict of float64 arrays
        Each of `SCALARS` ``[B]``; precision, recall, specificity, f1 and auc ``[B, K]``; confusion
        ``[B, K, K]``. NaN where undefined.
    """
    n_groups, n_classes = weights.shape[1], probabilities.shape[1]
    counts = confusions(truth, predicted, n_classes, codes, n_groups)
    matrix = np.tensordot(weights, counts, axes=1)
    images = matrix.sum((-1, -2))
    areas = auc_by_class(probabilities, truth, codes, weights)
    result: Measured = {name: function(matrix) for name, function in SUMMARIES.items()}
    result |= {name: function(matrix) for name, function in BY_CLASS.items()}
    result["confusion"] = matrix
    result["auc"] = areas
    result["macro_auc"] = np.array([_mean(row) for row in areas])
    distance = sums(codes, n_groups, brier(probabilities, truth))
    result["brier"] = weights @ distance / np.where(images > 0, images, np.nan)
    surplus = gaps(probabilities, truth, codes, n_groups)
    result["ece"] = calibration_error(weights @ surplus, images)
    return result


def by_patient(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Join a patient's images into one decision: the mean of their probabilities.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As for `evaluate`.
    classes : sequence of str
        All classes.

    Returns
    -------
    pandas.DataFrame
        One row a patient, columns as before and ``images``. Patients whose images carry different
        labels have no single truth and are left out, as are images without a patient.
    """
    columns = [f"proba_{c}" for c in classes]
    known = predictions[predictions["patient"].notna()]
    grouped = known.groupby("patient", sort=True)
    table = grouped[columns].mean()
    table["label"] = grouped["label"].first()
    table["images"] = grouped.size()
    if "fold" in known:
        table["fold"] = grouped["fold"].first()
    table = table[grouped["label"].nunique() == 1].reset_index()
    table["predicted"] = (
        np.asarray(classes, dtype=object)[table[columns].to_numpy().argmax(1)]
        if len(table)
        else None
    )
    return table


def _patient_level(
    predictions: pd.DataFrame, classes: Sequence[str], seed: int, n_boot: int
) -> PatientMeasures | None:
    if "patient" not in predictions or not predictions["patient"].notna().any():
        return None
    table = by_patient(predictions, classes)
    mixed = int(predictions["patient"].nunique()) - len(table)
    if not len(table):
        nothing = {name: Metric() for name in SCALARS}
        return PatientMeasures(**nothing, per_class={}, confusion=(), patients=0, mixed=mixed)
    if len(table) == len(predictions):
        return None
    inner = evaluate(table.drop(columns="patient"), classes, seed=seed, n_boot=n_boot)
    return PatientMeasures(
        **{name: inner.metric(name) for name in SCALARS},
        per_class=inner.per_class,
        confusion=inner.confusion,
        patients=len(table),
        mixed=mixed,
    )


def arrays(
    predictions: pd.DataFrame, classes: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Check a table of predictions; return truth and prediction by number, and probabilities.

    Raises
    ------
    UsageError
        As `evaluate`.
    """
    columns = ["label", "predicted", *(f"proba_{c}" for c in classes)]
    absent = [c for c in columns if c not in predictions]
    if absent:
        raise UsageError(
            f"predictions without {', '.join(absent)}; expected columns label, predicted and one "
            "proba_<class> for each class, as gliaboost benchmark writes them"
        )
    if not len(predictions):
        raise UsageError("no predictions; at least one tested image is needed")
    number = {label: k for k, label in enumerate(classes)}
    foreign = sorted(
        {str(v) for c in ("label", "predicted") for v in predictions[c].unique() if v not in number}
    )
    if foreign:
        raise UsageError(
            f"predictions speak of {', '.join(foreign)}, but the classes are {', '.join(classes)}"
        )
    truth, predicted = (
        np.array([number[v] for v in predictions[c]], dtype=np.int64)
        for c in ("label", "predicted")
    )
    probabilities = np.asarray(predictions[columns[2:]], dtype=np.float64)
    if not (np.abs(probabilities.sum(1) - 1) <= TOLERANCE).all() or (probabilities < 0).any():
        raise UsageError(
            "the proba_ columns hold numbers that are negative, missing or do not add up to 1 in a "
            "row; expected probabilities"
        )
    return truth, predicted, probabilities


def _mean(values: NDArray[np.float64]) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def _sd(values: NDArray[np.float64]) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.std(ddof=1)) if len(kept) > 1 else float("nan")


def _plain(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
