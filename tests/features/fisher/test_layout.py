"""Descriptors lie evenly over an image, and cells weigh it by their Gaussian."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.features.fisher.layout import BLOCK, axis, check_layout, layout


@pytest.mark.parametrize("length", [7, 10, 64, 95, 256])
@pytest.mark.parametrize(("stride", "cell"), [(10, 5.0), (10, 15.0), (7, 4.5), (16, 2.0)])
def test_descriptors_are_as_far_from_both_ends(length: int, stride: int, cell: float) -> None:
    line = axis(length, stride, cell)
    assert len(line.centres) == max(1, length // stride)
    np.testing.assert_allclose(line.centres[0] - 0, length - 1 - line.centres[-1], atol=1e-4)
    np.testing.assert_allclose(np.diff(line.centres), stride)
    # The cells of a descriptor lie about its centre, their distance apart.
    blocks = np.arange(-(-length // BLOCK)) * BLOCK + (BLOCK - 1) / 2
    for centre, own in zip(line.centres, line.cells, strict=True):
        for k, place in enumerate(own):
            at = centre + (k - 1.5) * cell
            wanted = np.exp(-(((blocks - at) / cell) ** 2) * 2) * 2 / cell / np.sqrt(2 * np.pi)
            np.testing.assert_allclose(line.weights[place], wanted, rtol=1e-3, atol=1e-6)


def test_a_cell_inside_averages() -> None:
    line = axis(256, 10, 10)
    inner = line.weights[line.cells[12]].sum(axis=1) * BLOCK
    np.testing.assert_allclose(inner, 1, atol=1e-4)


def test_neighbours_share_the_cells_that_fall_together() -> None:
    assert len(axis(256, 10, 10).weights) == 25 + 3
    assert len(axis(256, 10, 4).weights) == 25 * 4


def test_a_layout_has_a_scale_for_each_distance() -> None:
    scales = layout(96, 80, 10, (5, 10))
    assert [(len(s.down.centres), len(s.across.centres)) for s in scales] == [(9, 8)] * 2


@pytest.mark.parametrize(
    ("stride", "cells", "said"),
    [
        (0, [5], "stride=0, expected 1 pixel or more"),
        (10, [5, 1], "cells=.5, 1., expected distances of 2 pixels or more"),
        (10, [5, float("nan")], "expected distances of 2"),
        (10, [], "expected distances of 2"),
        (10, [5, 5.0], "expected none twice"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(stride: int, cells: list[float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_layout(stride, cells)
