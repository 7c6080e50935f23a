"""What XGBoost and LightGBM share: parameters, checks, early stopping by patient, prediction."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from gliaboost._compat import available_cores
from gliaboost.datasets.inner_splits import inner_folds
from gliaboost.devices import DEVICES, Unavailable, choose_device, why_no_cuda
from gliaboost.errors import GliaboostError
from gliaboost.features.stored_columns import Columns, StoredColumns
from gliaboost.models.boosters import space
from gliaboost.models.boosters.native import check_classes, check_columns, threads_for
from gliaboost.models.boosters.task import Boosted, BoostingTask
from gliaboost.models.column_classifier import ColumnClassifier
from gliaboost.models.parameter_checks import (
    CLASS_WEIGHT,
    Legal,
    check_parameters,
    illegal,
    one_of,
    whole,
)
from gliaboost.models.rows import refuse_infinite, row_groups, row_weights
from gliaboost.models.search_space import SearchSpace
from gliaboost.models.trees.trees import Trees, packed

# Rounds where no patient can be held out to choose them.
FIXED_ROUNDS = 100


def _share(most: float) -> Callable[[Any], bool]:
    return lambda v: not isinstance(v, bool) and 0 < v <= most


LEGAL: Legal = {
    "rounds": ("a whole number from 1", whole(1)),
    "learning_rate": ("more than 0, at most 1", _share(1)),
    "max_leaves": ("a whole number from 2", whole(2)),
    "max_bin": ("a whole number from 2 to 255", whole(2, 255)),
    "max_features": (
        "'sqrt', or more than 0 and at most 1",
        lambda v: v == "sqrt" or _share(1)(v),
    ),
    "subsample": ("more than 0, at most 1", _share(1)),
    "min_rows": ("a whole number from 1", whole(1)),
    "l2": ("a number from 0", lambda v: 0 <= v < math.inf),
    "early_stopping_rounds": ("a whole number from 1", whole(1)),
    "inner_folds": ("0, or a whole number from 2", lambda v: v == 0 or whole(2)(v)),
    "class_weight": CLASS_WEIGHT,
    "jobs": ("a whole number from 1, or None", lambda v: v is None or whole(1)(v)),
    "seed": ("a whole number from 0 to 2147483647", whole(0, 2**31 - 1)),
}


class Booster(ColumnClassifier):
    """Gradient-boosted trees for many columns on few rows.

    Trees are small, histograms coarse, and a tree sees a sample of the columns and rows: on
    thousands of correlated texture columns that is many times faster than the libraries' defaults,
    and no worse.

    The number of rounds is chosen inside the training rows: models are boosted side by side, each
    without a part of the patients, until their log loss on those parts together stops improving.
    Then one model is fitted on all rows with the best number. (A single part would be quicker, and
    worse: a few odd patients would decide.) Where a class has a single patient none can be held
    out: 100 rounds (`rounds`, if fewer) are fitted, with a warning.

    The defaults were held against eleven changes by inner folds, with and without a region's
    columns; none was better by more than chance (``benchmarks/results/boosting-choice.md``).

    Parameters
    ----------
    rounds : int
        Most boosting rounds, from 1.
    learning_rate : float
        Shrinkage, above 0, at most 1.
    max_leaves : int
        Leaves a tree, from 2.
    max_bin : int
        Histogram bins a column, 2 to 255.
    max_features : "sqrt" or float
        Columns that a tree may use: the root of their number, or a share above 0, at most 1.
    subsample : float
        Share of the rows that a tree sees, above 0, at most 1.
    min_rows : int
        Fewest rows a leaf, from 1; on fewer than ``50 * min_rows`` training rows 2 % of them.
    l2 : float
        Penalty on the squared leaf values, from 0.
    early_stopping_rounds : int
        Stop when the held-out log loss has not improved for so many rounds, from 1.
    inner_folds : int
        Parts of the patients that are held out in turn to choose the rounds, from 2; or 0: exactly
        `rounds` are fitted.
    class_weight : "balanced", dict or None
        Weigh classes by their inverse frequency, by the given ``{label: weight}``, or all alike.
    device : "auto", "cpu" or "cuda"
        ``auto`` takes the GPU where a training on it has been proven; ``cuda`` without one is an
        error.
    jobs : int, optional
        Most threads; default: all cores. Small data take one, which is faster there.
    seed : int
        Same seed, rows, device and threads: same model.

    Attributes
    ----------
    classes_ : array [K]
        Sorted labels seen in training.
    n_features_in_ : int
        Columns.
    n_rounds_ : int
        Rounds of the fitted model.
    held_out_ : list of int64 array
        Training rows of each part that was held out; empty if none was.
    device_ : str
        Where it was really fitted, read back from the library.
    memory_ : {"host", "device"}
        Where the library read the columns from; on a GPU ``"host"`` means that they travelled.
    trees_ : Trees
        The model as plain arrays, which predict and explain without the library.
    """

    effort: ClassVar[int] = 3
    reads_stored_columns = True
    # A function of `gliaboost.models.boosters.proofs`, and what to do where it fails on a GPU.
    cuda_proof: ClassVar[str]
    cuda_remedy: ClassVar[str]
    # What `fit` expects of the parameters.
    legal: ClassVar[Legal] = LEGAL

    def __init__(
        self,
        *,
        rounds: int = 600,
        learning_rate: float = 0.1,
        max_leaves: int = 15,
        max_bin: int = 31,
        max_features: str | float = "sqrt",
        subsample: float = 0.5,
        min_rows: int = 30,
        l2: float = 10.0,
        early_stopping_rounds: int = 20,
        inner_folds: int = 4,
        class_weight: str | dict[Any, float] | None = "balanced",
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.max_bin = max_bin
        self.max_features = max_features
        self.subsample = subsample
        self.min_rows = min_rows
        self.l2 = l2
        self.early_stopping_rounds = early_stopping_rounds
        self.inner_folds = inner_folds
        self.class_weight = class_weight
        self.device = device
        self.jobs = jobs
        self.seed = seed

    @abstractmethod
    def _boost(self, task: BoostingTask) -> Boosted:
        """Choose the rounds where rows are held out, and fit on all."""

    @staticmethod
    @abstractmethod
    def _read(native: bytes) -> Trees:
        """Take the trees out of the library's own format, without the library."""

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Choose the rounds on held-out groups, then fit on all rows.

        Parameters
        ----------
        X : float32 array [N, D] or StoredColumns
            Columns; missing values (NaN) are allowed, infinite ones are not. Those of the store are
            read by batches, and give the same model.
        y : array [N]
            Labels.
        groups : array [N], optional
            Patient of each row; no patient is on both sides of early stopping. Default: every row
            by itself.
        sample_weight : float array [N], optional
            At least 0, multiplied with the class weights.

        Returns
        -------
        Booster
            Itself.

        Raises
        ------
        UsageError
            If a parameter is illegal, a value infinite, or there is a single class; or if the
            device is not to be had.
        """
        return self._fit(X, y, groups, sample_weight, self._boost)

    def _fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None,
        sample_weight: ArrayLike | None,
        boost: Callable[[BoostingTask], Boosted],
    ) -> Self:
        check_parameters(self, self.legal)
        device = self._chosen_device()
        matrix: Columns
        if isinstance(X, StoredColumns):
            matrix, codes = X, self._stored_rows(X, y)
        else:
            matrix, codes = self._training_rows(X, y)
        fitted = boost(self._task(matrix, codes, groups, sample_weight, device))
        if self.device == "cuda" and fitted.device != "cuda":
            raise GliaboostError(
                f"{self.name} was told to train on cuda and trained on {fitted.device}; see "
                "gliaboost info, or use --device cpu"
            )
        self.trees_ = self._read(fitted.native)
        _, self.n_rounds_, self.device_, self.memory_ = fitted
        return self

    def _stored_rows(self, X: StoredColumns, y: ArrayLike) -> NDArray[np.int64]:
        """Check rows as `_training_rows` does, in a pass over the store; number their classes."""
        labels = column_or_1d(y)
        check_consistent_length(X, labels)
        seen = 0
        for batch in X.batches():
            refuse_infinite(batch, first=seen)
            seen += len(batch)
        self.n_features_in_ = X.shape[1]
        return self._codes(labels)

    def _chosen_device(self) -> str:
        return choose_device(self.device, f"{self.name} cannot train", self._why_no_cuda)

    def _task(
        self,
        X: Columns,
        y: NDArray[np.int64],
        groups: ArrayLike | None,
        sample_weight: ArrayLike | None,
        device: str,
    ) -> BoostingTask:
        weight = row_weights(sample_weight, len(X))
        if self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, self.classes_[y])
        patients = row_groups(groups, len(X))
        rounds, self.held_out_ = self.rounds, []
        if self.inner_folds:
            self.held_out_ = inner_folds(y, patients, self.inner_folds, self.seed)
            if not self.held_out_:
                rounds = min(rounds, FIXED_ROUNDS)
                warnings.warn(
                    "a class has a single patient in the training rows, so none can be held out to "
                    f"choose the rounds: {rounds} are fitted",
                    stacklevel=4,
                )
        columns = self._columns(X.shape[1])
        threads = threads_for(len(X) * columns, self.jobs)
        return BoostingTask(
            X=X if isinstance(X, StoredColumns) else np.ascontiguousarray(X),
            y=y,
            weight=weight,
            held_out=self.held_out_,
            classes=len(self.classes_),
            rounds=rounds,
            columns=columns,
            min_rows=max(1, min(self.min_rows, len(X) // 50)),
            device=device,
            threads=threads,
            workers=max(1, (self.jobs or available_cores()) // threads),
        )

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : float32 array [N, D] or StoredColumns

        Returns
        -------
        float64 array [N, K]
            Columns as `classes_`; rows sum to 1.
        """
        check_is_fitted(self)
        if isinstance(X, StoredColumns):
            return np.concatenate([self.predict_proba(batch) for batch in X.batches()])
        matrix = self._new_rows(X)
        return self.trees_.probabilities(matrix, threads_for(matrix.size, self.jobs))

    def contributions(self, X: ArrayLike) -> NDArray[np.float32]:
        """Give each column's part in each class's score, by TreeSHAP.

        Parameters
        ----------
        X : float32 array [N, D]

        Returns
        -------
        float32 array [N, K, D]
            With a constant they sum to the raw score (log odds) of the class.

        References
        ----------
        S. M. Lundberg et al., From local explanations to global understanding with explainable AI
        for trees, Nature Machine Intelligence 2, 2020.
        """
        check_is_fitted(self)
        return self.trees_.contributions(np.asarray(X, np.float32))

    def _to_bytes(self) -> bytes:
        return self.trees_.to_bytes()

    def _from_bytes(self, native: bytes) -> None:
        # Bundles up to layout 3 hold the library's own format.
        trees = Trees.from_bytes(native) if packed(native) else self._read(native)
        check_columns(self.name, trees.columns, self.n_features_in_)
        check_classes(self.name, trees.classes, len(self.classes_))
        self.trees_ = trees

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters; see `Classifier.parameter_faults`."""
        # `fit` leaves the device to `choose_device`, which also asks whether it is there.
        return illegal(self, {**self.legal, "device": one_of(*DEVICES)})

    @classmethod
    def search_space(cls) -> SearchSpace:
        """Say what a search may change: trees, learning rate, sampling and penalties."""
        defaults = cls().get_params()
        return SearchSpace(space.draw, {name: defaults[name] for name in space.SEARCHED})

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices; a GPU is proven by training a tiny model in a child process."""
        return {"cpu": None, "cuda": cls._why_no_cuda()}

    @classmethod
    def _why_no_cuda(cls) -> Unavailable | None:
        reason = why_no_cuda("gliaboost.models.boosters.proofs", cls.cuda_proof)
        return None if reason is None else Unavailable(reason, cls.cuda_remedy)

    def _columns(self, width: int) -> int:
        if self.max_features == "sqrt":
            return math.ceil(math.sqrt(width))
        return max(1, round(float(self.max_features) * width))
