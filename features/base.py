"""The contract of every extractor, and the registry that finds one by name."""

from __future__ import annotations

import hashlib
import json
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from gliaboost.errors import UsageError

E = TypeVar("E", bound="type[Extractor]")
EXTRACTORS: dict[str, type[Extractor]] = {}


class Extractor(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """A stateless scikit-learn transformer from images to feature columns.

    A subclass stores its constructor's parameters untouched, sets `name` and `version`, and
    defines `_extract` and `_names`. There is no fitted state: the same image gives the same numbers
    on any machine, in any batch, at training and at inference.

    Attributes
    ----------
    name : str
        The registry's name, also the first part of every feature name.
    version : int
        Raised whenever the numbers change for the same parameters; part of the fingerprint.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1

    @abstractmethod
    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the columns of checked images, ``uint8 [N, H, W]`` -> ``float32 [N, D]``."""

    @abstractmethod
    def _names(self, height: int, width: int) -> list[str]:
        """Name the columns for images of this size, in order."""

    def fit(self, X: ArrayLike, y: Any = None) -> Extractor:
        """Check the images; nothing is learned.

        Parameters
        ----------
        X : uint8 array [N, H, W]
            Images.
        y : ignored

        Returns
        -------
        Extractor
            Itself.
        """
        images = check_images(X)
        self.image_shape_ = images.shape[1:]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Extract the features.

        Parameters
        ----------
        X : uint8 array or torch tensor [N, H, W]
            Grey images, 0 to 255.

        Returns
        -------
        float32 array [N, D]
            One row an image, columns as `get_feature_names_out` names them.

        Raises
        ------
        UsageError
            If the images are not uint8 or not three-dimensional.
        """
        images = check_images(X)
        self.image_shape_ = images.shape[1:]
        return self._extract(images)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name the columns; each name carries the parameters (see `from_feature_name`).

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

    @property
    def label(self) -> str:
        """What a run calls it: its name, with the parameters that are not the defaults.

        Examples
        --------
        >>> from gliaboost.features import create
        >>> create("hog").label, create("hog", pixels_per_cell=16).label
        ('hog', 'hog:pixels_per_cell=16')
        """
        plain, usual = self.spec()["parameters"], type(self)().spec()["parameters"]
        changed = [f"{k}={_short(v)}" for k, v in plain.items() if v != usual[k]]
        return f"{self.name}:{','.join(changed)}" if changed else self.name

    def spec(self) -> dict[str, Any]:
        """Describe the extractor in plain values; `from_spec` rebuilds it.

        Returns
        -------
        dict
            ``{"name", "version", "parameters"}``, ready for JSON.
        """
        parameters = json.loads(json.dumps(self.get_params(deep=False), default=_plain))
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
        return self.spec()

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__} is no plain value")


def _short(value: Any) -> str:
    return "x".join(map(_short, value)) if isinstance(value, list) else str(value)


def check_images(images: ArrayLike) -> NDArray[np.uint8]:
    """Return images as a C-contiguous ``uint8 [N, H, W]`` array, or say what they are instead."""
    if hasattr(images, "detach") and hasattr(images, "cpu"):  # a torch tensor, without torch
        images = images.detach().cpu().numpy()
    array = np.asarray(images)
    if array.ndim != 3 or array.dtype != np.uint8:
        hint = "; add an axis for a single image: image[None]" if array.ndim == 2 else ""
        raise UsageError(
            f"images of shape {list(array.shape)} and dtype {array.dtype}; expected grey images as "
            f"uint8 [N, H, W] (gliaboost.datasets.decode gives them){hint}"
        )
    if array.shape[1] == 0 or array.shape[2] == 0:
        raise UsageError(f"images of {array.shape[1]} x {array.shape[2]} pixels have no pixels")
    return np.ascontiguousarray(array)


def register(cls: E) -> E:
    """Enter an extractor class under its `name`; warns when it takes another's place."""
    other = EXTRACTORS.get(cls.name)
    if other is not None and other.__qualname__ != cls.__qualname__:
        warnings.warn(
            f"extractor {cls.name!r} of {cls.__module__} replaces that of {other.__module__}",
            stacklevel=2,
        )
    EXTRACTORS[cls.name] = cls
    return cls


def create(name: str, **parameters: Any) -> Extractor:
    """Build an extractor by its registered name.

    Examples
    --------
    >>> from gliaboost.features import create
    >>> create("hog", orientations=12).orientations
    12
    """
    if name not in EXTRACTORS:
        raise UsageError(
            f"no features called {name!r}; the extractors are: {', '.join(sorted(EXTRACTORS))}"
        )
    try:
        return EXTRACTORS[name](**parameters)
    except TypeError as error:
        known = ", ".join(EXTRACTORS[name]._get_param_names())
        raise UsageError(f"{name}: {error}; its parameters are: {known}") from None


def from_spec(spec: Mapping[str, Any]) -> Extractor:
    """Rebuild an extractor from `Extractor.spec`.

    Raises
    ------
    UsageError
        If the name is unknown, or this version of the package computes other numbers for it.
    """
    extractor = create(str(spec["name"]), **spec["parameters"])
    if extractor.version != spec["version"]:
        raise UsageError(
            f"{spec['name']} features were made by version {spec['version']} of its maths; this "
            f"gliaboost has version {extractor.version}. Extract again, or install the gliaboost "
            "that made them"
        )
    return extractor


def from_feature_names(names: Sequence[str]) -> Extractor:
    """Rebuild the extractor that gave these column names.

    Parameters
    ----------
    names : sequence of str
        All or some of one extractor's `get_feature_names_out`.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features import create, from_feature_names
    >>> hog = create("hog", orientations=6)
    >>> rebuilt = from_feature_names(hog.feature_names(64, 64))
    >>> rebuilt.orientations
    6
    """
    prefixes = {name.split("__", 1)[0] for name in names}
    if len(prefixes) != 1:
        raise UsageError(
            f"names of one extractor expected, seen {len(prefixes)}: {sorted(prefixes)}"
        )
    cls = EXTRACTORS.get(prefixes.pop())
    parse: Callable[[Sequence[str]], Extractor] | None = getattr(cls, "from_names", None)
    if cls is None or parse is None:
        raise UsageError(f"no extractor is known to give the name {names[0]!r}")
    return parse(names)
