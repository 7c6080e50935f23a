"""Which plane a picture shows: a linear model of some numbers, weights in a plain table."""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.plane.measures import measure_names, plane_measures

PLANES = ("axial", "coronal", "sagittal")
UNKNOWN = "unknown"
# A plane that is less probable than this is not named.
LEAST = 0.6
# Raised whenever measures or weights change.
VERSION = 1
WEIGHTS = "weights.csv"


def plane_probabilities(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Say how probable each plane is.

    Learned from slices of T1-weighted MRI after contrast agent, real and simulated, varied in
    contrast, turned by up to 15 degrees and cropped (``python -m benchmarks.plane``). The
    picture is taken to be upright, face up in axial slices, crown up in the others; a mirror image
    has the same plane. That a picture shows a head at all is not asked.

    Parameters
    ----------
    image : uint8 array [H, W]
        A slice on dark ground, of any size.

    Returns
    -------
    float32 array [3]
        Of `PLANES`, their sum 1; all alike where nothing stands out of the ground.

    Examples
    --------
    >>> plane_probabilities(np.zeros((64, 64), np.uint8)).round(2).tolist()
    [0.33000001311302185, 0.33000001311302185, 0.33000001311302185]
    """
    measures = plane_measures(image)
    if measures is None:
        return np.full(len(PLANES), 1 / len(PLANES), np.float32)
    constant, weights = _weights()
    scores = constant + measures.astype(np.float64) @ weights
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum(), np.float32)


def named_plane(probabilities: Sequence[float] | NDArray[np.floating]) -> str:
    """Name the most probable plane, or say that none is probable enough.

    Parameters
    ----------
    probabilities : sequence of 3 floats
        From `plane_probabilities`.

    Examples
    --------
    >>> named_plane([0.1, 0.8, 0.1]), named_plane([0.4, 0.5, 0.1])
    ('coronal', 'unknown')
    """
    best = int(np.argmax(probabilities))
    return PLANES[best] if probabilities[best] >= LEAST else UNKNOWN


@functools.cache
def _weights() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read a constant for each plane, and a weight for each measure and plane."""
    text = (resources.files(__package__) / WEIGHTS).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["measure"] for row in rows] == ["constant", *measure_names()]
    table = np.array([[float(row[plane]) for plane in PLANES] for row in rows])
    return table[0], table[1:]
