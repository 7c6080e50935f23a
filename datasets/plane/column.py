"""The column ``plane``: as the manifest gives it, and from the picture where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.plane.inference import PLANES, UNKNOWN, named_plane

if TYPE_CHECKING:
    import pandas as pd

COLUMN = "plane"
_SPELLINGS = {
    "axial": ("axial", "ax", "axi", "tra", "trans", "transverse", "transversal", "horizontal"),
    "coronal": ("coronal", "cor", "frontal"),
    "sagittal": ("sagittal", "sag", "saggital", "sagital"),
}
_KNOWN = {word: plane for plane, words in _SPELLINGS.items() for word in words}


def given_planes(table: pd.DataFrame) -> list[str | None]:
    """Read the planes that a manifest's table gives.

    Parameters
    ----------
    table : pandas.DataFrame
        Its column ``plane``, if there is one, is read in the usual spellings.

    Returns
    -------
    list of str or None
        One of `PLANES` a row; None where none is given, or a word that is no plane's.

    Examples
    --------
    >>> import pandas as pd
    >>> given_planes(pd.DataFrame({"plane": ["AX", "Coronal", None, "oblique"]}))
    ['axial', 'coronal', None, None]
    """
    if COLUMN not in table:
        return [None] * len(table)
    return [
        _KNOWN.get(each.strip().casefold()) if isinstance(each, str) else None
        for each in table[COLUMN]
    ]


def completed_planes(
    given: Sequence[str | None], probabilities: Sequence[NDArray[np.float32] | None]
) -> list[str]:
    """Take what is given, and what the picture tells where nothing is.

    Parameters
    ----------
    given : sequence of str or None
        From `given_planes`.
    probabilities : sequence of float32 array [3] or None
        From `gliaboost.datasets.plane.inference.plane_probabilities`; None for a picture that was
        not looked at.

    Returns
    -------
    list of str
        One of `PLANES`, or ``"unknown"``, a row.

    Examples
    --------
    >>> sure = np.array([0.9, 0.05, 0.05], np.float32)
    >>> completed_planes(["coronal", None, None], [None, sure, None])
    ['coronal', 'axial', 'unknown']
    """
    return [
        plane or (UNKNOWN if seen is None else named_plane(seen))
        for plane, seen in zip(given, probabilities, strict=True)
    ]


def in_order(planes: Sequence[str]) -> list[str]:
    """Sort the planes that occur: axial, coronal, sagittal, unknown.

    Examples
    --------
    >>> in_order(["unknown", "sagittal", "axial", "axial"])
    ['axial', 'sagittal', 'unknown']
    """
    return [plane for plane in (*PLANES, UNKNOWN) if plane in planes]
