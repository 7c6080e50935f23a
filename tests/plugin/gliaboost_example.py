"""A plug-in of gliaboost: an extractor, a model, and a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from gliaboost.datasets.image_files import image_files
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    folder_at,
    manifest_of,
)
from gliaboost.errors import UsageError
from gliaboost.features import Extractor
from gliaboost.features.parameters import name_parts, number_text, parse_number
from gliaboost.models import Classifier, NativeModelError


class GreyLevels(Extractor):
    """Quantiles of an image's grey levels: 0 is the darkest pixel, 0.5 the median."""

    name: ClassVar[str] = "grey-levels"
    title: ClassVar[str] = "grey levels"

    def __init__(self, quantiles: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> None:
        self.quantiles = quantiles

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.quantile(images, self.quantiles, axis=(1, 2)).T.astype(np.float32, order="C")

    def _names(self, height: int, width: int) -> list[str]:
        return [f"{self.name}__q_{number_text(q)}" for q in self.quantiles]

    @classmethod
    def from_names(cls, names: Sequence[str]) -> GreyLevels:
        return cls([parse_number(part["q"]) for part in name_parts(names, ("q",))])


class NearestMean(Classifier):
    """The class whose mean is nearest, each column in units of its spread."""

    name: ClassVar[str] = "nearest-mean"
    title: ClassVar[str] = "nearest mean"
    library: ClassVar[str] = "numpy"

    def __init__(self, least_spread: float = 1e-6) -> None:
        self.least_spread = least_spread

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> NearestMean:
        columns, labels = np.asarray(X, np.float64), np.asarray(y)
        self.classes_, self.n_features_in_ = np.unique(labels), columns.shape[1]
        if len(self.classes_) < 2:
            raise UsageError(f"labels are {self.classes_.tolist()}; expected two classes or more")
        self.means_ = np.stack([columns[labels == c].mean(axis=0) for c in self.classes_])
        self.spread_ = np.maximum(columns.std(axis=0), self.least_spread)
        return self

    def contributions(self, X: ArrayLike) -> NDArray[np.float32]:
        distances = (np.asarray(X, np.float64)[:, None] - self.means_) / self.spread_
        squared: NDArray[np.float64] = distances**2 / self.n_features_in_
        return -squared.astype(np.float32)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        score = self.contributions(X).sum(axis=2, dtype=np.float64)
        return np.asarray(softmax(score, axis=1))

    def _to_bytes(self) -> bytes:
        return np.vstack([self.spread_, self.means_]).tobytes()

    def _from_bytes(self, native: bytes) -> None:
        try:
            values = np.frombuffer(native).reshape(len(self.classes_) + 1, self.n_features_in_)
        except ValueError as error:
            raise NativeModelError(f"these are no means of the classes: {error}") from error
        self.spread_, self.means_ = values[0], values[1:]


def read_prefixed(path: Path, *, separator: str = "_") -> Manifest:
    """Read ``PATH/**/<class>_<patient>_*.png``."""
    expected = f"images named <class>{separator}<patient>{separator}..."
    rows = []
    for file in image_files(folder_at(path, expected)):
        label, _, rest = file.stem.partition(separator)
        patient = rest.partition(separator)[0] or None
        rows.append({"path": file.relative_to(path).as_posix(), "label": label, "patient": patient})
    return manifest_of(rows, path, "prefixed", expected)
