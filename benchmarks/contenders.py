"""The same texture features by scikit-image, OpenCV, mahotas, and gliaboost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import mahotas.features
import numpy as np
from numpy.typing import NDArray
from skimage import feature

from gliaboost.features import GLCM, HOG, LBP
from gliaboost.features.kernels.cooccurrence import HARALICK, glcm_offsets, quantise
from gliaboost.features.kernels.cpu import glcm as cpu_glcm
from gliaboost.features.kernels.cpu import hog as cpu_hog
from gliaboost.features.kernels.cpu import lbp as cpu_lbp

# scikit-image's functions have no types.
skimage: Any = feature
Images = NDArray[np.uint8]
Compute = Callable[[Images], Any]

ANGLES = [0.0, math.pi / 4, math.pi / 2, 3 * math.pi / 4]
DISTANCES = [1, 2, 4]
CIRCLES = [(8, 1), (16, 2), (24, 3)]
PROPERTIES = GLCM().properties
GRID = 4


@dataclass(frozen=True)
class Row:
    """One line of the table: what is computed, by whom, and what is asked of the ratio.

    The first of `others` computes the same numbers, so that the run can compare them.
    """

    name: str
    gliaboost: Compute
    others: dict[str, Compute]
    target: float | None = None


def each(function: Callable[[NDArray[np.uint8]], Any]) -> Compute:
    """Apply a library's function of one image to a batch."""

    def compute(images: Images) -> NDArray[np.float64]:
        return np.stack([np.asarray(function(i), float).ravel() for i in images])

    return compute


def skimage_hog(cell: int, block: int) -> Compute:
    return each(
        lambda i: skimage.hog(i, pixels_per_cell=(cell, cell), cells_per_block=(block, block))
    )


def opencv_hog(cell: int, block: int) -> Compute:
    """OpenCV's own HOG (soft bins, Gaussian window): other numbers, the same size."""
    sizes = ((256, 256), (cell * block,) * 2, (cell, cell), (cell, cell))
    return each(cv2.HOGDescriptor(*sizes, 9).compute)


def our_hog(cell: int, block: int) -> Compute:
    return lambda images: cpu_hog.hog(
        images, pixels_per_cell=(cell, cell), cells_per_block=(block, block)
    )


def skimage_lbp(points: int, radius: int) -> Compute:
    def one(image: NDArray[np.uint8]) -> NDArray[np.int64]:
        codes = skimage.local_binary_pattern(image, points, radius, "uniform").astype(np.int64)
        height, width = (s // GRID for s in image.shape)
        rows = np.arange(image.shape[0])[:, None] // height
        cell = rows * GRID + np.arange(image.shape[1])[None, :] // width
        bins = points + 2
        return np.bincount((cell * bins + codes).ravel(), minlength=GRID * GRID * bins)

    return each(one)


def mahotas_lbp(points: int, radius: int) -> Compute:
    """Mahotas' LBP: rotation-invariant patterns of the whole image, other interpolation."""
    return each(lambda i: mahotas.features.lbp(i, radius, points))


def our_lbp(points: int, radius: int) -> Compute:
    return lambda images: cpu_lbp.lbp_histograms(
        images, [points], [radius], "uniform", grid=(GRID, GRID)
    )


def skimage_glcm(levels: int) -> Compute:
    def one(image: NDArray[np.uint8]) -> NDArray[np.float64]:
        counts = skimage.graycomatrix(
            quantise(image, levels), DISTANCES, ANGLES, levels, symmetric=True, normed=True
        )
        return np.stack([skimage.graycoprops(counts, p).ravel() for p in PROPERTIES], axis=-1)

    return each(one)


def our_glcm(levels: int) -> Compute:
    offsets = glcm_offsets(DISTANCES, ANGLES)
    return lambda images: cpu_glcm.glcm_properties(images, offsets, PROPERTIES, levels=levels)


def mahotas_haralick(levels: int) -> Compute:
    return each(
        lambda i: mahotas.features.haralick(quantise(i, levels), use_x_minus_y_variance=True)
    )


def our_haralick(levels: int) -> Compute:
    offsets = glcm_offsets([1], ANGLES)
    return lambda images: cpu_glcm.glcm_properties(images, offsets, HARALICK, levels=levels)


def skimage_bank() -> Compute:
    parts = [skimage_hog(32, 2), *(skimage_lbp(*c) for c in CIRCLES), skimage_glcm(32)]

    def compute(images: Images) -> NDArray[np.float64]:
        columns = [p(images) for p in parts]
        columns[1:4] = [c / (images[0].size / GRID**2) for c in columns[1:4]]
        return np.concatenate(columns, axis=1)

    return compute


def our_bank() -> Compute:
    extractors = [HOG(), LBP(), GLCM()]
    return lambda images: np.concatenate([e.transform(images) for e in extractors], axis=1)


ROWS = [
    Row(
        "default bank (2,700 columns)",
        our_bank(),
        {"scikit-image": skimage_bank()},
        target=20,
    ),
    Row(
        "HOG, 32 px cells, 2 x 2 blocks",
        our_hog(32, 2),
        {"scikit-image": skimage_hog(32, 2), "OpenCV": opencv_hog(32, 2)},
        target=15,
    ),
    Row(
        "HOG, 8 px cells, 3 x 3 blocks",
        our_hog(8, 3),
        {"scikit-image": skimage_hog(8, 3), "OpenCV": opencv_hog(8, 3)},
        target=15,
    ),
    *(
        Row(
            f"LBP uniform P={p} R={r}, 4 x 4 grid",
            our_lbp(p, r),
            {"scikit-image": skimage_lbp(p, r), "mahotas": mahotas_lbp(p, r)},
            target=15,
        )
        for p, r in CIRCLES
    ),
    Row(
        "GLCM 32 levels, 12 offsets, 6 properties",
        our_glcm(32),
        {"scikit-image": skimage_glcm(32)},
        target=2,
    ),
    Row(
        "GLCM 256 levels, 12 offsets, 6 properties",
        our_glcm(256),
        {"scikit-image": skimage_glcm(256)},
        target=10,
    ),
    Row(
        "Haralick's 13, 32 levels, 4 offsets",
        our_haralick(32),
        {"mahotas": mahotas_haralick(32)},
    ),
    Row(
        "Haralick's 13, 256 levels, 4 offsets",
        our_haralick(256),
        {"mahotas": mahotas_haralick(256)},
    ),
]
