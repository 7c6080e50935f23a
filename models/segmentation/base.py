"""The contract of every segmenter: images in, a tumour's probability by pixel out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from gliaboost.devices import Unavailable
from gliaboost.errors import UsageError
from gliaboost.models.rows import row_groups
from gliaboost.models.segmentation.decision import Decision, tumour_mask

# What the one class is called where no labels tell classes apart.
TUMOUR = "tumor"


class Segmenter(BaseEstimator, ABC):  # type: ignore[misc]
    """Find a tumour by pixel, as training, features, report and bundle know it.

    A subclass stores its constructor's parameters untouched, sets `name` and `library`, and defines
    `_fit`, `_predict_maps`, `_to_bytes` and `_from_bytes`. `_fit` leaves ``decision_`` behind,
    chosen on patients that the maps it was chosen on had not been learned from. Of the parameters
    ``device``, ``jobs`` and ``seed`` it has those that mean something to it.

    Attributes
    ----------
    name : str
        The registry's name, and the one on the command line.
    title : str
        What a report calls it; default: the name.
    library : str
        Distribution that computes it, whose version a bundle notes.
    version : int
        Of its maths, from 1; one more whenever the same rows would teach it something else, or
        the same image get another map. What was fitted or computed by another one is not used.
    classes_ : array [K]
        Sorted labels of the rows with a tumour; ``["tumor"]`` where the segmenter does not tell
        classes apart, or was given none.
    decision_ : Decision
        From probabilities to a mask.
    image_size_ : int
        Side of the images that it was trained on, in pixels.
    device_ : str
        Where it was really fitted.

    Examples
    --------
    >>> class Bright(Segmenter):
    ...     name, library = "bright", "numpy"
    ...
    ...     def _fit(self, images, masks, labels, groups):
    ...         self.decision_ = Decision()
    ...
    ...     def _predict_maps(self, images):
    ...         return (images / 255)[:, None]
    ...
    ...     def _to_bytes(self):
    ...         return b""
    ...
    ...     def _from_bytes(self, native):
    ...         pass
    >>> image = np.zeros((1, 16, 16), np.uint8)
    >>> image[0, 4:8, 4:8] = 255
    >>> model = Bright().fit(image, image > 0)
    >>> int(model.segment(image).sum())
    16
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    library: ClassVar[str]
    version: ClassVar[int] = 1

    classes_: NDArray[Any]
    decision_: Decision
    image_size_: int
    device_: str = "cpu"

    @abstractmethod
    def _fit(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.bool_],
        labels: NDArray[Any],
        groups: NDArray[Any],
    ) -> None:
        """Learn, and set ``decision_``; ``classes_`` and ``image_size_`` are there already.

        `labels` are texts; those of rows without a tumour say nothing. `groups` are whole.
        """

    @abstractmethod
    def _predict_maps(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give ``float32 [N, K, H, W]``, the classes' probabilities by pixel, for N >= 1."""

    @abstractmethod
    def _to_bytes(self) -> bytes:
        """Pack what was learned beyond classes, decision and size; nothing that can run."""

    @abstractmethod
    def _from_bytes(self, native: bytes) -> None:
        """Take up what `_to_bytes` packed."""

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What its pretrained networks were learned from; as `Extractor.pretraining`. Here none."""
        return ()

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices that it can be fitted on, each with what keeps it from that here."""
        return {"cpu": None}

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters, a line each, before anything is fitted."""
        return []

    def fit(
        self,
        images: ArrayLike,
        masks: ArrayLike,
        labels: Sequence[str] | NDArray[Any] | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Learn from images and their masks.

        Parameters
        ----------
        images : uint8 array [N, S, S]
            Prepared images.
        masks : bool array [N, S, S]
            True inside the tumour; empty for an image without one.
        labels : sequence of str [N], optional
            Kind of tumour, for a segmenter that tells them apart; what a row without a tumour is
            called does not matter.
        groups : array [N], optional
            Patient of each row; no patient is on both sides of what is chosen inside.

        Returns
        -------
        Segmenter
            Itself.

        Raises
        ------
        UsageError
            If shapes or dtypes differ from these, or every mask is empty.
        """
        given, inside = np.asarray(images), np.asarray(masks)
        check_grey(given)
        faults = []
        if given.shape[1] != given.shape[2]:
            faults.append(f"images of {given.shape[1]} x {given.shape[2]} pixels, expected squares")
        if inside.shape != given.shape or inside.dtype != np.bool_:
            faults.append(
                f"masks of shape {list(inside.shape)} and dtype {inside.dtype}, expected bool "
                f"{list(given.shape)} as the images"
            )
        elif not inside.any():
            faults.append(
                f"all {len(inside)} masks are empty, expected a tumour in some; was the mask "
                "column filled?"
            )
        if labels is not None and len(labels) != len(given):
            faults.append(f"{len(labels)} labels for {len(given)} images")
        if faults:
            raise UsageError(f"{self.name}: {'; '.join(faults)}")
        names = np.asarray([TUMOUR] * len(given) if labels is None else labels, dtype=str)
        ill = inside.any(axis=(1, 2))
        self.classes_ = np.unique(names[ill])
        self.image_size_ = int(given.shape[1])
        self._fit(given, inside, names, row_groups(groups, len(given)))
        return self

    def predict_maps(self, images: ArrayLike) -> NDArray[np.float32]:
        """Give each class's probability by pixel.

        Parameters
        ----------
        images : uint8 array [N, H, W]
            Prepared as in training.

        Returns
        -------
        float32 array [N, K, H, W]
            Classes as ``classes_``; what is missing to 1 is the probability of no tumour. Images
            do not depend on each other.
        """
        check_is_fitted(self, "decision_")
        given = np.asarray(images)
        check_grey(given)
        if not len(given):
            return np.empty((0, len(self.classes_), *given.shape[1:]), np.float32)
        return self._predict_maps(given)

    def predict_proba(self, images: ArrayLike) -> NDArray[np.float32]:
        """Give the probability of a tumour by pixel: ``float32 [N, H, W]``, 0 to 1."""
        together: NDArray[np.float32] = self.predict_maps(images).sum(axis=1)
        return np.minimum(together, np.float32(1))

    def segment(self, images: ArrayLike) -> NDArray[np.bool_]:
        """Give masks, ``bool [N, H, W]``; empty where no tumour is believed."""
        probabilities = self.predict_proba(images)
        masks = [tumour_mask(each, self.decision_) for each in probabilities]
        return np.asarray(masks, bool).reshape(probabilities.shape)

    def to_bytes(self) -> bytes:
        """Return what was learned (`from_bytes` restores it); nothing in it can run."""
        check_is_fitted(self, "decision_")
        return self._to_bytes()

    @classmethod
    def from_bytes(
        cls,
        native: bytes,
        classes: Sequence[str],
        decision: Decision,
        image_size: int,
        **parameters: Any,
    ) -> Self:
        """Restore a fitted segmenter from `to_bytes` and plain values.

        Parameters
        ----------
        native : bytes
            From `to_bytes`.
        classes : sequence of str [K]
            ``classes_``.
        decision : Decision
            ``decision_``.
        image_size : int
            ``image_size_``.
        **parameters
            From ``get_params``.

        Raises
        ------
        NativeModelError
            If the bytes are not such a segmenter.
        """
        model = cls(**parameters)
        model.classes_ = np.asarray(classes, dtype=str)
        model.decision_, model.image_size_ = decision, image_size
        model._from_bytes(native)
        return model


def check_grey(images: NDArray[Any]) -> None:
    """Refuse what is no stack of grey images, ``uint8 [N, H, W]``."""
    if images.ndim != 3 or images.dtype != np.uint8 or 0 in images.shape[1:]:
        hint = "; add an axis for a single image: image[None]" if images.ndim == 2 else ""
        raise UsageError(
            f"images of shape {list(images.shape)} and dtype {images.dtype}; expected grey images "
            f"as uint8 [N, H, W]{hint}"
        )
