"""The plane of each image of a run: as the manifest gives it, or as the picture tells."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.plane.column import COLUMN, completed_planes, given_planes, in_order
from gliaboost.datasets.plane.inference import plane_probabilities
from gliaboost.features.plane import Plane
from gliaboost.models.training_data import TrainingData

if TYPE_CHECKING:
    import pandas as pd


class Planes(NamedTuple):
    """What is known of the planes of a data set.

    Attributes
    ----------
    of : dict of str to str
        By path of a readable image: axial, coronal, sagittal or unknown.
    inferred : int
        Images whose plane the manifest does not give.
    """

    of: dict[str, str]
    inferred: int

    def counts(self) -> dict[str, int]:
        """Count the images of each plane that occurs."""
        counted = Counter(self.of.values())
        return {plane: counted[plane] for plane in in_order(list(counted))}

    def beside(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put the plane beside predictions, as the column ``plane``."""
        return frame.assign(**{COLUMN: frame["path"].map(self.of).to_numpy(object)})


def to_infer(manifest: Manifest) -> list[Plane]:
    """Return the extractor that infers planes, where the manifest does not give all of them."""
    return [Plane()] if None in given_planes(manifest.table) else []


def planes_of(data: TrainingData) -> Planes:
    """Find the planes of a run's images.

    Parameters
    ----------
    data : TrainingData
        Described by what `to_infer` gives, too.
    """
    rows = data.readable(np.arange(len(data.manifest)))
    table = data.manifest.table.iloc[rows]
    given = given_planes(table)
    lacking = [n for n, plane in enumerate(given) if plane is None]
    seen: list[np.ndarray | None] = [None] * len(rows)
    for extractor in to_infer(data.manifest) if lacking else []:
        found = data.description(rows[lacking], extractor)
        for n, probabilities in zip(lacking, found, strict=True):
            seen[n] = probabilities
    paths = [str(path) for path in table["path"]]
    return Planes(dict(zip(paths, completed_planes(given, seen), strict=True)), len(lacking))


def planes_in_memory(table: pd.DataFrame, images: NDArray[np.uint8]) -> dict[str, str]:
    """Find the planes of images that are at hand.

    Parameters
    ----------
    table : pandas.DataFrame
        Their rows of the manifest.
    images : uint8 array [N, H, W]
        Prepared.

    Returns
    -------
    dict of str to str
        By path.
    """
    given = given_planes(table)
    seen = [
        plane_probabilities(image) if plane is None else None
        for image, plane in zip(images, given, strict=True)
    ]
    paths = [str(path) for path in table["path"]]
    return dict(zip(paths, completed_planes(given, seen), strict=True))
