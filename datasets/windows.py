"""Values to grey levels: CT windows, those of DICOM, and a stretch where there is none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

# Between which an image without a window is stretched.
PERCENTILES = (0.2, 99.8)
# Centre and width in Hounsfield units.
WINDOWS: dict[str, tuple[float, float]] = {
    "brain": (40.0, 80.0),
    "subdural": (75.0, 215.0),
    "bone": (600.0, 2800.0),
}


def find_window(name: str) -> tuple[float, float]:
    """Return centre and width of a named window, or of ``"CENTRE:WIDTH"``.

    Raises
    ------
    UsageError
        If the name is unknown or the width is not above 1.

    Examples
    --------
    >>> find_window("brain"), find_window("35:100")
    ((40.0, 80.0), (35.0, 100.0))
    """
    if name in WINDOWS:
        return WINDOWS[name]
    centre, _, width = name.partition(":")
    try:
        window = float(centre), float(width)
    except ValueError:
        window = (0.0, 0.0)
    if not window[1] > 1:
        raise UsageError(
            f"window {name!r}; expected {', '.join(WINDOWS)}, or CENTRE:WIDTH with a width above 1"
        )
    return window


def apply_window(values: NDArray[Any], centre: float, width: float) -> NDArray[np.uint8]:
    """Map values to grey levels: the linear VOI function of DICOM PS3.3, C.11.2.1.2.

    Parameters
    ----------
    values : array [H, W]
        Hounsfield units, or what else the window is meant for.
    centre, width : float
        Of the window; `width` above 1.

    Returns
    -------
    uint8 array [H, W]
        0 below the window, 255 above.

    Examples
    --------
    >>> apply_window(np.array([[-100, 40, 200]]), 40, 80).tolist()
    [[0, 129, 255]]
    """
    share = (values.astype(np.float64) - (centre - 0.5)) / (width - 1) + 0.5
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def apply_sigmoid(values: NDArray[Any], centre: float, width: float) -> NDArray[np.uint8]:
    """Map values to grey levels: the sigmoid VOI function of DICOM PS3.3, C.11.2.1.3.1.

    Parameters
    ----------
    values : array [H, W]
        What the window is meant for.
    centre, width : float
        Of the window; `width` above 0.

    Returns
    -------
    uint8 array [H, W]

    Examples
    --------
    >>> apply_sigmoid(np.array([[-1000, 40, 1000]]), 40, 80).tolist()
    [[0, 128, 255]]
    """
    steep = np.clip(-4 * (values.astype(np.float64) - centre) / width, -700, 700)
    return np.rint(255 / (1 + np.exp(steep))).astype(np.uint8)


def stretch(values: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Map values in arbitrary units, as those of MRI, to grey levels between two percentiles.

    Between the least and the greatest value a single hot pixel would leave the rest black.

    Parameters
    ----------
    values : array [H, W]
        What is not finite becomes black, or white where it is infinitely much.
    valid : bool array [H, W], optional
        The pixels that the percentiles are taken of; default: all.

    Returns
    -------
    uint8 array [H, W]
        0 up to the percentile `PERCENTILES[0]`, 255 from `PERCENTILES[1]`; all 0 where no value
        differs.

    Examples
    --------
    >>> ramp = np.arange(1000).reshape(20, 50)
    >>> ramp[0, 0] = 9_000_000
    >>> stretch(ramp)[[0, 0, 10, 19], [0, 1, 0, 49]].tolist()
    [255, 0, 127, 255]
    """
    numbers = values.astype(np.float64)
    known = np.isfinite(numbers) if valid is None else np.isfinite(numbers) & valid
    inside = numbers[known]
    if not inside.size or inside.min() == inside.max():
        return np.zeros(values.shape, np.uint8)
    low, high = _ends(inside)
    above = inside[inside > inside.min()]
    if above.min() < above.max() and (ends := _ends(above))[0] < ends[1]:
        # A ground far below all else, further than these are apart, is padding that no tag names.
        low = ends[0] if above.min() - inside.min() > ends[1] - ends[0] else low
    if not low < high:
        low, high = inside.min(), inside.max()
    with np.errstate(over="ignore", invalid="ignore"):  # floats may span more than a float
        share = (numbers - low) / (high - low)
    return np.rint(np.clip(np.nan_to_num(share, nan=0.0), 0, 1) * 255).astype(np.uint8)


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    """Take percentiles from within: of few pixels too, the outermost one does not count."""
    places = (np.array(PERCENTILES) / 100 * (values.size - 1)).tolist()
    low, high = math.ceil(places[0]), math.floor(places[1])
    ordered = np.partition(values, [low, high])
    return float(ordered[low]), float(ordered[high])
