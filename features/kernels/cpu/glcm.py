"""Grey-level co-occurrence (Haralick 1973): counts, and properties from sparse sums."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cooccurrence import (
    PROPERTIES,
    check_levels,
    check_masks,
    check_properties,
    glcm_offsets,
    quantise,
)
from gliaboost.features.kernels.cpu.memory import batch
from gliaboost.features.kernels.cpu.pairs import N_LOG_N, batch_of_pairs
from gliaboost.features.kernels.cpu.parallel import over_images
from gliaboost.features.kernels.grid import grid_edges

__all__ = ["glcm_counts", "glcm_offsets", "glcm_properties", "quantise"]


def glcm_counts(
    images: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    *,
    levels: int = 256,
    symmetric: bool = False,
    masks: NDArray[np.bool_] | None = None,
    grid: tuple[int, int] = (1, 1),
    jobs: int = 1,
) -> NDArray[np.uint32]:
    """Count pairs of grey levels at each offset.

    Parameters
    ----------
    images : uint8 array [N, H, W]
        Quantised to `levels` first (see `quantise`).
    offsets : int64 array [K, 2]
        From `glcm_offsets`.
    levels : int
        2 to 256.
    symmetric : bool
        Count each pair both ways.
    masks : bool array [N, H, W], optional
        Only pairs with both pixels inside count.
    grid : (int, int)
        Rows and columns of cells; only pairs with both pixels in one cell count.
    jobs : int
        Threads; the numbers do not depend on it.

    Returns
    -------
    uint32 array [N, G, K, levels, levels]
        Last but one axis: level of the first pixel; G cells row by row. Equal to
        `skimage.feature.graycomatrix` of the quantised image.

    Raises
    ------
    UsageError
        If a parameter is out of range or the masks do not fit the images.

    Examples
    --------
    >>> image = np.array([[[0, 0, 255], [0, 255, 255]]], np.uint8)
    >>> glcm_counts(image, glcm_offsets([1], [0]), levels=2)[0, 0, 0].tolist()
    [[1, 2], [0, 1]]
    """
    images = batch(images)
    ys, xs = grid_edges(images.shape[1:], grid)
    check_levels(levels)
    check_masks(images, masks)
    inside = np.zeros((1, 1, 1), np.bool_) if masks is None else np.require(masks, bool, ["C", "W"])
    cells = (len(ys) - 1) * (len(xs) - 1)
    out = np.zeros((len(images), cells, len(offsets), levels, levels), np.uint32)

    def work(part: slice) -> None:
        masked = inside if masks is None else inside[part]
        batch_of_pairs(
            images[part],
            masked,
            masks is not None,
            offsets,
            ys,
            xs,
            levels,
            False,
            out[part],
            np.empty(0, np.int64),
            N_LOG_N,
            np.empty((0, 0, 0, 0), np.float32),
        )

    over_images(work, len(images), jobs)
    return out + out.swapaxes(-1, -2) if symmetric else out


def glcm_properties(
    images: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    properties: Sequence[str],
    *,
    levels: int = 256,
    symmetric: bool = True,
    masks: NDArray[np.bool_] | None = None,
    grid: tuple[int, int] = (1, 1),
    jobs: int = 1,
) -> NDArray[np.float32]:
    """Compute texture properties of co-occurrence without keeping the matrices.

    Parameters
    ----------
    images, offsets, levels, symmetric, masks, grid, jobs
        As `glcm_counts` takes them.
    properties : sequence of str
        Of `PROPERTIES`. The first ten are scikit-image's; the rest, with ``ASM``, ``contrast``,
        ``correlation``, ``variance`` and ``homogeneity``, are Haralick's thirteen (`HARALICK` has
        their order).

    Returns
    -------
    float32 array [N, G * K * P]
        For each cell, for each offset, the properties in order.

    Raises
    ------
    UsageError
        If a parameter is out of range or a property unknown.

    Notes
    -----
    Equal to `skimage.feature.graycoprops` (0.26) within 1e-6 of the value, in single precision.
    Without any pair (a cell narrower than the offset, an empty mask) all is 0 but ``correlation``,
    which is 1 there as wherever a level's deviation is 0, as in scikit-image.

    ``entropy`` is in nats, as in scikit-image; ``sum_entropy``, ``difference_entropy``,
    ``haralick_entropy`` are in bits, and ``imc1``, ``imc2`` computed from bits, as in mahotas: the
    second information measure depends on the unit, and Haralick names none.
    ``difference_variance`` is the variance of the absolute difference, as the paper says (mahotas
    gives it with ``use_x_minus_y_variance=True``; its default is the variance of the histogram's
    heights, which depends on the number of levels). ``sum_variance`` is about the sum average: the
    paper prints the sum entropy there, by mistake.

    References
    ----------
    Haralick, R. M., Shanmugam, K. and Dinstein, I., "Textural features for image classification",
    IEEE Transactions on Systems, Man and Cybernetics 3 (6), 1973.

    Examples
    --------
    >>> image = np.array([[[0, 0, 255], [0, 255, 255]]], np.uint8)
    >>> glcm_properties(image, glcm_offsets([1], [0]), ["contrast", "ASM"], levels=2).tolist()
    [[0.5, 0.25]]
    """
    images = batch(images)
    check_properties(properties)
    ys, xs = grid_edges(images.shape[1:], grid)
    check_levels(levels)
    check_masks(images, masks)
    inside = np.zeros((1, 1, 1), np.bool_) if masks is None else np.require(masks, bool, ["C", "W"])
    chosen = np.array([PROPERTIES.index(p) for p in properties], np.int64)
    cells = (len(ys) - 1) * (len(xs) - 1)
    out = np.empty((len(images), cells, len(offsets), len(chosen)), np.float32)

    def work(part: slice) -> None:
        masked = inside if masks is None else inside[part]
        batch_of_pairs(
            images[part],
            masked,
            masks is not None,
            offsets,
            ys,
            xs,
            levels,
            symmetric,
            np.empty((0, 0, 0, 0, 0), np.uint32),
            chosen,
            N_LOG_N,
            out[part],
        )

    over_images(work, len(images), jobs)
    return out.reshape(len(images), math.prod(out.shape[1:]))
