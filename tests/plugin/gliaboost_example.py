"""A plug-in of gliaboost: grey levels as features, and folders whose file names tell the class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import folder_at, image_files, manifest_of
from gliaboost.features import Extractor
from gliaboost.features.parameters import name_parts, number_text, parse_number


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


def read_prefixed(path: Path, *, separator: str = "_") -> Manifest:
    """Read ``PATH/**/<class>_<patient>_*.png``."""
    expected = f"images named <class>{separator}<patient>{separator}..."
    rows = []
    for file in image_files(folder_at(path, expected)):
        label, _, rest = file.stem.partition(separator)
        patient = rest.partition(separator)[0] or None
        rows.append({"path": file.relative_to(path).as_posix(), "label": label, "patient": patient})
    return manifest_of(rows, path, "prefixed", expected)
