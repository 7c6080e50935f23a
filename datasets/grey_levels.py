"""Numbers of a volume to grey levels: what is air, what is tissue, what is no picture at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# In a CT, what is denser than this is no air.
AIR = -500
# A picture has more values than a map has labels, and higher ones.
_LABELS, _HIGHEST = 16, 32
# So many neighbours are equal in a map of regions, and in no picture.
_EVEN = 0.9
# Of more voxels than these, percentiles are taken of every n-th plane.
_SAMPLED = 2**25


def is_label_map(values: NDArray[np.generic]) -> bool:
    """Whether a volume holds labels: small whole numbers, or regions of one whole number each.

    Parameters
    ----------
    values : array [X, Y, Z]
        The voxels. What is constant is no map.

    Examples
    --------
    >>> [is_label_map(np.array([[v]])) for v in ([0, 1, 4], [0, 255], [0, 0.5, 9], [0, 300, 700])]
    [True, True, False, False]
    """
    low, high = values.min(), values.max()
    if not (0 <= low < high < 2**24):  # nor where one is no number
        return False
    # Along the last axis, as files store it: what lies together is read together.
    part = values[..., :: -(-values.size // _SAMPLED)]
    planes = (part[..., k] for k in range(part.shape[-1]))
    if any((np.abs(plane - np.rint(plane)) > 1e-2).any() for plane in planes):
        return False
    few = len(np.unique(part.ravel("K")[:: 1 + part.size // 2**16])) <= _LABELS
    found = _few_values(values) if few else []
    if few and len(found) <= _LABELS:
        return bool(high <= _HIGHEST or (high == 255 and len(found) == 2))
    one, other = part[:, 1:], part[:, :-1]
    inside = (one != 0) & (other != 0)
    return bool(inside.any() and (one == other)[inside].mean() > _EVEN)


def _few_values(values: NDArray[np.generic]) -> list[float]:
    """List the values that occur, no further than to one more than a map of labels has."""
    found: list[float] = []
    for k in range(values.shape[-1]):
        plane = values[..., k]
        plane = plane[~np.isin(plane, found)]
        while plane.size and len(found) <= _LABELS:
            found.append(float(plane.flat[0]))
            plane = plane[plane != plane.flat[0]]
    return found


def is_hounsfield(sample: NDArray[np.float32]) -> bool:
    """Tell Hounsfield units by air, or, where a head was cut out, by tissue dense as water.

    Examples
    --------
    >>> [is_hounsfield(np.array(v)) for v in ([-1000, 40, 900], [0, 30, 60], [0, 1060, 1900])]
    [True, True, False]
    """
    body = sample[sample != sample.min()]
    return bool(sample.min() < AIR or not body.size or np.median(body) <= 100)


def stretch(
    values: NDArray[np.float32], sample: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Stretch an MRI between the 0.5th and 99.5th percentile of what is no air.

    Parameters
    ----------
    values : float32 array [X, Y, Z]
        The voxels; what is not finite becomes any grey.
    sample : float32 array [N]
        The finite ones, or many of them.

    Returns
    -------
    grey : uint8 array [X, Y, Z]
    head : bool array [X, Y, Z]
        Where there is more than air.
    """
    lowest, top = sample.min(), np.percentile(sample, 99.5)
    ground = _inner_ground(sample)
    if ground is None:
        if lowest < 0:  # a few voxels far below all others are no air
            usual = np.percentile(sample, 0.5)
            lowest = usual if usual - lowest > top - usual else lowest
        least = lowest + 0.05 * (top - lowest)
        head, inside = values > least, sample[sample > least]
    else:
        head, inside = values != ground, sample[sample != ground]
    low, high = np.percentile(inside if inside.size else sample, [0.5, 99.5])
    width = max(float(high - low), 1e-12)

    def scaled(part: NDArray[np.float32]) -> NDArray[np.uint8]:
        share = np.clip((part - low) / width * 255, 0, 255)
        return np.asarray(np.rint(share), dtype=np.uint8)

    grey = by_slab(values, scaled)
    if ground is not None:
        grey[~head] = 0
    return grey, head


def _inner_ground(sample: NDArray[np.float32]) -> np.float32 | None:
    """Find the one value around a head whose own values lie on both sides of it.

    That is how scans look from which the skull was cut before their values were standardised.
    """
    if sample.min() >= 0:
        return None
    found, counts = np.unique(sample, return_counts=True)
    most = int(counts.argmax())
    ground = np.float32(found[most])
    below, above = ground - sample[sample < ground], sample[sample > ground] - ground
    if counts[most] < 0.1 * sample.size or below.size < 0.1 * (below.size + above.size):
        return None
    # Resampling rings below the ground too, and little.
    if above.size and np.median(below) < 0.1 * np.median(above):
        return None
    return ground


def by_slab(
    values: NDArray[np.float32], grey: Callable[[NDArray[np.float32]], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Turn to grey levels a part at a time, as the steps between take eight bytes a voxel."""
    out: NDArray[np.uint8] = np.empty_like(values, dtype=np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(values.shape[-1]):
            out[..., k] = grey(values[..., k])
    return out


def take_sample(values: NDArray[np.float32], finite: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Take the finite voxels, or, of very many, those of every n-th plane."""
    step = -(-values.size // _SAMPLED)
    part, known = values[..., ::step], finite[..., ::step]
    if known.all():
        return part.ravel("K")
    return part[known] if known.any() else values[finite]
