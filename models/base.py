"""The contract of every model: scikit-learn's face, and bytes that a bundle can keep."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from gliaboost.devices import Unavailable
from gliaboost.errors import GliaboostError

if TYPE_CHECKING:
    from gliaboost.models.search_space import SearchSpace

TAKES = ("columns", "images", "both")


class NativeModelError(GliaboostError):
    """A model's bytes are not what its library can read, or not the model that is meant."""


class Classifier(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """A model, as benchmark, training, prediction, explanation and bundle know it.

    A subclass stores its constructor's parameters untouched, sets `name` and `takes`, and defines
    `fit`, `predict_proba`, `_to_bytes` and `_from_bytes`. `fit` sets ``classes_`` (sorted labels)
    and ``n_features_in_``. All else is optional: `contributions` or `saliency` for explanations,
    `search_space` for a search, `parameter_faults` so that a wrong value is told before any work,
    `devices` where there are others than the CPU. Of the parameters
    ``device``, ``jobs`` and ``seed`` it has those that mean something to it; the command line's
    options of these names reach them. A model that learns from masks takes them as `fit`'s
    ``masks``, bool ``[N, S, S]``, with ``masked``, bool ``[N]``: whether it is known where a row's
    tumour is; both may be left out. A model that reads feature families apart takes them as `fit`'s
    ``families``, a sequence of `Family`, in the order of the columns; they may be left out too.
    `gliaboost.models.check_model` proves that a class keeps this
    contract.

    Attributes
    ----------
    name : str
        The registry's name, and the one on the command line.
    title : str
        What a report calls it; default: the name.
    takes : {"columns", "images", "both"}
        What it learns from: ``float32 [N, D]`` columns, ``uint8 [N, S, S]`` prepared images, or
        images with columns beside them, as the argument ``columns`` of `fit` and `predict_proba`.
    reads_stored_columns : bool
        Whether `fit` and `predict_proba` take `StoredColumns` too, and read them by batches; one
        that does not is given an array, however large.
    library : str
        Distribution that computes it, whose version a bundle notes.
    classes_ : array [K]
        Sorted labels seen in training.
    n_features_in_ : int
        Columns, or pixels of an image.
    device_ : str
        Where it was really fitted.
    effort : int
        How long a fit takes beside other models', from 1, which is least: what is fitted again and
        again, as a control, is of the least.
    memory_ : str or None
        Where a GPU's columns were read from, ``"host"`` or ``"device"``; None: nothing to tell.
    history_ : sequence of dict
        Losses by epoch (``loss``, and ``validation_loss`` where rows were held out), if it has any.
    images_per_second_ : float or None
        Trained on, where that is counted.

    Notes
    -----
    A `fit` with an argument ``checkpoint`` (a path) is given a file to go on from after a kill, one
    with ``after_epoch`` a function to call then with (done, to do, entry of ``history_``).

    Examples
    --------
    >>> class Prior(Classifier):
    ...     name, library = "prior", "numpy"
    ...
    ...     def fit(self, X, y, groups=None):
    ...         self.n_features_in_ = np.shape(X)[1]
    ...         self.classes_, counts = np.unique(y, return_counts=True)
    ...         self.p_ = counts / counts.sum()
    ...         return self
    ...
    ...     def predict_proba(self, X):
    ...         return np.tile(self.p_, (len(X), 1))
    ...
    ...     def _to_bytes(self):
    ...         return self.p_.tobytes()
    ...
    ...     def _from_bytes(self, native):
    ...         self.p_ = np.frombuffer(native)
    >>> X, y = np.zeros((3, 2), np.float32), ["glioma", "glioma", "pituitary"]
    >>> Prior().fit(X, y).predict(X).tolist()
    ['glioma', 'glioma', 'glioma']
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    takes: ClassVar[str] = "columns"
    reads_stored_columns: ClassVar[bool] = False
    library: ClassVar[str]
    effort: ClassVar[int] = 6

    classes_: NDArray[Any]
    n_features_in_: int
    device_: str = "cpu"
    memory_: str | None = None
    history_: Sequence[Mapping[str, Any]] = ()
    images_per_second_: float | None = None

    @abstractmethod
    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Learn from rows.

        Parameters
        ----------
        X : float32 array [N, D] or uint8 array [N, S, S]
            What it `takes`.
        y : array [N]
            Labels.
        groups : array [N], optional
            Patient of each row. Whatever is chosen inside `fit` (rounds, epochs, thresholds) is
            chosen so that no patient is on both sides.

        Returns
        -------
        Classifier
            Itself.
        """

    @abstractmethod
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : float32 array [N, D] or uint8 array [N, S, S]
            What it `takes`.

        Returns
        -------
        float64 array [N, K]
            Columns as `classes_`; rows sum to 1, and do not depend on each other.
        """

    @abstractmethod
    def _to_bytes(self) -> bytes:
        """Pack what was learned, beyond `classes_` and `n_features_in_`; nothing that can run."""

    @abstractmethod
    def _from_bytes(self, native: bytes) -> None:
        """Take up what `_to_bytes` packed; `classes_` and `n_features_in_` are there already.

        Raises
        ------
        NativeModelError
            If the bytes are not such a model.
        """

    def predict(self, X: ArrayLike, columns: ArrayLike | None = None) -> NDArray[Any]:
        """Return the most probable class of each row; arguments as for `predict_proba`."""
        beside = {} if columns is None else {"columns": columns}
        probabilities = self.predict_proba(X, **beside)
        return self.classes_[probabilities.argmax(axis=1)]  # type: ignore[no-any-return]

    def to_bytes(self) -> bytes:
        """Return what was learned (`from_bytes` restores it); nothing in it can run."""
        check_is_fitted(self)
        return self._to_bytes()

    @classmethod
    def from_bytes(cls, native: bytes, classes: ArrayLike, columns: int, **parameters: Any) -> Self:
        """Restore a fitted model from `to_bytes` and plain values.

        Parameters
        ----------
        native : bytes
            From `to_bytes`.
        classes : array [K]
            `classes_`.
        columns : int
            `n_features_in_`.
        **parameters
            From ``get_params``.

        Returns
        -------
        Classifier
            It predicts what the saved one predicted.
        """
        model = cls(**parameters)
        model.classes_ = np.asarray(classes)
        model.n_features_in_ = columns
        model._from_bytes(native)
        return model

    def contributions(self, X: ArrayLike) -> NDArray[np.float32] | None:
        """Give each column's part in each class's score, if the model can tell.

        Parameters
        ----------
        X : float32 array [N, D]
            Columns.

        Returns
        -------
        float32 array [N, K, D] or None
            With a constant they sum to the score of the class (log odds, for boosters). None: this
            kind of model cannot tell.
        """
        return None

    def saliency(
        self, image: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]] | None:
        """Show where on an image the most probable class is seen, if the model can tell.

        Parameters
        ----------
        image : uint8 array [S, S]
            Prepared.

        Returns
        -------
        heat : float32 array [S, S]
            0 to 1.
        probabilities : float64 array [K]
            Of the pass that the map is of.
        """
        return None

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What its pretrained networks were learned from; as `Extractor.pretraining`. Here none."""
        return ()

    @classmethod
    def search_space(cls) -> SearchSpace | None:
        """Say what a search may change; None: nothing."""
        return None

    def wants_masks(self) -> bool:
        """Whether `fit` is to be given masks; here, whether it has an argument for them."""
        return bool(has_fit_parameter(self, "masks"))

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters, a line each, before anything is fitted.

        Returns
        -------
        list of str
            Each says what was seen and what was expected; empty where all is well. Here nothing
            is known to be wrong.
        """
        return []

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices that it can be fitted on, each with what keeps it from that here.

        Returns
        -------
        dict of str to Unavailable or None
            ``"cpu"`` is always among them, and None: it can be used.
        """
        return {"cpu": None}
