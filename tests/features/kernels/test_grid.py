from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.errors import UsageError
from gliaboost.features.kernels.grid import grid_edges


@given(
    height=st.integers(1, 300), width=st.integers(1, 300), rows=st.integers(1, 9), data=st.data()
)
def test_cells_cover_the_image_once_and_differ_by_a_pixel(
    height: int, width: int, rows: int, data: st.DataObject
) -> None:
    rows = min(rows, height)
    columns = data.draw(st.integers(1, width))
    for edges, cells, pixels in zip(
        grid_edges((height, width), (rows, columns)), (rows, columns), (height, width), strict=True
    ):
        assert len(edges) == cells + 1
        assert (edges[0], edges[-1]) == (0, pixels)
        sizes = np.diff(edges)
        assert sizes.min() >= 1
        assert sizes.max() - sizes.min() <= 1
        assert edges.dtype == np.int64


def test_edges_fall_where_the_docstring_says() -> None:
    ys, xs = grid_edges((10, 7), (3, 2))
    assert ys.tolist() == [0, 3, 6, 10]
    assert xs.tolist() == [0, 3, 7]


@pytest.mark.parametrize("grid", [(0, 1), (1, 0), (5, 1), (1, 7), (-1, 2)])
def test_empty_cells_are_refused(grid: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match=rf"{grid[0]} x {grid[1]} cells on images of 4 x 6"):
        grid_edges((4, 6), grid)
