"""Numbers of a tumour's region: where it lies, how it looks inside, around and on the whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.dense.classical import STRIDES, classical_names
from gliaboost.features.dense.frozen import STAGES, frozen_names
from gliaboost.features.dense.head import HeadGeometry
from gliaboost.features.dense.pyramid import single
from gliaboost.models.segmentation.decision import Decision, tumour_mask
from gliaboost.models.segmentation.pixel_columns import SIDE, see

Map = NDArray[np.float32]
Mask = NDArray[np.bool_]

# How a level's maps become columns, in order; the ring is so many cells wide.
POOLS = ("inside_mean", "inside_max", "ring_mean", "mean", "max")
RING = 2
PLACE = (
    "seen", "peak", "inside_probability", "expected_area", "components", "second_peak",
    "centroid_y", "centroid_x", "side", "area", "height", "width", "eccentricity", "fill",
    "depth_least", "depth_mean", "grey_inside", "grey_deviation", "grey_ring", "contrast",
    "mirrored_contrast",
)  # fmt: skip
OF_CLASS = ("share", "peak", "expected_area")


def region_columns(image: NDArray[np.uint8], maps: Map, decision: Decision, dense: str) -> Map:
    """Describe the region that maps of probabilities point at.

    Parameters
    ----------
    image : uint8 array [S, S]
    maps : float32 array [K, S, S]
        Probabilities of the classes, of a segmenter or of the truth.
    decision : Decision
        How far a region reaches, and what it takes to be believed.
    dense : {"frozen", "classical"}
        Which maps are pooled.

    Returns
    -------
    float32 array [D]
        As `region_names` says.
    """
    maps = maps_to_side(maps)
    seen = see(image, dense)
    together = np.minimum(maps.sum(axis=0), np.float32(1))
    mask, believed = believed_region(together, seen.head.mask, decision)
    place = place_columns(seen.image, seen.head, maps, mask, decision, believed)
    return np.concatenate([place, *(pooled(level, mask) for level in seen.pyramid.levels)])


def region_names(classes: Sequence[str], dense: str) -> list[str]:
    """Name the columns of `region_columns`.

    Examples
    --------
    >>> region_names(["glioma"], "classical")[-1]
    'max__head_spread__stride16'
    """
    known = classical_names()
    blocks = [[n for n in known if n.endswith(f"__stride{stride}")] for stride in STRIDES]
    if dense == "frozen":
        frozen = frozen_names()
        blocks += [[n for n in frozen if f"__stage{stage}__" in n] for stage in STAGES]
    return place_names(classes) + [name for block in blocks for name in pooled_names(block)]


def place_names(classes: Sequence[str]) -> list[str]:
    """Name the columns of `place_columns`.

    Examples
    --------
    >>> place_names(["glioma"])[-1]
    'class_glioma__expected_area'
    """
    return [*PLACE, *(f"class_{c}__{what}" for c in classes for what in OF_CLASS)]


def believed_region(probability: Map, head: Mask, decision: Decision) -> tuple[Mask, bool]:
    """Say where a tumour would lie, and whether one is believed at all.

    Parameters
    ----------
    probability : float32 array [H, W]
        Of a tumour.
    head : bool array [H, W]
        What is looked at where nothing has any probability.
    decision : Decision
        How far a component reaches, and what it takes to be believed.

    Returns
    -------
    mask : bool array [H, W]
        Never empty: the component of the greatest probability, however small that is.
    believed : bool
        Whether the decision sees a tumour.
    """
    peak = float(probability.max(initial=0))
    if peak <= 0:
        return (head if head.any() else np.ones(probability.shape, bool)), False
    anyhow = Decision(least=1e-9, share=decision.share, others=1.0)
    mask = tumour_mask(np.maximum(probability, np.float32(0)), anyhow)
    if not mask.any():  # a peak below any probability
        mask = probability >= peak
    return mask, peak >= decision.least


def place_columns(
    image: NDArray[np.uint8],
    head: HeadGeometry,
    maps: Map,
    mask: Mask,
    decision: Decision,
    believed: bool,
) -> Map:
    """Measure where a region lies, its size and shape, its greys, and how sure it is.

    Parameters
    ----------
    image : uint8 array [S, S]
    head : HeadGeometry
        Of the image: places are relative to its box, sizes and areas to its own.
    maps : float32 array [K, S, S]
        Probabilities of the classes.
    mask : bool array [S, S]
        The region; not empty.
    decision : Decision
        What a further component is.
    believed : bool
        From `believed_region`.

    Returns
    -------
    float32 array [D]
        As `place_names` says. Greys are in standard deviations of the head's.
    """
    from scipy import ndimage

    top, left, bottom, right = head.box
    tall, wide = max(1, bottom - top), max(1, right - left)
    inside_head = head.mask if head.mask.any() else np.ones(image.shape, bool)
    whole, short = float(inside_head.sum()), float(min(tall, wide))
    together = np.minimum(maps.sum(axis=0), 1)
    peak = float(together.max())
    components, count = ndimage.label(together >= max(decision.share * peak, 1e-9))
    peaks = np.zeros(count + 1)
    np.maximum.at(peaks, components[components > 0], together[components > 0])
    peaks.sort()
    y, x = (axis.astype(np.float64) for axis in np.nonzero(mask))
    eccentricity, fill = _shape(y, x)
    grey = image.astype(np.float64)
    spread = float(grey[inside_head].std()) or 1.0
    grey = (grey - float(grey[inside_head].mean())) / spread
    around = _around(mask, max(2, round(0.05 * short)))
    # Where the plane has no symmetry this says little, and costs little.
    middle = left + right - 1
    mirror = np.clip(middle - np.nonzero(mask)[1], 0, image.shape[1] - 1)
    opposite = grey[np.nonzero(mask)[0], mirror]
    inside = float(grey[mask].mean())
    centre_y = (y.mean() - (top + bottom - 1) / 2) / (tall / 2)
    centre_x = (x.mean() - middle / 2) / (wide / 2)
    values = [
        float(believed), peak, float(together[mask].mean()), float(together.sum()) / whole,
        float(count), float(peaks[-2]) if count > 1 else 0.0,
        centre_y, centre_x, abs(centre_x), len(y) / whole,
        (np.ptp(y) + 1) / tall, (np.ptp(x) + 1) / wide, eccentricity, fill,
        float(head.depth[mask].min()) / short, float(head.depth[mask].mean()) / short,
        inside, float(grey[mask].std()), float(grey[around].mean()) if around.any() else inside,
        inside - (float(grey[around].mean()) if around.any() else inside),
        inside - float(opposite.mean()),
    ]  # fmt: skip
    sums = [float(each[mask].sum()) for each in maps]
    of_all = sum(sums) or 1.0
    for own, each in zip(sums, maps, strict=True):
        values += [own / of_all, float(each.max()), float(each.sum()) / whole]
    return np.asarray(values, np.float32)


def pooled(level: NDArray[np.floating], mask: Mask) -> Map:
    """Average and maximise a level's maps inside a region, in a ring around it, and on the whole.

    Parameters
    ----------
    level : float array [h, w, C]
        Maps that span the image.
    mask : bool array [S, S]
        The region on the image; not empty.

    Returns
    -------
    float32 array [5 C]
        One block of C for each of `POOLS`. A region smaller than a cell is the cell that it covers
        most of.

    Examples
    --------
    >>> level = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    >>> mask = np.zeros((8, 8), bool)
    >>> mask[:4, :4] = True
    >>> pooled(level, mask).round(2).tolist()
    [2.5, 5.0, 8.100000381469727, 7.5, 15.0]
    """
    import cv2

    maps = single(level)
    height, width, count = maps.shape
    covered = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    most = float(covered.max())
    inside = covered >= min(0.5, most)
    if most <= 0:  # cannot be: a mask that is not empty covers some of a cell
        inside = np.ones((height, width), bool)
    flat, weight = maps.reshape(-1, count), covered[inside]
    own, around = maps[inside], maps[_around(inside, RING)]
    # By no BLAS, whose threads would wait for those of other slices.
    mean = np.einsum("n,nc->c", weight, own) / max(float(weight.sum()), 1e-9)
    whole = flat.mean(axis=0)
    blocks = [
        mean, own.max(axis=0), around.mean(axis=0) if len(around) else mean, whole,
        flat.max(axis=0),
    ]  # fmt: skip
    return np.concatenate(blocks).astype(np.float32)


def pooled_names(names: Sequence[str]) -> list[str]:
    """Name the columns of `pooled`, given the maps' names.

    Examples
    --------
    >>> pooled_names(["grey", "slope"])[:3]
    ['inside_mean__grey', 'inside_mean__slope', 'inside_max__grey']
    """
    return [f"{pool}__{name}" for pool in POOLS for name in names]


def maps_to_side(maps: Map) -> Map:
    """Bring probabilities ``[K, S, S]`` to the side that dense maps are made for."""
    import cv2

    if maps.shape[1:] == (SIDE, SIDE):
        return maps
    method = cv2.INTER_AREA if max(maps.shape[1:]) > SIDE else cv2.INTER_LINEAR
    return np.stack([cv2.resize(each, (SIDE, SIDE), interpolation=method) for each in maps])


def _around(mask: Mask, width: int) -> Mask:
    """Give the ring of pixels within a distance of a mask, without itself."""
    import cv2

    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    wider = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    return np.asarray(wider & ~mask)


def _shape(y: NDArray[np.float64], x: NDArray[np.float64]) -> tuple[float, float]:
    """Give the eccentricity of the ellipse with the same moments, and the share of it filled."""
    # A pixel is a square: its own moment keeps a line of pixels from having no width.
    square = 1 / 12
    a, b = y.var() + square, x.var() + square
    c = float(((y - y.mean()) * (x - x.mean())).mean())
    middle, half = (a + b) / 2, float(np.hypot((a - b) / 2, c))
    large, small = middle + half, max(middle - half, 1e-9)
    eccentricity = float(np.sqrt(max(0.0, 1 - small / large)))
    return eccentricity, float(len(y) / (4 * np.pi * np.sqrt(large * small)))
