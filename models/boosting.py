"""XGBoost and LightGBM behind one scikit-learn face."""

from __future__ import annotations

import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from gliaboost._compat import available_cores
from gliaboost.datasets.errors import UsageError
from gliaboost.datasets.splits import inner_validation
from gliaboost.models.devices import choose_device

B = TypeVar("B", bound="type[Booster]")
MODELS: dict[str, type[Booster]] = {}


def register(cls: B) -> B:
    """Enter a model under its `name`; warns when it takes another's place."""
    other = MODELS.get(cls.name)
    if other is not None and other.__qualname__ != cls.__qualname__:
        warnings.warn(
            f"model {cls.name!r} of {cls.__module__} replaces that of {other.__module__}",
            stacklevel=2,
        )
    MODELS[cls.name] = cls
    return cls


def create_model(name: str, **parameters: Any) -> Booster:
    """Build a model by its registered name.

    Examples
    --------
    >>> create_model("lightgbm", seed=3).seed
    3
    """
    if name not in MODELS:
        raise UsageError(f"no model called {name!r}; the models are: {', '.join(sorted(MODELS))}")
    return MODELS[name](**parameters)


class Booster(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Gradient-boosted trees for many columns on few rows.

    Trees are small, histograms coarse, and each tree sees a sample of the columns: on thousands of
    correlated texture columns that is many times faster than the libraries' defaults, and no worse.

    The number of rounds is chosen on whole patients that are set aside from the training rows; then
    the model is fitted again on all of them with that number.

    Parameters
    ----------
    rounds : int
        Most boosting rounds.
    learning_rate : float
        Shrinkage, above 0.
    max_leaves : int
        Leaves a tree, at least 2.
    max_bin : int
        Histogram bins a column, 2 to 255.
    column_fraction : float
        Share of the columns that a tree may use, above 0 to 1.
    early_stopping_rounds : int
        Stop when the validation log loss has not improved for so many rounds.
    validation_fraction : float
        Share of the rows (whole groups) set aside to choose the rounds, above 0 to 0.5.
    class_weight : "balanced" or None
        Weigh classes by their inverse frequency, or all rows alike.
    device : "auto", "cpu" or "cuda"
        ``auto`` takes the GPU where a training on it has been proven; ``cuda`` without one is an error.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        Same seed, same model (on one device).

    Attributes
    ----------
    classes_ : array [K]
        Sorted labels.
    n_features_in_ : int
        Columns.
    n_rounds_ : int
        Rounds of the fitted model.
    device_ : str
        Where it was really fitted.
    """

    name: ClassVar[str]

    def __init__(
        self,
        *,
        rounds: int = 600,
        learning_rate: float = 0.1,
        max_leaves: int = 15,
        max_bin: int = 31,
        column_fraction: float = 0.05,
        early_stopping_rounds: int = 50,
        validation_fraction: float = 0.2,
        class_weight: str | None = "balanced",
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.max_bin = max_bin
        self.column_fraction = column_fraction
        self.early_stopping_rounds = early_stopping_rounds
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.device = device
        self.jobs = jobs
        self.seed = seed

    @abstractmethod
    def _boost(
        self,
        X: NDArray[np.float32],
        y: NDArray[np.int64],
        weight: NDArray[np.float64],
        rounds: int,
        validation: NDArray[np.bool_] | None,
    ) -> tuple[bytes, int, str]:
        """Fit; returns the native model, its best number of rounds, and the device used."""

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Booster:
        """Choose the rounds on set-aside groups, then fit on all rows.

        Parameters
        ----------
        X : float32 array [N, D]
            Columns; missing values (NaN) are allowed, infinite ones are not.
        y : array [N]
            Labels.
        groups : array [N], optional
            Patient of each row; no patient is on both sides of early stopping. Default: every row
            alone.
        sample_weight : float array [N], optional
            Multiplied with the class weights.

        Returns
        -------
        Booster
            Itself.

        Raises
        ------
        UsageError
            If a parameter is illegal or there is a single class.
        """
        self._check_parameters()
        device = choose_device(self.name, self.device)
        X, y = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise UsageError(
                f"training rows of one class only ({self.classes_[0]}); a classifier needs 2 classes"
            )
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        if weight.shape != (len(X),):
            raise UsageError(f"sample_weight.shape == {weight.shape}, expected ({len(X)},)!")
        if self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, codes)
        chosen = np.arange(len(X)) if groups is None else np.asarray(groups, dtype=object)
        validation = inner_validation(codes, chosen, self.validation_fraction, self.seed)
        self._resolved_device = device
        rounds = self.rounds
        if validation.any():
            _, rounds, _ = self._boost(X, codes, weight, self.rounds, validation)
        else:
            warnings.warn(
                "a class has a single patient in the training rows, so none can be set aside to stop "
                f"early: {self.rounds} rounds are fitted",
                stacklevel=2,
            )
        self.native_, self.n_rounds_, self.device_ = self._boost(X, codes, weight, rounds, None)
        return self

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
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        return native_probabilities(self.name, self.native_, X, self.jobs)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each row."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]  # type: ignore[no-any-return]

    def _check_parameters(self) -> None:
        faults = [
            f"{name}={getattr(self, name)!r}, expected {expected}"
            for name, expected, legal in (
                ("rounds", "a whole number from 1", lambda v: v >= 1),
                ("learning_rate", "more than 0", lambda v: v > 0),
                ("max_leaves", "a whole number from 2", lambda v: v >= 2),
                ("max_bin", "2 to 255", lambda v: 2 <= v <= 255),
                ("column_fraction", "more than 0, at most 1", lambda v: 0 < v <= 1),
                ("early_stopping_rounds", "a whole number from 1", lambda v: v >= 1),
                ("validation_fraction", "more than 0, at most 0.5", lambda v: 0 < v <= 0.5),
                ("class_weight", "'balanced' or None", lambda v: v in ("balanced", None)),
            )
            if not _holds(legal, getattr(self, name))
        ]
        if faults:
            raise UsageError(f"{type(self).__name__}: {'; '.join(faults)}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


@register
class XGBoost(Booster):
    __doc__ = (Booster.__doc__ or "") + (
        "\n    References\n    ----------\n    T. Chen and C. Guestrin, XGBoost: A Scalable Tree Boosting"
        " System, KDD 2016.\n    "
    )
    name = "xgboost"

    def _boost(
        self,
        X: NDArray[np.float32],
        y: NDArray[np.int64],
        weight: NDArray[np.float64],
        rounds: int,
        validation: NDArray[np.bool_] | None,
    ) -> tuple[bytes, int, str]:
        import xgboost

        train = slice(None) if validation is None else ~validation
        parameters = {
            "objective": "multi:softprob",
            "num_class": len(self.classes_),
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": self.max_leaves,
            "max_depth": 0,
            "max_bin": self.max_bin,
            "eta": self.learning_rate,
            "colsample_bytree": max(self.column_fraction, 1 / X.shape[1]),
            "device": self._resolved_device,
            "nthread": self.jobs or available_cores(),
            "seed": self.seed,
            "verbosity": 0,
        }
        data = xgboost.QuantileDMatrix(
            X[train], label=y[train], weight=weight[train], max_bin=self.max_bin
        )
        if validation is None:
            booster = xgboost.train(parameters, data, rounds)
            best = rounds
        else:
            held_out = xgboost.QuantileDMatrix(
                X[validation],
                label=y[validation],
                weight=weight[validation],
                ref=data,
                max_bin=self.max_bin,
            )
            booster = xgboost.train(
                parameters,
                data,
                rounds,
                evals=[(held_out, "validation")],
                early_stopping_rounds=self.early_stopping_rounds,
                verbose_eval=False,
            )
            best = booster.best_iteration + 1
        device = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
        return bytes(booster.save_raw("ubj")), best, str(device).partition(":")[0]


@register
class LightGBM(Booster):
    __doc__ = (Booster.__doc__ or "") + (
        "\n    References\n    ----------\n    G. Ke et al., LightGBM: A Highly Efficient Gradient Boosting"
        " Decision Tree, NIPS 2017.\n    "
    )
    name = "lightgbm"

    def _boost(
        self,
        X: NDArray[np.float32],
        y: NDArray[np.int64],
        weight: NDArray[np.float64],
        rounds: int,
        validation: NDArray[np.bool_] | None,
    ) -> tuple[bytes, int, str]:
        import lightgbm

        train = slice(None) if validation is None else ~validation
        parameters = {
            "objective": "multiclass",
            "num_class": len(self.classes_),
            "num_leaves": self.max_leaves,
            "max_bin": self.max_bin,
            "learning_rate": self.learning_rate,
            "feature_fraction": self.column_fraction,
            "min_data_in_leaf": min(20, max(1, len(y) // 20)),
            "device_type": self._resolved_device,
            "num_threads": self.jobs or available_cores(),
            "seed": self.seed,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(X[train], y[train], weight=weight[train], params=parameters)
        if validation is None:
            booster = lightgbm.train(parameters, data, rounds)
            best = rounds
        else:
            held_out = data.create_valid(X[validation], y[validation], weight=weight[validation])
            stop = lightgbm.early_stopping(self.early_stopping_rounds, verbose=False)
            booster = lightgbm.train(
                parameters, data, rounds, valid_sets=[held_out], callbacks=[stop]
            )
            best = booster.best_iteration or rounds
        return booster.model_to_string(num_iteration=best).encode(), best, self._resolved_device


def native_probabilities(
    library: str, native: bytes, X: NDArray[np.float32], jobs: int | None = None
) -> NDArray[np.float64]:
    """Predict with a model in its library's own format, on the CPU.

    Parameters
    ----------
    library : str
        ``"xgboost"`` (UBJSON) or ``"lightgbm"`` (text).
    native : bytes
        The model.
    X : float32 array [N, D]
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    float64 array [N, K]
    """
    threads = jobs or available_cores()
    if library == "xgboost":
        import xgboost

        booster = xgboost.Booster({"nthread": threads, "device": "cpu"})
        booster.load_model(bytearray(native))
        probabilities = booster.inplace_predict(np.ascontiguousarray(X))
    else:
        import lightgbm

        text = lightgbm.Booster(model_str=native.decode())
        probabilities = text.predict(X, num_threads=threads)
    # float32 softmax sums to 1 within 1e-7 only.
    p = np.asarray(probabilities, dtype=np.float64)
    return p / p.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _holds(legal: Callable[[Any], bool], value: Any) -> bool:
    try:
        return bool(legal(value))
    except TypeError:
        return False
