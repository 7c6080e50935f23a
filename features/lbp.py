"""Histograms of local binary patterns as feature columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from gliaboost.errors import UsageError
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
)
from gliaboost.features.registry import register
from gliaboost.features.texture import TextureExtractor


@register
class LBP(TextureExtractor):
    """Histograms of local binary patterns (Ojala 2002) on a grid, for several circles.

    Parameters
    ----------
    points : int or sequence of int
        Neighbours on each circle.
    radii : float or sequence of float
        Radius of each circle in pixels, as many as `points`.
    method : {"default", "ror", "uniform", "nri_uniform", "var"}
        As scikit-image's `local_binary_pattern`; what a bin counts is told by
        `gliaboost.features.kernels.cpu.lbp.lbp_histograms`.
    grid : int or (int, int)
        Rows and columns of cells.

    Notes
    -----
    Values are fractions of a cell's pixels. Columns are named
    ``lbp__p_8__r_1__method_uniform__grid_4__y0_x3_b7``: cell row and column, bin.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features import LBP
    >>> LBP().transform(np.zeros((2, 256, 256), np.uint8)).shape
    (2, 864)
    """

    name: ClassVar[str] = "lbp"
    title: ClassVar[str] = "LBP"

    def __init__(
        self,
        points: int | Sequence[int] = (8, 16, 24),
        radii: float | Sequence[float] = (1, 2, 3),
        method: str = "uniform",
        grid: Pair = 4,
    ) -> None:
        self.points = points
        self.radii = radii
        self.method = method
        self.grid = grid

    def _circles(self) -> list[tuple[int, float]]:
        points = self.points if isinstance(self.points, list | tuple) else (self.points,)
        radii = self.radii if isinstance(self.radii, list | tuple) else (self.radii,)
        circles = list(zip(points, radii, strict=False))
        if len(points) != len(radii) or not circles or len(set(circles)) != len(circles):
            raise UsageError(
                f"LBP points {self.points!r} and radii {self.radii!r}; expected as many of both, "
                "at least one, and no circle twice"
            )
        return circles

    def _compute(self, kernels: Any, images: Any) -> Any:
        circles = self._circles()
        return kernels.lbp_histograms(
            images,
            [p for p, _ in circles],
            [r for _, r in circles],
            self.method,
            grid=pair(self.grid, "grid"),
            normed=True,
        )

    def _names(self, height: int, width: int) -> list[str]:
        from gliaboost.features.kernels.circles import histogram_bins

        rows, columns = pair(self.grid, "grid")
        tail = f"method_{self.method}__grid_{pair_text(self.grid, 'grid')}"
        return [
            f"lbp__p_{p}__r_{number_text(r)}__{tail}__y{y}_x{x}_b{b}"
            for p, r in self._circles()
            for y in range(rows)
            for x in range(columns)
            for b in range(histogram_bins(p, self.method))
        ]

    @classmethod
    def from_names(cls, names: Sequence[str]) -> LBP:
        """Rebuild the extractor, with those circles that the names have."""
        parts = name_parts(names, ("p", "r", "method", "grid"))
        circles = list(dict.fromkeys((int(p["p"]), parse_number(p["r"])) for p in parts))
        return cls(
            points=[p for p, _ in circles],
            radii=[r for _, r in circles],
            method=one_value(parts, "method"),
            grid=parse_pair(one_value(parts, "grid")),
        )

    def place(self, feature_name: str, height: int, width: int) -> Box | None:
        """Return the grid's cell that a column looks at; None where the grid has but one."""
        return grid_cell(feature_name, pair(self.grid, "grid"), height, width)
