"""How much of the evidence lies outside the head, on air or on burnt-in marks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.head import Mask, head, marks

# Shares below this are not told apart.
LEAST = 0.0005


@dataclass(frozen=True, eq=False)
class Ground:
    """Evidence outside the head.

    Attributes
    ----------
    head : bool array [S, S]
        Where the head was found.
    outside_head : float
        Share of the evidence that has a place on the image which lies outside the head, 0 to 1.
    on_marks : float
        Share that lies there on bright marks (burnt-in text, a letter for a side, a scale) or close
        around them.
    """

    head: Mask
    outside_head: float
    on_marks: float

    @property
    def area(self) -> float:
        """Share of the picture that lies outside the head."""
        return float(1 - self.head.mean())

    def words(self) -> str:
        """Say it in a sentence or two; empty where the head fills the picture.

        Examples
        --------
        >>> inside = np.array([[True, False]])
        >>> Ground(inside, 0.25, 0.0).words()
        '25.0% of what is drawn lies outside the head (white line), on air.'
        """
        if self.head.all():
            return ""
        air = self.outside_head - self.on_marks
        said = f"{self.outside_head:.1%} of what is drawn lies outside the head (white line)"
        if self.on_marks >= LEAST:
            said += f": {air:.1%} on air, {self.on_marks:.1%} at text or other marks"
        elif self.outside_head >= LEAST:
            said += ", on air"
        chance = " As much would lie there by chance."
        return f"{said}.{chance if self.outside_head >= self.area else ''}"


def ground_of_boxes(
    image: NDArray[np.uint8], values: NDArray[np.floating], boxes: NDArray[np.int64]
) -> Ground:
    """Measure it for columns with a place; each value's size counts, spread over its box.

    Parameters
    ----------
    image : uint8 array [S, S]
        What the columns were measured on.
    values : float array [D]
        SHAP values, for and against; only columns that have a place.
    boxes : int64 array [D, 4]
        Top, left, bottom, right of each.

    Returns
    -------
    Ground
    """
    inside = head(image)
    sizes = np.abs(values.astype(np.float64))
    whole = float(sizes.sum()) or 1.0

    def share(where: Mask) -> float:
        return float(sizes @ _covered(where, boxes)) / whole

    return Ground(inside, share(~inside), share(marks(image, inside)))


def ground_of_map(image: NDArray[np.uint8], heat: NDArray[np.floating]) -> Ground:
    """Measure it for a map over the image, such as Grad-CAM.

    Parameters
    ----------
    image : uint8 array [S, S]
        What the network was given.
    heat : float array [S, S]
        Weight of each pixel.

    Returns
    -------
    Ground
    """
    inside = head(image)
    sizes = np.abs(heat.astype(np.float64))
    whole = float(sizes.sum()) or 1.0
    on_marks = float(sizes[marks(image, inside)].sum()) / whole
    return Ground(inside, float(sizes[~inside].sum()) / whole, on_marks)


def _covered(where: Mask, boxes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return which share of each box a mask covers."""
    sums = np.pad(where.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    top, left, bottom, right = boxes.T
    inner = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return np.asarray(inner / np.maximum(1, (bottom - top) * (right - left)))
