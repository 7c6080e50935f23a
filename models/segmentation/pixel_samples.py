"""Which pixels of a slice are learned from, and for how many others each of them stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# How far around a tumour is near it, as a share of the image's longer side.
NEAR = 0.06
# Of a tumour, near it, and elsewhere in the head.
COUNTS = (40, 40, 40)


@dataclass(frozen=True, eq=False)
class PixelSample:
    """Some pixels of one image.

    Attributes
    ----------
    y, x : int64 array [n]
        Row and column.
    tumour : bool array [n]
        Whether it lies inside.
    weight : float64 array [n]
        For how many pixels it stands.
    """

    y: NDArray[np.int64]
    x: NDArray[np.int64]
    tumour: NDArray[np.bool_]
    weight: NDArray[np.float64]


def sample_pixels(
    image: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    head: NDArray[np.bool_],
    seed: int,
    counts: tuple[int, int, int] = COUNTS,
) -> PixelSample:
    """Choose pixels of a tumour, near it, and elsewhere in the head.

    Parameters
    ----------
    image : uint8 array [H, W]
        The choice hangs on its content, not on its place among others.
    mask, head : bool array [H, W]
        Tumour, and where others are taken from.
    seed : int
        Which choice.
    counts : tuple of int
        Most of each of the three; without a tumour those near it are elsewhere too.

    Returns
    -------
    PixelSample

    Examples
    --------
    >>> image = np.full((32, 32), 9, np.uint8)
    >>> mask = np.zeros((32, 32), bool)
    >>> mask[4:8, 4:8] = True
    >>> chosen = sample_pixels(image, mask, image > 0, seed=0, counts=(8, 4, 4))
    >>> int(chosen.tumour.sum()), float(chosen.weight.sum())
    (8, 1024.0)
    """
    import cv2

    rng = _generator(image, seed)
    inside, near, far = counts
    reach = 2 * max(1, round(NEAR * max(image.shape))) + 1
    round_about = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    around = cv2.dilate(mask.astype(np.uint8), round_about).astype(bool)
    # A tumour may reach beyond what is taken for the head.
    parts = [(mask, inside), (around & head & ~mask, near), (head & ~around, far)]
    if not mask.any():
        parts = [(head, near + far)]
    chosen, weights = [], []
    for part, count in parts:
        places = np.flatnonzero(part)
        taken = rng.permutation(len(places))[:count]
        chosen.append(places[taken])
        weights.append(np.full(len(taken), len(places) / max(1, len(taken))))
    y, x = np.unravel_index(np.concatenate(chosen), image.shape)
    return PixelSample(y, x, mask[y, x], np.concatenate(weights))


def _generator(image: NDArray[np.uint8], seed: int) -> np.random.Generator:
    content = hashlib.sha256(f"{seed} {image.shape} ".encode() + np.ascontiguousarray(image).data)
    return np.random.default_rng(int.from_bytes(content.digest()[:16], "little"))
