"""The contract of extractors that learn from training rows before they can tell anything."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.features.base import Extractor, check_images
from gliaboost.features.kinds import wrong_kinds


class Outline(NamedTuple):
    """A part of an image that columns look at, as the image decides.

    Attributes
    ----------
    mask : bool array [H, W]
        The part.
    columns : bool array [D]
        Which columns look there.
    words : str
        What it is: a sentence for whoever sees it drawn.
    believed : bool
        Whether what is looked for is believed there; False where it is the likeliest place alone.
    """

    mask: NDArray[np.bool_]
    columns: NDArray[np.bool_]
    words: str
    believed: bool = True


class FittedExtractor(Extractor):
    """An extractor that learns from the training rows of a fold, and is stateless from then on.

    A subclass keeps what `Extractor` asks for, and defines `_fit`, `_state` and `_restore` besides.
    Once fitted, the same image gives the same numbers anywhere, and what was learned is part of the
    fingerprint: rows of a fitted extractor live in the store as any other's.

    The columns of the rows that it was fitted on are too good to be true, as it has seen their
    labels or masks. A model that learns from columns is given those of extractors that were fitted
    without the row: `gliaboost.models.fitted_columns` sees to that.

    One that learns from pictures alone, as a vocabulary does, says so by ``learns_labels = False``.
    It is told no label and no mask, so its columns of a training row can betray none; it is fitted
    once on all training rows, and describes these and new rows alike. That is no mere thrift: two
    vocabularies number their words differently, and columns of several would not compare. Test rows
    stay out of the fit all the same.

    Attributes
    ----------
    takes_masks : bool
        Whether it learns from masks.
    learns_labels : bool
        Whether it learns from labels or masks; one that takes masks does.
    instead : str
        What to do where there is nothing to learn from: the end of a message.
    familiarity : mapping
        What is kept of the pictures that it learned from, where that was on another data set, as
        `gliaboost.models.familiarity.familiarity.learn` gives it; else empty.
    learned_ : str
        SHA-256 of what was learned; only once it is fitted.

    Examples
    --------
    >>> class Usual(FittedExtractor):
    ...     name = "usual"
    ...
    ...     def _fit(self, images, labels, groups, masks):
    ...         self.mean_ = float(images.mean())
    ...
    ...     def _state(self):
    ...         return {"mean": self.mean_}
    ...
    ...     def _restore(self, state):
    ...         self.mean_ = state["mean"]
    ...
    ...     def _extract(self, images):
    ...         return (images.mean(axis=(1, 2)) - self.mean_).astype(np.float32)[:, None]
    ...
    ...     def _names(self, height, width):
    ...         return ["usual__brighter"]
    >>> fitted = Usual().fit(np.full((2, 8, 8), 7, np.uint8))
    >>> fitted.transform(np.full((1, 8, 8), 9, np.uint8)).tolist()
    [[2.0]]
    >>> Usual().restore(fitted.state()).fingerprint() == fitted.fingerprint()
    True
    """

    takes_masks: ClassVar[bool] = False
    learns_labels: ClassVar[bool] = True
    instead: ClassVar[str] = ""
    familiarity: Mapping[str, Any] = MappingProxyType({})

    learned_: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.takes_masks and not cls.learns_labels:
            raise TypeError(
                f"{cls.__qualname__} takes masks and says learns_labels = False; masks tell what "
                "is to be predicted: leave learns_labels True"
            )

    @abstractmethod
    def _fit(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[Any],
        groups: NDArray[Any],
        masks: NDArray[np.bool_] | None,
    ) -> None:
        """Learn from checked rows.

        `masks` are None for an extractor that takes none; `labels` are all ``""`` for one that
        learns none.
        """

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """Give what was learned: None, bool, int, float, str, bytes, lists and dicts of them."""

    @abstractmethod
    def _restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `_state` gave."""

    def fit(
        self,
        X: ArrayLike,
        y: Sequence[str] | NDArray[Any] | None = None,
        *,
        groups: ArrayLike | None = None,
        masks: ArrayLike | None = None,
    ) -> Self:
        """Learn from training rows.

        Parameters
        ----------
        X : uint8 array [N, H, W]
            Images.
        y : sequence of str [N], optional
            Labels; default: one for all. One that learns no labels is given ``""`` for each.
        groups : array [N], optional
            Patients; default: each image its own.
        masks : bool array [N, H, W], optional
            Where the tumours are, for an extractor that takes masks.

        Returns
        -------
        FittedExtractor
            Itself.

        Raises
        ------
        UsageError
            If shapes or dtypes differ from these, or masks are missing.
        """
        images = check_images(X)
        labels = np.full(len(images), "") if y is None else np.asarray(y).astype(str)
        told = labels if self.learns_labels else np.full(len(images), "")
        patients = np.arange(len(images)) if groups is None else np.asarray(groups)
        inside = np.asarray(masks) if masks is not None and self.takes_masks else None
        faults = [] if len(images) else ["no images to learn from"]
        for what, values in (("labels", labels), ("groups", patients)):
            if len(values) != len(images):
                faults.append(f"{len(values)} {what} for {len(images)} images")
        if self.takes_masks and inside is None:
            faults.append("no masks, and it learns from them; expected masks=bool [N, H, W]")
        elif inside is not None and (inside.shape != images.shape or inside.dtype != np.bool_):
            faults.append(
                f"masks of shape {list(inside.shape)} and dtype {inside.dtype}; expected bool "
                f"{list(images.shape)} as the images"
            )
        if faults:
            raise UsageError(f"{self.name}: {'; '.join(faults)}")
        self.image_shape_ = tuple(images.shape[1:])
        self._fit(images, told, patients, inside)
        self.learned_ = digest_of(self._state())
        return self

    def transform(self, X: Any) -> Any:
        """Extract the features, as `Extractor.transform` does, once it is fitted."""
        self._check_fitted()
        return super().transform(X)

    def feature_names(self, height: int, width: int) -> list[str]:
        """Name the columns for images of `height` x `width` pixels, once it is fitted."""
        self._check_fitted()
        return super().feature_names(height, width)

    def state(self) -> dict[str, Any]:
        """Give what was learned, in plain values and bytes; `restore` takes it up."""
        self._check_fitted()
        return self._state()

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Take up what another one of the same parameters learned; returns itself."""
        self._restore(state)
        self.learned_ = digest_of(self._state())
        return self

    def parameter_faults(self, height: int, width: int) -> list[str]:
        """List what is wrong with the parameters, before anything is read or learned."""
        given, usual = self.get_params(deep=False), type(self)().get_params(deep=False)
        return wrong_kinds(given, usual)

    def outline(self, image: NDArray[np.uint8]) -> Outline | None:
        """Say where on an image columns look that have no place of their own.

        Parameters
        ----------
        image : uint8 array [H, W]
            As `transform` takes it.

        Returns
        -------
        Outline or None
            None where no column looks at a part that the image itself decides.
        """
        return None

    def cautions(self, preparation: Preparation, manifest: Manifest) -> list[str]:
        """Say what makes it unfit for a data set, as it was taught on another; a sentence each."""
        return []

    def _identity(self) -> dict[str, Any]:
        known = {"learned": self.learned_} if is_fitted(self) else {}
        return {**super()._identity(), **known}

    def _check_fitted(self) -> None:
        if not is_fitted(self):
            raise UsageError(
                f"{self.name} has learned nothing yet; it is fitted inside each fold by "
                "gliaboost benchmark and gliaboost train, or by its fit"
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "learned_")


def is_fitted(extractor: Extractor) -> bool:
    """Whether an extractor can be asked for columns: any but one that has still to learn.

    Examples
    --------
    >>> from gliaboost.features import create
    >>> is_fitted(create("hog"))
    True
    """
    return bool(extractor.__sklearn_is_fitted__())


def to_learn(extractors: Sequence[Extractor]) -> list[FittedExtractor]:
    """Return those extractors that have still to learn."""
    return [e for e in extractors if isinstance(e, FittedExtractor) and not is_fitted(e)]


def lacking_masks(extractors: Sequence[Extractor], manifest: Manifest) -> list[str]:
    """Say which extractors cannot learn, as no row of a manifest names a mask."""
    if manifest.table["mask"].notna().any():
        return []
    return [
        f"{e.name} learns from masks, and no row of {manifest.name} has one; fill its column mask"
        f"{e.instead}"
        for e in to_learn(extractors)
        if e.takes_masks
    ]


def described(extractor: Extractor) -> dict[str, Any]:
    """Describe an extractor with what it learned; `gliaboost.features.from_spec` rebuilds it.

    Returns
    -------
    dict
        `Extractor.spec`, and of a fitted one ``state``.
    """
    state = {"state": extractor.state()} if isinstance(extractor, FittedExtractor) else {}
    return {**extractor.spec(), **state}


def digest_of(state: Mapping[str, Any]) -> str:
    """Hash plain values and bytes, the same on every machine.

    Raises
    ------
    TypeError
        If a value is not plain.

    Examples
    --------
    >>> digest_of({"a": 1, "b": b"x"}) == digest_of({"b": b"x", "a": 1})
    True
    """
    text = json.dumps(state, sort_keys=True, default=_hexadecimal)
    return hashlib.sha256(text.encode()).hexdigest()


def _hexadecimal(value: Any) -> str:
    if type(value) is not bytes:
        raise TypeError(f"{value!r} of type {type(value).__name__} is no plain value")
    return f"bytes:{value.hex()}"
