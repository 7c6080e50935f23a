"""What is measured of an experiment: plain values, typed, as ``results.json`` keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Interval = tuple[float, float]
UnitName = Literal["patient", "group", "image"]
MetricName = Literal[
    "accuracy", "balanced_accuracy", "macro_f1", "macro_auc", "mcc", "brier", "ece"
]


@dataclass(frozen=True)
class ClassMetric:
    """A number about one class against the rest.

    Attributes
    ----------
    pooled : float, optional
        Over all images; None where it is undefined.
    ci95 : (low, high), optional
        95 % percentile interval over resampled units, patients where they are known.
    """

    pooled: float | None
    ci95: Interval | None


@dataclass(frozen=True)
class Metric:
    """A number about all classes.

    Attributes
    ----------
    pooled : float, optional
        Over all images; None where it is undefined.
    mean, sd : float, optional
        Over the folds; the standard deviation needs two.
    ci95 : (low, high), optional
        95 % percentile interval over resampled units, patients where they are known.
    """

    pooled: float | None = None
    mean: float | None = None
    sd: float | None = None
    ci95: Interval | None = None


@dataclass(frozen=True, kw_only=True)
class ClassMeasures:
    """One class against the rest.

    Attributes
    ----------
    images, predicted : int
        How many are of the class, and how many were taken for it.
    precision, recall, specificity, f1, auc : ClassMetric
        0 to 1.
    """

    images: int
    predicted: int
    precision: ClassMetric
    recall: ClassMetric
    specificity: ClassMetric
    f1: ClassMetric
    auc: ClassMetric


@dataclass(frozen=True, kw_only=True)
class FoldMeasures:
    """One fold; None stands for what is undefined in it.

    Attributes
    ----------
    accuracy, balanced_accuracy, macro_f1, macro_auc, mcc, brier, ece : float, optional
        As in `Measures`.
    """

    accuracy: float | None
    balanced_accuracy: float | None
    macro_f1: float | None
    macro_auc: float | None
    mcc: float | None
    brier: float | None
    ece: float | None


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What images and patients are both measured by.

    Attributes
    ----------
    accuracy, balanced_accuracy, macro_f1 : Metric
        0 to 1.
    macro_auc : Metric
        Mean area under the ROC curves of one class against the rest.
    mcc : Metric
        Matthews correlation coefficient, -1 to 1.
    brier : Metric
        0 to 2, smaller is better.
    ece : Metric
        Expected calibration error, 0 to 1, smaller is better.
    per_class : dict of str to ClassMeasures
        By label, in the order of `confusion`.
    confusion : [K][K] int
        Rows true, columns predicted.
    """

    accuracy: Metric
    balanced_accuracy: Metric
    macro_f1: Metric
    macro_auc: Metric
    mcc: Metric
    brier: Metric
    ece: Metric
    per_class: dict[str, ClassMeasures]
    confusion: tuple[tuple[int, ...], ...]

    def metric(self, name: MetricName) -> Metric:
        """Return a metric by its name."""
        found: Metric = getattr(self, name)
        return found


@dataclass(frozen=True, kw_only=True)
class PatientMeasures(Measures):
    """Patient by patient, their images' probabilities averaged.

    Attributes
    ----------
    patients, mixed : int
        Patients that were judged, and those left out, whose images carry several labels. Without
        any that was judged every number is undefined.
    """

    patients: int
    mixed: int


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What numbers rest on.

    Attributes
    ----------
    images, groups, folds : int
        Tested images, the units (patients, groups or images) that were resampled, and folds.
    """

    images: int
    groups: int
    folds: int


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """How intervals were made.

    Attributes
    ----------
    unit : {"patient", "group", "image"}
        What was resampled: patients where they are known, else the groups that the manifest names,
        else images.
    resamples : int
        0 where there is one unit only, and no interval.
    seed : int
        Of the resampling.
    others : int
        Units of another kind among them: groups and single images of rows that lack a patient.
    """

    unit: UnitName
    resamples: int
    seed: int
    others: int = 0


@dataclass(frozen=True, kw_only=True)
class DealtLabels:
    """What can be learned from labels that were dealt out anew: nothing, where nothing leaks.

    A quick learner (kernel ridge regression) learns every dealing of the labels, on the same
    columns, folds and rows, and is asked for the dealt labels of the test parts. Units keep their
    label in training and test, so what it knows above chance it has recognised.

    Attributes
    ----------
    unit : {"patient", "group", "image"}
        What most images were dealt by: all images of a unit swap their labels with another's.
    units, images, classes : int
        How many took part.
    scores : sequence of float
        Balanced accuracy of the quick learner for the dealt labels, one a dealing.
    distinct : int
        Dealings that differ.
    true : float
        Its balanced accuracy with the true labels, learned and asked.
    luck : float
        Standard deviation of its balanced accuracy for the true labels after it has learned dealt
        ones, over the 40 dealings that resemble the true labels least.
    own, own_true : sequence of float
        Balanced accuracy of the benchmark's own model after it has learned one of the dealings
        that resemble the true labels least: for the dealt labels, and for the true ones. Empty
        where it could not be run.
    """

    unit: UnitName
    units: int
    images: int
    classes: int
    scores: tuple[float, ...]
    distinct: int
    true: float
    luck: float
    own: tuple[float, ...] = ()
    own_true: tuple[float, ...] = ()

    @property
    def chance(self) -> float:
        """Balanced accuracy of a guess."""
        return 1 / max(1, self.classes)

    @property
    def mean(self) -> float:
        """Mean of the scores."""
        return sum(self.scores) / len(self.scores)

    @property
    def sd(self) -> float:
        """Standard deviation of the scores: what a single dealing varies by."""
        mean, count = self.mean, len(self.scores)
        return float((sum((s - mean) ** 2 for s in self.scores) / max(1, count - 1)) ** 0.5)

    @property
    def p(self) -> float:
        """Share of dealings that do as well as the true labels, these counted among them."""
        return (1 + sum(s >= self.true for s in self.scores)) / (1 + len(self.scores))


@dataclass(frozen=True, kw_only=True)
class Evaluation(Measures):
    """All that is measured of one experiment.

    Attributes
    ----------
    by_fold : dict of str to FoldMeasures
        By the fold's name.
    patient_level : PatientMeasures, optional
        None where no patient is known, or each has one image.
    counts : Counts
        What the numbers rest on.
    bootstrap : Bootstrap
        How the intervals were made.
    """

    by_fold: dict[str, FoldMeasures]
    patient_level: PatientMeasures | None
    counts: Counts
    bootstrap: Bootstrap
