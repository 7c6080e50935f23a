"""How well a predicted mask covers the true one: overlap, and how far outlines lie apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class MaskOverlap:
    """A predicted mask against the true one.

    Attributes
    ----------
    area_true, area_predicted : int
        In pixels.
    dice, iou : float
        0 to 1. By convention 1 where both masks are empty: no tumour, and none found. 0 where one
        is.
    precision : float, optional
        Share of the predicted pixels that are true; None where nothing is predicted.
    recall : float, optional
        Share of the true pixels that are predicted; None where nothing is true.
    hd95 : float
        95th percentile Hausdorff distance (`hausdorff95`), in mm where a spacing was given, else in
        pixels. 0 where both masks are empty; infinite where one is, as there is no outline to be
        near to.
    area_error : float, optional
        Predicted minus true area, as a share of the true one; None where nothing is true.
    """

    area_true: int
    area_predicted: int
    dice: float
    iou: float
    precision: float | None
    recall: float | None
    hd95: float
    area_error: float | None


def overlap(true: Mask, predicted: Mask, spacing: tuple[float, float] | None = None) -> MaskOverlap:
    """Compare two masks of one image.

    Parameters
    ----------
    true, predicted : bool array [H, W]
        True inside.
    spacing : (row mm, column mm), optional
        For distances in mm.

    Returns
    -------
    MaskOverlap

    Raises
    ------
    UsageError
        If the masks differ in size or are no bool arrays.

    Examples
    --------
    >>> true = np.zeros((20, 20), bool)
    >>> true[5:15, 5:15] = True
    >>> found = overlap(true, np.roll(true, 2, axis=1))
    >>> found.dice, found.precision, found.hd95
    (0.8, 0.8, 2.0)
    """
    _check(true, predicted)
    both = int(np.count_nonzero(true & predicted))
    of_true, of_predicted = int(np.count_nonzero(true)), int(np.count_nonzero(predicted))
    either = of_true + of_predicted - both
    return MaskOverlap(
        of_true,
        of_predicted,
        2 * both / (of_true + of_predicted) if either else 1.0,
        both / either if either else 1.0,
        both / of_predicted if of_predicted else None,
        both / of_true if of_true else None,
        hausdorff95(true, predicted, spacing),
        (of_predicted - of_true) / of_true if of_true else None,
    )


def slice_row(
    true: NDArray[np.bool_],
    predicted: NDArray[np.bool_],
    *,
    path: str,
    label: str,
    experiment: str,
    seconds: float | None = None,
    **known: Any,
) -> dict[str, Any]:
    """Compare the masks of one slice: a row of a table of slices.

    Parameters
    ----------
    true, predicted : bool array [H, W]
        At the image's own size.
    path, label, experiment : str
        Which image, its class, and what found the mask.
    seconds : float, optional
        Time to find it.
    **known
        ``patient``, ``group``, ``fold`` and whatever else is to be kept.

    Returns
    -------
    dict
        `gliaboost.reports.statistics.segmentation.COLUMNS` and `known`; NaN where a number is
        undefined.

    Raises
    ------
    UsageError
        If the masks differ in size or are no bool arrays.

    Examples
    --------
    >>> square = np.ones((4, 4), bool)
    >>> row = slice_row(square, square, path="1.png", label="glioma", experiment="Otsu", fold="1")
    >>> row["dice"], row["area_true"], row["fold"]
    (1.0, 16, '1')
    """
    numbers = vars(overlap(true, predicted)).items()
    # An area's error follows from the two areas.
    told = {k: np.nan if v is None else v for k, v in numbers if k != "area_error"}
    named = {"path": path, "label": label, "experiment": experiment}
    return {**named, **known, **told, "seconds": np.nan if seconds is None else seconds}


def hausdorff95(true: Mask, predicted: Mask, spacing: tuple[float, float] | None = None) -> float:
    """Say how far two outlines lie apart, but for the worst twentieth of them.

    The outline is the pixels inside a mask that share a side with what is outside of it or with the
    picture's edge. From each the distance to the nearest of the other outline is taken, from middle
    to middle; of the 95th percentiles of both directions the larger counts, as in MONAI. (MedPy
    pools both directions before it takes the percentile, which can only be less.)

    Parameters
    ----------
    true, predicted : bool array [H, W]
        True inside.
    spacing : (row mm, column mm), optional
        For a distance in mm; else in pixels.

    Returns
    -------
    float
        0 where both masks are empty, infinite where one is.

    Raises
    ------
    UsageError
        If the masks differ in size or are no bool arrays.

    References
    ----------
    Huttenlocher, Klanderman and Rucklidge, "Comparing images using the Hausdorff distance", IEEE
    Trans. Pattern Anal. Mach. Intell. 15 (1993).
    """
    from scipy import ndimage

    _check(true, predicted)
    seen = true | predicted
    if not seen.any():
        return 0.0
    if not (true.any() and predicted.any()):
        return math.inf
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    outlines = [m[box] & ~ndimage.binary_erosion(m[box]) for m in (true, predicted)]
    far = 0.0
    for here, there in (outlines, outlines[::-1]):
        distances = ndimage.distance_transform_edt(~there, sampling=spacing)[here]
        far = max(far, float(np.percentile(distances, 95)))
    return far


def _check(true: Mask, predicted: Mask) -> None:
    if (
        true.ndim != 2
        or true.shape != predicted.shape
        or {true.dtype, predicted.dtype} != {np.dtype(bool)}
    ):
        raise UsageError(
            f"a true mask of shape {list(true.shape)} and dtype {true.dtype}, and a predicted one "
            f"of shape {list(predicted.shape)} and dtype {predicted.dtype}; expected two of bool "
            "[H, W], of one size"
        )
