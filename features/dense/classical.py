"""Classical columns by pixel: no network, some hundred numbers at strides 4, 8 and 16."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense import filters
from gliaboost.features.dense.filters import Map
from gliaboost.features.dense.head import HeadGeometry, find_head
from gliaboost.features.dense.pyramid import Pyramid, half

# Greys in standard deviations of the head beyond this say no more.
CLIP = 4.0
STRIDES = (4, 8, 16)
LEVELS = 8
# Far neighbours lie so many pixels away, in eight directions.
FAR = (24, 48, 80)
Named = dict[str, Map]


def classical_pyramid(image: NDArray[np.uint8]) -> Pyramid:
    """Compute an image's classical maps.

    Parameters
    ----------
    image : uint8 array [H, W]
        Prepared; sizes of filters are in its pixels.

    Returns
    -------
    Pyramid
        Levels of strides 4, 8 and 16, columns as `classical_names` says. Greys are in standard
        deviations of the head's, and in ranks within it, so that a brighter or paler picture of the
        same head has the same columns.

    Examples
    --------
    >>> pyramid = classical_pyramid(np.zeros((64, 48), np.uint8))
    >>> [level.shape[:2] for level in pyramid.levels]
    [(16, 12), (8, 6), (4, 3)]
    """
    return Pyramid(tuple(half(list(maps.values())) for maps in _named(image)))


@functools.cache
def classical_names() -> tuple[str, ...]:
    """Name the columns, in order.

    Examples
    --------
    >>> classical_names()[:2]
    ('grey_mean__stride4', 'grey_s2__stride4')
    """
    named = _named(np.zeros((16, 16), np.uint8))
    return tuple(
        f"{name}__stride{stride}"
        for stride, maps in zip(STRIDES, named, strict=True)
        for name in maps
    )


def _named(image: NDArray[np.uint8]) -> tuple[Named, Named, Named]:
    head = find_head(image)
    grey, rank = _in_deviations(image, head), _ranks(image, head)
    # What a wide filter sees is the same on a smaller picture, many times sooner.
    halves = filters.smaller(grey, 2), filters.smaller(rank, 2)
    quarters = filters.smaller(grey, 4), filters.smaller(rank, 4)
    axis = (head.box[1] + head.box[3] - 1) / 2
    return (
        _fine(grey, rank, head, axis),
        _middle(grey, rank, *halves, head, axis),
        _coarse(*quarters, image, head, axis),
    )


def _fine(grey: Map, rank: Map, head: HeadGeometry, axis: float) -> Named:
    down = functools.partial(filters.smaller, factor=4)
    grey2, grey4 = filters.smooth(grey, 2), filters.smooth(grey, 4)
    rank2 = filters.smooth(rank, 2)
    slope1 = np.hypot(*filters.slopes(filters.smooth(grey, 1)))
    slope2 = np.hypot(*filters.slopes(grey2))
    low, high = filters.curvatures(grey2)
    short = max(1, min(head.box[2] - head.box[0], head.box[3] - head.box[1]))
    return {
        "grey_mean": down(grey),
        "grey_s2": down(grey2),
        "grey_s4": down(grey4),
        "rank_mean": down(rank),
        "rank_s2": down(rank2),
        "difference_s2_s4": down(grey2 - grey4),
        "slope_s1": down(slope1),
        "slope_s2": down(slope2),
        "curvature_low_s2": down(low),
        "curvature_high_s2": down(high),
        "deviation_s2": down(filters.deviation(grey, 2)),
        "mirrored_s2": down(grey2 - filters.mirrored(grey2, axis)),
        "mirrored_rank_s2": down(rank2 - filters.mirrored(rank2, axis)),
        "depth": down(np.asarray(head.depth / short, np.float32)),
    }


def _middle(grey: Map, rank: Map, grey2: Map, rank2: Map, head: HeadGeometry, axis: float) -> Named:
    down = functools.partial(filters.smaller, factor=4)  # of halves
    at4, at8 = filters.smooth(grey2, 2), filters.smooth(grey2, 4)
    ranks4 = filters.smooth(rank2, 2)
    slope4 = np.hypot(*filters.slopes(at4))
    low, high = filters.curvatures(at4)
    named = {
        "grey_s4": down(at4),
        "rank_s4": down(ranks4),
        "difference_s4_s8": down(at4 - at8),
        "slope_s4": down(slope4),
        "curvature_low_s4": down(low),
        "curvature_high_s4": down(high),
        "deviation_s4": down(filters.deviation(grey2, 2)),
        "mirrored_s4": down(at4 - filters.mirrored(at4, (axis - 0.5) / 2)),
        "mirrored_rank_s4": down(ranks4 - filters.mirrored(ranks4, (axis - 0.5) / 2)),
    }
    energies = filters.direction_energies(filters.smooth(grey2, 0.5), 2)
    for k, energy in enumerate(energies):
        named[f"energy_{180 * k // len(energies)}"] = down(energy)
    levels = (rank * (LEVELS - 1)).astype(np.float32)
    for distance in (1, 2, 4):
        contrast, homogeneity = filters.contrasts(levels, distance, 8, 0.75)
        named[f"contrast_d{distance}"] = contrast
        named[f"homogeneity_d{distance}"] = homogeneity
    shown = np.asarray(rank * 255, np.uint8)
    for code, share in enumerate(filters.code_shares(shown, 8, 0.75)):
        named[f"lbp_{code}"] = share
    shares = filters.level_shares(rank, LEVELS, 8, 0.75)
    for level, share in enumerate(shares):
        named[f"level_{level}"] = share
    named["entropy"] = filters.entropy(shares)
    named.update(_places(grey.shape, head))
    return named


def _coarse(
    grey4: Map, rank4: Map, image: NDArray[np.uint8], head: HeadGeometry, axis: float
) -> Named:
    down = functools.partial(filters.smaller, factor=4)  # of quarters
    at8, at16, at32 = (filters.smooth(grey4, sigma) for sigma in (2, 4, 8))
    ranks8, ranks16 = filters.smooth(rank4, 2), filters.smooth(rank4, 4)
    low, high = filters.curvatures(at8)
    low16, high16 = filters.curvatures(at16)
    centre = (axis - 1.5) / 4
    named = {
        "grey_s8": down(at8),
        "grey_s16": down(at16),
        "grey_s32": down(at32),
        "rank_s8": down(ranks8),
        "rank_s16": down(ranks16),
        "difference_s8_s16": down(at8 - at16),
        "difference_s16_s32": down(at16 - at32),
        "slope_s8": down(np.hypot(*filters.slopes(at8))),
        "slope_s16": down(np.hypot(*filters.slopes(at16))),
        "curvature_low_s8": down(low),
        "curvature_high_s8": down(high),
        "curvature_low_s16": down(low16),
        "curvature_high_s16": down(high16),
        "deviation_s8": down(filters.deviation(grey4, 2)),
        "deviation_s16": down(filters.deviation(grey4, 4)),
        "mirrored_s8": down(at8 - filters.mirrored(at8, centre)),
        "mirrored_s16": down(at16 - filters.mirrored(at16, centre)),
        "mirrored_rank_s8": down(ranks8 - filters.mirrored(ranks8, centre)),
    }
    for distance in FAR:
        for k in range(8):
            angle = math.pi * k / 4
            y, x = (round(distance / 4 * f(angle)) for f in (math.sin, math.cos))
            named[f"rank_s8_{distance}px_{45 * k}"] = down(filters.shifted(ranks8, y, x))
    flat = np.ones(named["grey_s8"].shape, np.float32)
    inside = image[head.mask]
    top, left, bottom, right = head.box
    named["head_aspect"] = flat * ((bottom - top) / (right - left))
    named["head_fill"] = flat * (len(inside) / ((bottom - top) * (right - left)))
    spread = float(inside.std()) / max(1.0, float(inside.mean())) if inside.size else 0.0
    named["head_spread"] = flat * spread
    return {name: np.asarray(each, np.float32) for name, each in named.items()}


def _places(shape: tuple[int, ...], head: HeadGeometry) -> Named:
    """Place in the head's box, -1 to 1 from its top to its bottom and from left to right."""
    top, left, bottom, right = head.box
    rows, columns = (-(-side // 8) for side in shape)
    y = ((np.arange(rows) + 0.5) * 8 - (top + bottom) / 2) / ((bottom - top) / 2)
    x = ((np.arange(columns) + 0.5) * 8 - (left + right) / 2) / ((right - left) / 2)
    down, across = np.meshgrid(y, x, indexing="ij")
    named = {
        "place_y": down,
        "place_x": across,
        "place_side": np.abs(across),
        "place_radius": np.hypot(down, across),
    }
    return {name: np.asarray(each, np.float32) for name, each in named.items()}


def _in_deviations(image: NDArray[np.uint8], head: HeadGeometry) -> Map:
    inside = image[head.mask]
    spread = float(inside.std()) if inside.size else 0.0
    if spread == 0:
        return np.zeros(image.shape, np.float32)
    greys = np.clip((np.arange(256) - float(inside.mean())) / spread, -CLIP, CLIP)
    return np.asarray(greys.astype(np.float32)[image])


def _ranks(image: NDArray[np.uint8], head: HeadGeometry) -> Map:
    """Share of the head's pixels that are darker, ties by half."""
    counts = np.bincount(image[head.mask], minlength=256)
    below = np.cumsum(counts) - counts / 2
    return np.asarray((below / max(1, counts.sum())).astype(np.float32)[image])
