"""Filters that turn a slice into maps: smoothness, edges, blobs, roughness, codes, symmetry."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense.codes import uniform_codes

Map = NDArray[np.float32]
# A kernel reaches so many standard deviations to either side.
REACH = 4.0
LBP_CLASSES = 10


def smooth(image: Map, sigma: float) -> Map:
    """Smooth by a Gaussian, ``float32 [H, W]``; beyond the edge the image is mirrored."""
    side = 2 * math.ceil(REACH * sigma) + 1
    kernel = cv2.getGaussianKernel(side, sigma, cv2.CV_32F)
    return _map(cv2.sepFilter2D(image, cv2.CV_32F, kernel, kernel, borderType=cv2.BORDER_REFLECT))


def smaller(image: Map, factor: int) -> Map:
    """Average blocks of `factor` x `factor` pixels; a last block that is cut averages what it has.

    Examples
    --------
    >>> smaller(np.arange(8, dtype=np.float32).reshape(2, 4), 2).tolist()
    [[2.5, 4.5]]
    """
    height, width = (-(-side // factor) for side in image.shape)
    below, behind = height * factor - image.shape[0], width * factor - image.shape[1]
    if below or behind:
        image = _map(
            cv2.copyMakeBorder(image, 0, below, 0, behind, borderType=cv2.BORDER_REPLICATE)
        )
    return _map(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def slopes(image: Map) -> tuple[Map, Map]:
    """Give the central differences down and across; at the edge half of the one-sided ones."""
    across = np.array([[-0.5, 0, 0.5]], np.float32)
    same = cv2.BORDER_REPLICATE
    return (
        _map(cv2.filter2D(image, cv2.CV_32F, across.T, borderType=same)),
        _map(cv2.filter2D(image, cv2.CV_32F, across, borderType=same)),
    )


def curvatures(image: Map) -> tuple[Map, Map]:
    """Give the eigenvalues of the second derivatives, the smaller first.

    Both are far below 0 on a bright blob, one of them on a bright ridge.
    """
    second = np.array([[1, -2, 1]], np.float32)
    same = cv2.BORDER_REPLICATE
    down = cv2.filter2D(image, cv2.CV_32F, second.T, borderType=same)
    across = cv2.filter2D(image, cv2.CV_32F, second, borderType=same)
    mixed = slopes(slopes(image)[0])[1]
    middle = (down + across) / 2
    spread = np.sqrt(((down - across) / 2) ** 2 + mixed**2)
    return _map(middle - spread), _map(middle + spread)


def direction_energies(image: Map, sigma: float, directions: int = 4) -> list[Map]:
    """Average the squared slope along each of some directions over a Gaussian window.

    Direction k is the angle ``pi k / directions`` from across to down; HOG's energy without bins.
    """
    down, across = slopes(image)
    energies = []
    for k in range(directions):
        angle = math.pi * k / directions
        along = math.cos(angle) * across + math.sin(angle) * down
        energies.append(smooth(_map(along * along), sigma))
    return energies


def deviation(image: Map, sigma: float) -> Map:
    """Give the standard deviation in a Gaussian window."""
    mean = smooth(image, sigma)
    # Taken about the middle, so that large greys do not swallow small variances.
    return _map(np.sqrt(np.maximum(smooth(_map(image * image), sigma) - mean * mean, 0)))


def code_shares(image: NDArray[np.uint8], factor: int, sigma: float) -> list[Map]:
    """Give the share of each rotation-invariant uniform LBP (8 points, radius 1) around.

    Codes are counted in blocks of `factor` x `factor` pixels and smoothed by `sigma` blocks.
    """
    codes = uniform_codes(image)
    return [
        smooth(smaller((codes == code).astype(np.float32), factor), sigma)
        for code in range(LBP_CLASSES)
    ]


def contrasts(levels: Map, distance: int, factor: int, sigma: float) -> tuple[Map, Map]:
    """Give co-occurrence's contrast and homogeneity around, at one distance, of both directions.

    They are GLCM's ``mean (i - j)^2`` and ``mean 1 / (1 + (i - j)^2)`` over the pairs across and
    down, without its table.
    """
    squares = np.zeros(levels.shape, np.float32)
    homogeneity = np.zeros(levels.shape, np.float32)
    for pair in (np.s_[distance:, :], np.s_[:, distance:]):
        other = tuple(slice(None, -distance) if s.start else s for s in pair)
        square = np.zeros(levels.shape, np.float32)
        square[other] = (levels[pair] - levels[other]) ** 2
        squares += square
        homogeneity += 1 / (1 + square)
    return (
        smooth(smaller(_map(squares / 2), factor), sigma),
        smooth(smaller(_map(homogeneity / 2), factor), sigma),
    )


def level_shares(share: Map, bins: int, factor: int, sigma: float) -> list[Map]:
    """Give the local histogram of values from 0 to 1: the share of each bin around."""
    codes = np.minimum((share * bins).astype(np.uint8), bins - 1)
    return [
        smooth(smaller((codes == code).astype(np.float32), factor), sigma) for code in range(bins)
    ]


def entropy(shares: list[Map]) -> Map:
    """Give the entropy of shares that sum to 1, in bits."""
    total = np.zeros(shares[0].shape, np.float32)
    for share in shares:
        total -= share * np.log2(np.maximum(share, 1e-12))
    return np.maximum(total, 0)


def mirrored(image: Map, axis: float) -> Map:
    """Mirror left and right about a column, ``x -> 2 axis - x``; beyond the edge it is continued.

    Examples
    --------
    >>> mirrored(np.array([[1, 2, 3, 4]], np.float32), axis=1.5).tolist()
    [[4.0, 3.0, 2.0, 1.0]]
    """
    moved = np.array([[-1, 0, 2 * axis], [0, 1, 0]], np.float32)
    height, width = image.shape
    return _map(
        cv2.warpAffine(
            image,
            moved,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def shifted(image: Map, down: int, across: int) -> Map:
    """Give what lies so many pixels further down and across; beyond the edge it is continued."""
    height, width = image.shape
    rows = np.clip(np.arange(height) + down, 0, height - 1)
    columns = np.clip(np.arange(width) + across, 0, width - 1)
    return image[rows[:, None], columns]


def _map(values: Any) -> Map:
    return np.asarray(values, np.float32)
