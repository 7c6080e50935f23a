"""What heads share: few columns, settings chosen and probabilities calibrated by patient."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from gliaboost.datasets.inner_splits import inner_folds
from gliaboost.errors import UsageError
from gliaboost.models.base import NativeModelError
from gliaboost.models.column_classifier import ColumnClassifier
from gliaboost.models.heads.calibration import learn_sharpness, softmax
from gliaboost.models.log_loss import balanced_log_loss
from gliaboost.models.parameter_checks import (
    CLASS_WEIGHT,
    Legal,
    check_parameters,
    illegal,
    whole,
)
from gliaboost.models.plain_arrays import pack, unpack
from gliaboost.models.rows import row_groups, row_weights

Arrays = dict[str, NDArray[Any]]
Settings = Mapping[str, float]


class Prepared(Protocol):
    """Brings columns to what a head learns from; a tuple of named arrays."""

    def __call__(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give rows ``[N, k]``."""

    def fits(self, columns: int) -> bool:
        """Whether its arrays go together, for so many columns."""

    def _asdict(self) -> dict[str, Any]: ...


class Learning(NamedTuple):
    """Rows to learn from.

    Attributes
    ----------
    Z : float32 array [N, k]
        Prepared columns.
    y : int64 array [N]
        Classes by number.
    weight : float64 array [N]
        Of each row.
    classes : int
        How many there are.
    """

    Z: NDArray[np.float32]
    y: NDArray[np.int64]
    weight: NDArray[np.float64]
    classes: int


