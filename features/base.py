"""The contract of every extractor."""

from __future__ import annotations

import hashlib
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from gliaboost.contracts import first_line
from gliaboost.errors import UsageError
from gliaboost.features.kinds import wrong_kinds

if TYPE_CHECKING:
    import torch


class Box(NamedTuple):
    """A rectangle of pixels; `bottom` and `right` are the first row and column below and beside it.

    Examples
    --------
    >>> Box(0, 8, 4, 16).bottom
    4
    """

    top: int
    left: int
    bottom: int
    right: int


class Extractor(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """A stateless scikit-learn transformer from images to feature columns.

    A subclass stores its constructor's parameters untouched, each with a default, sets `name` and
    `version`, and defines `_extract` and `_names`. There is no fitted state: the same image gives
    the same numbers on any machine, in any batch, at training and at inference. All else is
    optional: `from_names` and `place` where the names of its columns tell so much,
    `_extract_tensor` where it can compute on a GPU, `parameter_faults` where a wrong value would
    show late. `gliaboost.features.check_extractor` proves
    that a class keeps this contract.

    Attributes
    ----------
    name : str
        The registry's name, also the first part of every feature name.
    title : str
        What a report calls it; default: the name.
    version : int
        Raised whenever the numbers change for the same parameters; part of the fingerprint.
    tolerance : float
        What the same image's numbers may differ by from batch to batch, relative and absolute; 0
        promises the same bits.
    joint : bool
        Its columns tell little each and much together, as a network's channels or the parts of a
        Fisher vector: a model that reads families apart gives them a head that sees all at once.
    execution : tuple of str
        Parameters that say where and how fast the numbers are made, and do not change them; no part
        of `spec` and fingerprint.
    told : tuple of str
        Parameters that only tell of the numbers, such as what a network was trained on; part of
        `spec`, and none of the fingerprint.

    Examples
    --------
    >>> class Brightness(Extractor):
    ...     name, title = "brightness", "mean brightness"
    ...
    ...     def _extract(self, images):
    ...         return images.mean(axis=(1, 2), dtype=np.float64)[:, None].astype(np.float32)
    ...
    ...     def _names(self, height, width):
    ...         return ["brightness__mean"]
    >>> Brightness().fit_transform(np.full((2, 8, 8), 7, np.uint8)).tolist()
    [[7.0], [7.0]]
    """

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int] = 1
    tolerance: ClassVar[float] = 0.0
    joint: ClassVar[bool] = False
    execution: ClassVar[tuple[str, ...]] = ()
    told: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__ and "title" not in cls.__dict__:
            cls.title = cls.name

    @abstractmethod
    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the columns of checked images, ``uint8 [N, H, W]`` -> ``float32 [N, D]``.

        They are in C order, and at least one.
        """

    @abstractmethod
    def _names(self, height: int, width: int) -> list[str]:
        """Name the columns for images of this size, in order."""

    def _extract_tensor(self, images: torch.Tensor) -> torch.Tensor:
        """Compute the columns of a checked tensor, on its device; here by way of the host."""
        return _beside(self._extract(check_images(images)), images)

    def fit(self, X: ArrayLike | torch.Tensor, y: Any = None) -> Self:
        """Check the images; nothing is learned.

        Parameters
        ----------
        X : uint8 array or torch tensor [N, H, W]
            Images.
        y : ignored

        Returns
        -------
        Extractor
            Itself.
        """
        self.image_shape_ = tuple(_checked(X).shape[1:])
        return self

    @overload
    def transform(self, X: torch.Tensor) -> torch.Tensor: ...

    @overload
    def transform(self, X: ArrayLike) -> NDArray[np.float32]: ...

    def transform(self, X: Any) -> Any:
        """Extract the features.

        Parameters
        ----------
        X : uint8 array or torch tensor [N, H, W]
            Grey images, 0 to 255.

        Returns
        -------
        float32 array [N, D], or for a tensor a float32 tensor [N, D] on its device
            One row an image, columns as `get_feature_names_out` names them. Of a tensor in pinned
            host memory, an extractor that computes on the GPU leaves the columns there. Its numbers
            there differ from the CPU's by 1e-5 at most.

        Raises
        ------
        UsageError
            If the images are not uint8 or not three-dimensional.

        Examples
        --------
        >>> from gliaboost.features import LBP
        >>> LBP(8, 1, grid=1).transform(np.zeros((2, 16, 16), np.uint8))[:, 8].tolist()
        [1.0, 1.0]
        """
        images = _checked(X)
        self.image_shape_ = tuple(images.shape[1:])
        if not len(images):
            none = np.empty((0, len(self._names(*self.image_shape_))), np.float32)
            return _beside(none, images) if is_tensor(images) else none
        if is_tensor(images):
            return self._extract_tensor(images)
        return self._extract(np.ascontiguousarray(images))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name the columns; each name carries the parameters (see `from_names`).

        Returns
        -------
        object array [D]
            Names for images of the size last seen by `fit` or `transform`.
        """
        if not hasattr(self, "image_shape_"):
            raise UsageError(
                f"{type(self).__name__} has seen no image yet and cannot know its columns;"
                " call fit or transform first, or feature_names(height, width)"
            )
        return np.asarray(self.feature_names(*self.image_shape_), dtype=object)

    def feature_names(self, height: int, width: int) -> list[str]:
        """Name the columns for images of `height` x `width` pixels."""
        return self._names(height, width)

    @classmethod
    def from_names(cls, names: Sequence[str]) -> Self:
        """Rebuild the extractor from some of its column names.

        Raises
        ------
        UsageError
            If these are not its names, or its names do not tell its parameters.
        """
        raise UsageError(
            f"the names of {cls.name} features do not tell its parameters; keep spec() beside the "
            "columns, and rebuild it with gliaboost.features.from_spec"
        )

    def place(self, feature_name: str, height: int, width: int) -> Box | None:
        """Say which pixels of an image a column looks at, as far as its name tells.

        Parameters
        ----------
        feature_name : str
            One of `feature_names`.
        height, width : int
            Of the image in pixels.

        Returns
        -------
        Box or None
            None: the whole image, or what the name does not tell.

        Examples
        --------
        >>> from gliaboost.features import HOG
        >>> hog = HOG(pixels_per_cell=16)
        >>> hog.place(hog.feature_names(64, 64)[-1], 64, 64)
        Box(top=48, left=48, bottom=64, right=64)
        """
        return None

    def parameter_faults(self, height: int, width: int) -> list[str]:
        """List what is wrong with the parameters for images of a size, before any is read.

        Each value is held against the kind of the default; where all are of the right kind, one
        empty image is extracted.

        Parameters
        ----------
        height, width : int
            Of the images in pixels.

        Returns
        -------
        list of str
            What was seen and what was expected; empty where all is well.

        Examples
        --------
        >>> from gliaboost.features import create
        >>> create("hog", orientations="many").parameter_faults(256, 256)
        ["orientations='many', expected a whole number"]
        >>> create("glcm", levels=2).parameter_faults(256, 256)
        []
        """
        given, usual = self.get_params(deep=False), type(self)().get_params(deep=False)
        faults = wrong_kinds(given, usual)
        if faults:
            return faults
        try:
            columns = self.transform(np.zeros((1, height, width), np.uint8)).shape[1]
            names = self.feature_names(height, width)
        except Exception as error:  # whatever numpy, numba or a stranger's code raises
            if isinstance(error, UsageError):
                return [str(error)]
            own = ", ".join(f"{k}={v!r}" for k, v in given.items() if repr(v) != repr(usual[k]))
            return [f"{own or 'its defaults'}: {first_line(error)}"]
        if not columns or len(names) != columns:
            return [f"{columns} columns with {len(names)} names; expected as many, and one or more"]
        return []

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What its pretrained networks were learned from before it saw any of these images.

        ``"unknown"`` where that is not known: the report warns of it, as such a network may have
        seen the pictures that it is tested on. Here empty: it has none.
        """
        return ()

    @property
    def label(self) -> str:
        """What a run calls it: its name, with the parameters that are not the defaults.

        Examples
        --------
        >>> from gliaboost.features import create
        >>> create("hog").label, create("hog", pixels_per_cell=16).label
        ('hog', 'hog:pixels_per_cell=16')
        """
        changed = [f"{name}={_short(value)}" for name, value in self._apart().items()]
        return f"{self.name}:{','.join(changed)}" if changed else self.name

    def _apart(self) -> dict[str, Any]:
        """Give what sets it apart from its defaults: what differs in numbers differs here."""
        plain, usual = self.spec()["parameters"], type(self)().spec()["parameters"]
        return {name: value for name, value in plain.items() if value != usual[name]}

    def spec(self) -> dict[str, Any]:
        """Describe the extractor in plain values; `from_spec` rebuilds it.

        Returns
        -------
        dict
            ``{"name", "version", "parameters"}``, ready for JSON.
        """
        given = {k: v for k, v in self.get_params(deep=False).items() if k not in self.execution}
        parameters = json.loads(json.dumps(given, default=_plain))
        return {"name": self.name, "version": self.version, "parameters": parameters}

    def fingerprint(self, preparation: Mapping[str, Any] | None = None) -> str:
        """Hash name, parameters, version of the maths, and preparation.

        Parameters
        ----------
        preparation : mapping, optional
            Plain values of the `Preparation` that made the images.

        Returns
        -------
        str
            ``<name>-<16 hexadecimal digits>``, the same on every machine.
        """
        text = json.dumps(
            {"extractor": self._identity(), "preparation": dict(preparation or {})},
            sort_keys=True,
            default=_plain,
        )
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def _identity(self) -> dict[str, Any]:
        """Give what the numbers depend on."""
        spec = self.spec()
        own = {k: v for k, v in spec["parameters"].items() if k not in self.told}
        return {**spec, "parameters": own}

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _beside(columns: NDArray[np.float32], images: torch.Tensor) -> torch.Tensor:
    """Put columns on the device of their images."""
    import torch

    return torch.from_numpy(columns).to(images.device)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__} is no plain value")


def _short(value: Any) -> str:
    return "x".join(map(_short, value)) if isinstance(value, list) else str(value)


def is_tensor(images: Any) -> bool:
    """Whether this is a torch tensor; asked without importing torch."""
    return isinstance(images, getattr(sys.modules.get("torch"), "Tensor", ()))


def check_images(images: ArrayLike | torch.Tensor) -> NDArray[np.uint8]:
    """Return images as a C-contiguous ``uint8 [N, H, W]`` array, or say what they are instead."""
    checked = _checked(images)
    return np.ascontiguousarray(checked.detach().cpu().numpy() if is_tensor(checked) else checked)


def _checked(images: Any) -> Any:
    found = images if is_tensor(images) else np.asarray(images)
    shape, dtype = list(found.shape), str(found.dtype).removeprefix("torch.")
    if len(shape) != 3 or dtype != "uint8":
        hint = "; add an axis for a single image: image[None]" if len(shape) == 2 else ""
        raise UsageError(
            f"images of shape {shape} and dtype {dtype}; expected grey images as "
            f"uint8 [N, H, W] (gliaboost.datasets.decode gives them){hint}"
        )
    if 0 in shape[1:]:
        raise UsageError(f"images of {shape[1]} x {shape[2]} pixels have no pixels")
    return found
