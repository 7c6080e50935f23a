"""Masks of slices that can be no tumour's: pictures, probabilities, masks of the brain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.prepare import bright

# No tumour fills so much of a head; masks of the brain, and inverted ones, do.
WHOLE = 0.6
# A map of labels has fewer levels; edges that were smoothed have as many, but few pixels of them.
_LEVELS, _SHADED = 16, 0.75
# Between these shares of the brightest lies what is neither inside nor outside.
_DIM, _BRIGHT = 0.1, 0.9


def mask_fault(
    mask: NDArray[np.bool_], shades: NDArray[np.uint8], image: NDArray[np.uint8]
) -> str | None:
    """Say why a mask can be no tumour's.

    Parameters
    ----------
    mask : bool array [H, W]
        As `gliaboost.datasets.decode.decode_mask` reads it.
    shades : uint8 array [H, W]
        The same file as `gliaboost.datasets.decode.decode` reads it.
    image : uint8 array [H, W]
        Its slice.

    Returns
    -------
    str or None
        What is wrong and what to do; None where nothing is, and for an empty mask.

    Examples
    --------
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[8:56, 8:56] = 120
    >>> mask_fault(image > 0, (image > 0) * np.uint8(255), image)
    "fills 100% of the head: no tumour's mask but the head's or the brain's, or inverted?"
    """
    if not mask.any():
        return None
    highest = float(shades.max())
    seen = shades > _DIM * highest
    between = seen & (shades < _BRIGHT * highest)
    if len(np.unique(shades)) > _LEVELS and between.sum() > _SHADED * seen.sum():
        return (
            "holds shades, as a picture or a map of probabilities does; expected one number inside "
            "and another outside: cut it at a threshold first"
        )
    head = bright(image) > 0
    filled = (mask & head).sum() / max(int(head.sum()), 1)
    if filled > WHOLE:
        return (
            f"fills {filled:.0%} of the head: no tumour's mask but the head's or the brain's, or "
            "inverted?"
        )
    return None
