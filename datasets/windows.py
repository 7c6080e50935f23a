"""CT windows: Hounsfield units to the grey levels that a radiologist looks at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

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