class ColumnHead(ColumnClassifier):
    """A model on prepared columns whose settings are chosen on patients that it did not see.

    Parts of the patients are held out in turn. Each setting's scores of all held-out rows together
    are made probabilities (temperature scaling), and the setting with the least log loss, balanced
    by class, is taken, with its temperature. Then one head is fitted on all rows. Where a class has
    a single patient none can be held out: the middle setting is taken, uncalibrated, with a
    warning.

    A subclass stores its parameters, ``inner_folds``, ``class_weight`` and ``seed`` among them, and
    defines what follows.

    Attributes
    ----------
    classes_ : array [K]
        Sorted labels seen in training.
    n_features_in_ : int
        Columns.
    setting_ : dict of str to float
        What was chosen.
    sharpness_ : float
        What scores are multiplied by before the softmax.
    held_out_ : list of int64 array
        Training rows of each part that was held out; empty if none was.
    """

    library: ClassVar[str] = "scikit-learn"
    LEGAL: ClassVar[Legal]

    inner_folds: int
    class_weight: str | dict[Any, float] | None
    seed: int

    setting_: dict[str, float]
    sharpness_: float
    prepared_: Prepared
    head_: Arrays

    @abstractmethod
    def _settings(self) -> Sequence[Settings]:
        """List what is tried, from the most careful to the boldest."""

    @abstractmethod
    def _prepare(self, X: NDArray[np.float32]) -> Prepared:
        """Learn from training columns how to prepare any."""

    @abstractmethod
    def _restored(self, arrays: Arrays) -> Prepared:
        """Take up what `_prepare` learned; a missing array raises KeyError."""

    @abstractmethod
    def _heads(self, rows: Learning, settings: Sequence[Settings]) -> Iterator[Arrays]:
        """Fit a head for each setting, as plain arrays."""

    @abstractmethod
    def _scores(self, head: Arrays, Z: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give every class's score, ``float64 [N, K]``."""

    @abstractmethod
    def _check(self, head: Arrays, width: int, classes: int) -> bool:
        """Whether arrays are a head on so many prepared columns, for so many classes."""

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Choose and calibrate on held-out groups, then fit on all rows.

        Parameters
        ----------
        X : float32 array [N, D]
            Columns; a missing value (NaN) becomes its column's median, infinite ones are refused.
        y : array [N]
            Labels.
        groups : array [N], optional
            Patient of each row; no patient is on both sides of a choice. Default: every row by
            itself.
        sample_weight : float array [N], optional
            At least 0, multiplied with the class weights.

        Returns
        -------
        ColumnHead
            Itself.

        Raises
        ------
        UsageError
            If a parameter is illegal, a value infinite, there is a single class, or no row of a
            class has a weight above 0.
        """
        check_parameters(self, self.LEGAL)
        matrix, codes = self._training_rows(X, y)
        weight, patients = row_weights(sample_weight, len(matrix)), row_groups(groups, len(matrix))
        if self.class_weight is not None:
            # How frequent a class is, is told by the rows that count.
            some = weight > 0
            weight[some] *= compute_sample_weight(self.class_weight, self.classes_[codes[some]])
        counting = weight > 0  # what does not count says nothing of columns and classes either
        matrix, codes = matrix[counting], codes[counting]
        weight, patients = weight[counting], patients[counting]
        idle = np.setdiff1d(np.arange(len(self.classes_)), codes)
        if len(idle):
            raise UsageError(
                f"every row of {', '.join(map(str, self.classes_[idle]))} has a weight of 0; "
                f"{self.name} needs rows that count of each class: give it a weight above 0, or "
                "leave its rows out"
            )
        chosen, self.sharpness_ = self._chosen(matrix, codes, weight, patients)
        self.setting_ = {name: float(value) for name, value in chosen.items()}
        self.prepared_ = self._prepare(matrix)
        rows = Learning(self.prepared_(matrix), codes, weight, len(self.classes_))
        (self.head_,) = self._heads(rows, [chosen])
        return self

    def _chosen(
        self,
        X: NDArray[np.float32],
        y: NDArray[np.int64],
        weight: NDArray[np.float64],
        patients: NDArray[Any],
    ) -> tuple[Settings, float]:
        """Choose a setting, and how sharp its scores are, on held-out patients."""
        settings = self._settings()
        self.held_out_ = inner_folds(y, patients, self.inner_folds, self.seed)
        if not self.held_out_:
            warnings.warn(
                "a class has a single patient in the training rows, so none can be held out: "
                f"{self.name} is neither chosen nor calibrated",
                stacklevel=3,
            )
            return settings[len(settings) // 2], 1.0
        scores = np.full((len(settings), len(y), len(self.classes_)), np.nan)
        for held_out in self.held_out_:
            rest = np.setdiff1d(np.arange(len(y)), held_out)
            prepared = self._prepare(X[rest])
            rows = Learning(prepared(X[rest]), y[rest], weight[rest], len(self.classes_))
            apart = prepared(X[held_out])
            for own, head in zip(scores, self._heads(rows, settings), strict=True):
                own[held_out] = self._scores(head, apart)
        known = np.concatenate(self.held_out_)
        sharp = [learn_sharpness(own[known], y[known]) for own in scores]
        losses = [
            balanced_log_loss(softmax(s * own[known]), y[known])
            for s, own in zip(sharp, scores, strict=True)
        ]
        best = int(np.argmin(losses))
        return settings[best], sharp[best]

    def class_scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """Give every class's score, before calibration, for two classes too.

        Parameters
        ----------
        X : float32 array [N, D]

        Returns
        -------
        float64 array [N, K]
        """
        check_is_fitted(self, "classes_")
        return self._scores(self.head_, self.prepared_(self._new_rows(X)))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : float32 array [N, D]

        Returns
        -------
        float64 array [N, K]
            Columns as `classes_`; rows sum to 1.
        """
        return softmax(self.sharpness_ * self.class_scores(X))

    def _to_bytes(self) -> bytes:
        arrays = {f"prepared/{name}": a for name, a in self.prepared_._asdict().items()}
        arrays |= {f"head/{name}": a for name, a in self.head_.items()}
        return pack(arrays, {"sharpness": self.sharpness_, "setting": self.setting_})

    def _from_bytes(self, native: bytes) -> None:
        arrays, about = unpack(native)
        parts: dict[str, Arrays] = {"prepared": {}, "head": {}}
        for name, array in arrays.items():
            part, _, own = name.partition("/")
            parts.setdefault(part, {})[own] = array
        try:
            self.prepared_ = self._restored(parts["prepared"])
            self.head_ = parts["head"]
            self.sharpness_ = float(about["sharpness"])
            self.setting_ = {str(k): float(v) for k, v in about["setting"].items()}
            sound = self.prepared_.fits(self.n_features_in_)
            if sound:
                row = np.zeros((1, self.n_features_in_), np.float32)
                width = self.prepared_(row).shape[1]
                whole = all(np.isfinite(a).all() for a in self.head_.values())
                sound = whole and self._check(self.head_, width, len(self.classes_))
        except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise _no_head(self.name, str(error)) from error
        if not sound or not 0 < self.sharpness_ < np.inf:
            raise _no_head(self.name, "its arrays do not go together")

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters; see `Classifier.parameter_faults`."""
        return illegal(self, self.LEGAL)


SHARED: Legal = {
    "inner_folds": ("a whole number from 2", whole(2)),
    "class_weight": CLASS_WEIGHT,
    "seed": ("a whole number from 0 to 2147483647", whole(0, 2**31 - 1)),
}


def _no_head(name: str, why: str) -> NativeModelError:
    return NativeModelError(f"the {name}'s arrays cannot be read ({why}); copy or train it again")
