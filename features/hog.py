"""Histograms of oriented gradients as feature columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from gliaboost.features.base import Box
from gliaboost.features.parameters import (
    Pair,
    name_parts,
    one_value,
    pair,
    pair_text,
    parse_pair,
    position,
)
from gliaboost.features.registry import register
from gliaboost.features.texture import TextureExtractor


@register
class HOG(TextureExtractor):
    """Histograms of oriented gradients (Dalal & Triggs 2005), with scikit-image's numbers.

    Parameters
    ----------
    orientations : int
        Bins over 180 degrees.
    pixels_per_cell, cells_per_block : int or (int, int)
        Rows and columns; one number serves both.
    block_norm : {"L1", "L1-sqrt", "L2", "L2-Hys"}
        How a block is normalised.
    transform_sqrt : bool
        Take the square root of the intensities first.
    soft_bins : bool
        Share each vote between the two nearest bins (not in scikit-image).

    Notes
    -----
    Columns are named ``hog__cell_32__block_2__bins_9__norm_L2-Hys__y3_x4_r0_c1_b7``: block row and
    column, cell row and column within the block, bin; ``vote_sqrt``, ``vote_soft`` or
    ``vote_sqrt-soft`` stands before the position where these options are on.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.features import HOG
    >>> HOG().transform(np.zeros((2, 256, 256), np.uint8)).shape
    (2, 1764)
    """

    name: ClassVar[str] = "hog"
    title: ClassVar[str] = "HOG"

    def __init__(
        self,
        orientations: int = 9,
        pixels_per_cell: Pair = 32,
        cells_per_block: Pair = 2,
        block_norm: str = "L2-Hys",
        transform_sqrt: bool = False,
        soft_bins: bool = False,
    ) -> None:
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.block_norm = block_norm
        self.transform_sqrt = transform_sqrt
        self.soft_bins = soft_bins

    def _compute(self, kernels: Any, images: Any) -> Any:
        return kernels.hog(
            images,
            orientations=self.orientations,
            pixels_per_cell=pair(self.pixels_per_cell, "pixels_per_cell"),
            cells_per_block=pair(self.cells_per_block, "cells_per_block"),
            block_norm=self.block_norm,
            transform_sqrt=self.transform_sqrt,
            soft_bins=self.soft_bins,
        )

    def _names(self, height: int, width: int) -> list[str]:
        (ch, cw) = pair(self.pixels_per_cell, "pixels_per_cell")
        (bh, bw) = pair(self.cells_per_block, "cells_per_block")
        options = [o for o in ("sqrt", "soft") if getattr(self, _OPTIONS[o])]
        prefix = "__".join(
            [
                "hog",
                f"cell_{pair_text(self.pixels_per_cell, 'pixels_per_cell')}",
                f"block_{pair_text(self.cells_per_block, 'cells_per_block')}",
                f"bins_{self.orientations}",
                f"norm_{self.block_norm}",
                *(["vote_" + "-".join(options)] if options else []),
            ]
        )
        return [
            f"{prefix}__y{y}_x{x}_r{r}_c{c}_b{b}"
            for y in range(height // ch - bh + 1)
            for x in range(width // cw - bw + 1)
            for r in range(bh)
            for c in range(bw)
            for b in range(self.orientations)
        ]

    @classmethod
    def from_names(cls, names: Sequence[str]) -> HOG:
        """Rebuild the extractor from some of its column names."""
        parts = name_parts(names, ("cell", "block", "bins", "norm"))
        vote = one_value([{"vote": p.get("vote", "")} for p in parts], "vote").split("-")
        return cls(
            orientations=int(one_value(parts, "bins")),
            pixels_per_cell=parse_pair(one_value(parts, "cell")),
            cells_per_block=parse_pair(one_value(parts, "block")),
            block_norm=one_value(parts, "norm"),
            transform_sqrt="sqrt" in vote,
            soft_bins="soft" in vote,
        )

    def place(self, feature_name: str, height: int, width: int) -> Box:
        """Return the cell that a column looks at."""
        at = position(feature_name)
        rows, columns = pair(self.pixels_per_cell, "pixels_per_cell")
        y, x = at["y"] + at["r"], at["x"] + at["c"]
        return Box(y * rows, x * columns, (y + 1) * rows, (x + 1) * columns)


_OPTIONS = {"sqrt": "transform_sqrt", "soft": "soft_bins"}
