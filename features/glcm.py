"""Properties of grey-level co-occurrence as feature columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from gliaboost.features.base import Box
from gliaboost.features.parameters import (
    Pair,
    grid_cell,
    name_parts,
    number_text,
    one_value,
    pair,
    pair_text,
    parse_number,
    parse_pair,
    sequence,
)
from gliaboost.features.registry import register
from gliaboost.features.texture import TextureExtractor


@register
class GLCM(TextureExtractor):
    """Texture properties of grey-level co-occurrence (Haralick 1973).

    Parameters
    ----------
    levels : int
        Grey levels, 2 to 256; intensity v becomes ``(v * levels) >> 8``.
    distances : float or sequence of float
        Between the pixels of a pair.
    angles : float or sequence of float
        Degrees; 0 points right, 90 down.
    properties : str or sequence of str
        scikit-image's ten, and those of Haralick's thirteen that it lacks: see
        `gliaboost.features.kernels.cpu.glcm.glcm_properties`.
    symmetric : bool
        Count each pair both ways.
    grid : int or (int, int)
        Rows and columns of cells; only pairs within a cell count.

    Notes
    -----
    Columns are named ``glcm__levels_32__d_1__a_45__sym_1__grid_1__property_contrast__y0_x0``:
    cell row and column last.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features import GLCM
    >>> GLCM().transform(np.zeros((2, 256, 256), np.uint8)).shape
    (2, 72)
    """

    name: ClassVar[str] = "glcm"
    title: ClassVar[str] = "GLCM"

    def __init__(
        self,
        levels: int = 32,
        distances: float | Sequence[float] = (1, 2, 4),
        angles: float | Sequence[float] = (0, 45, 90, 135),
        properties: str | Sequence[str] = (
            "contrast",
            "dissimilarity",
            "homogeneity",
            "energy",
            "correlation",
            "entropy",
        ),
        symmetric: bool = True,
        grid: Pair = 1,
    ) -> None:
        self.levels = levels
        self.distances = distances
        self.angles = angles
        self.properties = properties
        self.symmetric = symmetric
        self.grid = grid

    def _compute(self, kernels: Any, images: Any) -> Any:
        from gliaboost.features.kernels.cooccurrence import glcm_offsets

        radians = [math.radians(a) for a in sequence(self.angles, "angles")]
        return kernels.glcm_properties(
            images,
            glcm_offsets(sequence(self.distances, "distances"), radians),
            sequence(self.properties, "properties"),
            levels=self.levels,
            symmetric=self.symmetric,
            grid=pair(self.grid, "grid"),
        )

    def _names(self, height: int, width: int) -> list[str]:
        rows, columns = pair(self.grid, "grid")
        head, grid = f"glcm__levels_{self.levels}", pair_text(self.grid, "grid")
        return [
            f"{head}__d_{number_text(d)}__a_{number_text(a)}__sym_{int(self.symmetric)}"
            f"__grid_{grid}__property_{p}__y{y}_x{x}"
            for y in range(rows)
            for x in range(columns)
            for d in sequence(self.distances, "distances")
            for a in sequence(self.angles, "angles")
            for p in sequence(self.properties, "properties")
        ]

    @classmethod
    def from_names(cls, names: Sequence[str]) -> GLCM:
        """Rebuild the extractor, with those distances, angles and properties the names have."""
        parts = name_parts(names, ("levels", "d", "a", "sym", "grid", "property"))
        return cls(
            levels=int(one_value(parts, "levels")),
            distances=[parse_number(t) for t in dict.fromkeys(p["d"] for p in parts)],
            angles=[parse_number(t) for t in dict.fromkeys(p["a"] for p in parts)],
            properties=list(dict.fromkeys(p["property"] for p in parts)),
            symmetric=one_value(parts, "sym") == "1",
            grid=parse_pair(one_value(parts, "grid")),
        )

    def place(self, feature_name: str, height: int, width: int) -> Box | None:
        """Return the grid's cell that a column looks at; None where the grid has but one."""
        return grid_cell(feature_name, pair(self.grid, "grid"), height, width)
