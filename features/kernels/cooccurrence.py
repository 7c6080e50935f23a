"""What the GLCM kernels of both devices share: offsets, levels, and the names of properties."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

PROPERTIES = (
    "contrast",
    "dissimilarity",
    "homogeneity",
    "ASM",
    "energy",
    "correlation",
    "mean",
    "variance",
    "std",
    "entropy",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "haralick_entropy",
    "difference_variance",
    "difference_entropy",
    "imc1",
    "imc2",
)
# The order of Haralick's paper, f1 to f13.
HARALICK = (
    "ASM",
    "contrast",
    "correlation",
    "variance",
    "homogeneity",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "haralick_entropy",
    "difference_variance",
    "difference_entropy",
    "imc1",
    "imc2",
)


def glcm_offsets(distances: Sequence[float], angles: Sequence[float]) -> NDArray[np.int64]:
    """Turn distances and angles into pixel offsets, as scikit-image 0.26 does.

    Parameters
    ----------
    distances : sequence of float
        Pixels.
    angles : sequence of float
        Radians; 0 points right, pi / 2 down.

    Returns
    -------
    int64 array [K, 2]
        Rows and columns to the second pixel, for each distance all angles; sine and cosine times
        the distance, rounded half away from zero.

    Examples
    --------
    >>> glcm_offsets([1, 2], [0, np.pi / 4]).tolist()
    [[0, 1], [1, 1], [0, 2], [1, 1]]
    """
    pairs = [(math.sin(a) * d, math.cos(a) * d) for d in distances for a in angles]
    half_away = [[int(v + 0.5) if v > 0 else int(v - 0.5) for v in pair] for pair in pairs]
    return np.array(half_away, np.int64).reshape(-1, 2)


def quantise(images: NDArray[np.uint8], levels: int) -> NDArray[np.uint8]:
    """Map intensities 0..255 to grey levels 0..levels-1: ``(v * levels) >> 8``.

    Equal steps of the *full* range, whatever the image holds: the same intensity is the same level
    in every image.

    Examples
    --------
    >>> quantise(np.array([0, 7, 8, 255], np.uint8), 32).tolist()
    [0, 0, 1, 31]
    """
    check_levels(levels)
    table = ((np.arange(256) * levels) >> 8).astype(np.uint8)
    return images if levels == 256 else table[images]


def check_levels(levels: int) -> None:
    """Refuse a number of grey levels that uint8 images cannot have."""
    if not 2 <= levels <= 256:
        raise UsageError(f"{levels} grey levels; expected 2 to 256")


def check_properties(properties: Sequence[str]) -> None:
    """Refuse properties that are unknown."""
    unknown = [p for p in properties if p not in PROPERTIES]
    if unknown:
        raise UsageError(f"no GLCM property {unknown[0]!r}; they are: {', '.join(PROPERTIES)}")


def check_masks(images: Any, masks: Any) -> None:
    """Refuse masks of another shape than the images."""
    if masks is not None and masks.shape != images.shape:
        raise UsageError(
            f"masks of shape {list(masks.shape)} for images of shape {list(images.shape)}; "
            "expected one mask an image, of its size"
        )
