"""Feature families read by heads of their own, and a booster that has the last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from gliaboost.datasets.inner_splits import inner_folds
from gliaboost.devices import Unavailable
from gliaboost.errors import UsageError
from gliaboost.models.base import Classifier, NativeModelError
from gliaboost.models.column_classifier import ColumnClassifier
from gliaboost.models.families import Family, checked_families
from gliaboost.models.parameter_checks import Legal, check_parameters, illegal, one_of, whole
from gliaboost.models.plain_arrays import pack, unpack
from gliaboost.models.registry import (
    create_model,
    model_class,
    model_names,
    register,
    shared_parameters,
    takes,
)
from gliaboost.models.rows import row_groups
from gliaboost.models.search_space import SearchSpace
from gliaboost.models.stacked.booster_input import BoosterInput, booster_input
from gliaboost.models.stacked.log_odds import log_odds, out_of_fold

Matrix = NDArray[np.float32]


@register
class Stacked(ColumnClassifier):
    """Heads on whole feature families, and a booster on their log-odds beside plain columns.

    Trees read a wide family badly whose columns mean something together alone, such as a network's
    channels: each split looks at one of them. Here a head reads such a family at once, and the
    booster is given its log-odds, a few columns, beside those of the other families.

    The training patients are divided; for each part a head is fitted on the others and gives the
    log-odds of the part that it never saw. So the booster learns how far a head can be trusted on
    new patients, not on those that it knows by heart. For new images a head is fitted once more,
    on all training rows.

    Parameters
    ----------
    head : str
        What reads a family: ``"svm"``, ``"logistic"`` or another model of columns.
    booster : str
        What learns from log-odds and columns: ``"lightgbm"``, ``"xgboost"`` or another one.
    headed : {"joint", "all"}
        Families that a head reads: those whose columns tell little each and much together
        (`Extractor.joint`), or all. Where no family is joint, all.
    raw : {"plain", "all"}
        Families whose columns the booster is given as they are: those that are not joint, or all.
    inner_folds : int
        Parts of the patients, from 2.
    head_parameters, booster_parameters : dict, optional
        In place of the defaults of either.
    device, jobs, seed
        As for the booster; the head takes those that it has.

    Attributes
    ----------
    classes_ : array [K]
        Sorted labels seen in training.
    n_features_in_ : int
        Columns.
    families_ : list of Family
        As they were told to `fit`.
    held_out_ : list of int64 array
        Training rows of each part.
    heads_ : list of Classifier
        Of each family that a head reads, fitted on all training rows.
    booster_ : Classifier
        Fitted on the log-odds and the plain columns.
    device_ : str
        Where the booster was fitted.

    Notes
    -----
    Stacked generalisation after Wolpert (1992). A head on all rows knows more patients than those
    that gave the training rows their log-odds: what it says of new rows is a little better than
    what the booster learned to expect.

    Examples
    --------
    >>> from gliaboost.models.families import Family
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["glioma", "pituitary"], 60)
    >>> X = rng.normal(size=(120, 44)).astype(np.float32)
    >>> X[:, 4:] += (y == "glioma")[:, None]
    >>> families = [Family("texture", 4), Family("embedding", 40, joint=True)]
    >>> model = Stacked(head="logistic").fit(X[::2], y[::2], np.arange(60) // 2, families=families)
    >>> bool(model.score(X[1::2], y[1::2]) > 0.9)
    True
    """

    name: ClassVar[str] = "stacked"
    title: ClassVar[str] = "Stacked"
    takes: ClassVar[str] = "columns"
    library: ClassVar[str] = "scikit-learn"
    effort: ClassVar[int] = 5

    def __init__(
        self,
        *,
        head: str = "svm",
        booster: str = "lightgbm",
        headed: str = "joint",
        raw: str = "plain",
        inner_folds: int = 4,
        head_parameters: dict[str, Any] | None = None,
        booster_parameters: dict[str, Any] | None = None,
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.head = head
        self.booster = booster
        self.headed = headed
        self.raw = raw
        self.inner_folds = inner_folds
        self.head_parameters = head_parameters
        self.booster_parameters = booster_parameters
        self.device = device
        self.jobs = jobs
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        families: Sequence[Family] | None = None,
    ) -> Self:
        """Fit the heads out of fold, the booster on what they say, and the heads on all rows.

        Parameters
        ----------
        X : float32 array [N, D]
            Columns; missing values (NaN) are allowed where head and booster take them.
        y : array [N]
            Labels.
        groups : array [N], optional
            Patient of each row; default: every row by itself.
        families : sequence of Family, optional
            Whose the columns are, in their order; default: all of one family, which a head reads,
            and the booster too.

        Returns
        -------
        Stacked
            Itself.

        Raises
        ------
        UsageError
            If a parameter is illegal, a value infinite, the families are not of these columns, or a
            class has a single patient: none of its rows could be held out from a head.
        """
        check_parameters(self, _LEGAL)
        matrix, codes = self._training_rows(X, y)
        self.families_ = checked_families(families, matrix.shape[1])
        patients = row_groups(groups, len(matrix))
        self.held_out_ = inner_folds(codes, patients, self.inner_folds, self.seed)
        if len(self.held_out_) < 2:
            raise UsageError(
                "a class has a single patient in the training rows, and stacked needs two: its "
                f"booster learns from what a head says of patients that it never saw; use "
                f"{self.booster}"
            )
        given = self._input()
        parts = [matrix[:, columns] for columns in given.headed]
        said = [out_of_fold(self._head, own, codes, patients, self.held_out_) for own in parts]
        # A part whose division left a class out has no log-odds.
        rows = np.sort(np.concatenate(self.held_out_))
        joined = given.join(matrix, said)[rows]
        self.booster_ = self._booster().fit(joined, codes[rows], groups=patients[rows])
        self.heads_ = [self._head().fit(own, codes, groups=patients) for own in parts]
        self.device_, self.memory_ = self.booster_.device_, self.booster_.memory_
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
        check_is_fitted(self, "booster_")
        return self.booster_.predict_proba(self._joined(self._new_rows(X)))

    def contributions(self, X: ArrayLike) -> NDArray[np.float32] | None:
        """Give each column's part in each class's score, as the booster tells it.

        Parameters
        ----------
        X : float32 array [N, D]

        Returns
        -------
        float32 array [N, K, D] or None
            With a constant they sum to the raw score (log odds) of the class. What a head's
            log-odds add is shared out evenly among the columns that it reads, as it looks at all
            of them at once: by family the sums are exact. None: the booster cannot tell.
        """
        check_is_fitted(self, "booster_")
        matrix = np.asarray(X, np.float32)
        values = self.booster_.contributions(self._joined(matrix))
        if values is None:
            return None
        return self._input().share_out(values)

    def _joined(self, matrix: Matrix) -> Matrix:
        given = self._input()
        return given.join(
            matrix,
            (
                log_odds(head.predict_proba(matrix[:, columns]))
                for head, columns in zip(self.heads_, given.headed, strict=True)
            ),
        )

    def _input(self) -> BoosterInput:
        return booster_input(self.families_, self.headed, self.raw, len(self.classes_))

    def _head(self) -> Classifier:
        return create_model(self.head, **self._parameters(self.head, self.head_parameters))

    def _booster(self) -> Classifier:
        return create_model(self.booster, **self._parameters(self.booster, self.booster_parameters))

    def _parameters(self, name: str, own: Mapping[str, Any] | None) -> dict[str, Any]:
        shared = {"device": self.device, "jobs": self.jobs, "seed": self.seed}
        return {**shared_parameters(name, **shared), **(own or {})}

    def _to_bytes(self) -> bytes:
        models = {"booster": self.booster_}
        models |= {f"head/{number}": head for number, head in enumerate(self.heads_)}
        return pack(
            {name: np.frombuffer(m.to_bytes(), np.uint8) for name, m in models.items()},
            {"families": [list(family) for family in self.families_]},
        )

    def _from_bytes(self, native: bytes) -> None:
        arrays, about = unpack(native)
        try:
            self.families_ = checked_families(
                [Family(str(n), int(w), bool(j)) for n, w, j in about["families"]],
                self.n_features_in_,
            )
            given = self._input()
            self.booster_ = self._restored(
                self.booster, self.booster_parameters, arrays["booster"], given.width
            )
            self.heads_ = [
                self._restored(
                    self.head, self.head_parameters, arrays[f"head/{k}"], s.stop - s.start
                )
                for k, s in enumerate(given.headed)
            ]
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise NativeModelError(
                f"the stacked model cannot be read ({error}); copy or train it again"
            ) from error

    def _restored(
        self, name: str, own: Mapping[str, Any] | None, native: NDArray[Any], columns: int
    ) -> Classifier:
        return model_class(name).from_bytes(
            native.tobytes(),
            np.arange(len(self.classes_)),
            columns,
            **self._parameters(name, own),
        )

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters; see `Classifier.parameter_faults`."""
        faults = illegal(self, _LEGAL)
        own = [("head", self.head, self.head_parameters)]
        own += [("booster", self.booster, self.booster_parameters)]
        for what, name, given in own:
            if not (_of_columns(name) and _named(given)):
                continue
            try:
                model = create_model(name, **self._parameters(name, given))
            except UsageError as error:
                faults.append(f"{what}_parameters: {error}")
            else:
                faults += [f"{what}: {fault}" for fault in model.parameter_faults()]
        return faults

    @classmethod
    def search_space(cls) -> SearchSpace:
        """Say what a search may change: the head, and who reads which family."""
        usual = cls().get_params()
        return SearchSpace(
            lambda trial: {
                "head": trial.suggest_categorical("head", ["svm", "logistic"]),
                "headed": trial.suggest_categorical("headed", ["joint", "all"]),
                "raw": trial.suggest_categorical("raw", ["plain", "all"]),
            },
            {name: usual[name] for name in ("head", "headed", "raw")},
        )

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices, which are its booster's."""
        return model_class(cls().booster).devices()


def _of_columns(name: Any) -> bool:
    return (
        isinstance(name, str)
        and name != Stacked.name
        and name in model_names()
        and takes(name) == "columns"
    )


def _named(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(k, str) for k in value))


_LEGAL: Legal = {
    "head": ("the name of a model of columns, such as svm", _of_columns),
    "booster": ("the name of a model of columns, such as lightgbm", _of_columns),
    "headed": one_of("joint", "all"),
    "raw": one_of("plain", "all"),
    "inner_folds": ("a whole number from 2", whole(2)),
    "head_parameters": ("a dict of name: value, or None", _named),
    "booster_parameters": ("a dict of name: value, or None", _named),
    "seed": ("a whole number from 0 to 2147483647", whole(0, 2**31 - 1)),
}
