"""Votes by block and gathered cells, against plain sums."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.features.kernels.cpu.descriptors import direction_maps, gathered


@pytest.mark.parametrize(("height", "width"), [(8, 12), (9, 7), (1, 5), (3, 1)])
@pytest.mark.parametrize("block", [1, 2, 4])
@pytest.mark.parametrize("directions", [4, 8])
def test_votes_are_summed_by_block(height: int, width: int, block: int, directions: int) -> None:
    image = np.random.default_rng(height).integers(0, 256, (height, width), dtype=np.uint8)
    grey = np.pad(image.astype(float), 1, mode="edge")
    down, across = grey[2:, 1:-1] - grey[:-2, 1:-1], grey[1:-1, 2:] - grey[1:-1, :-2]
    place = np.arctan2(down, across) % (2 * np.pi) / (2 * np.pi) * directions
    wanted = np.zeros((-(-height // block), directions + 1, -(-width // block)))
    half = directions / 2
    for y in range(height):
        for x in range(width):
            wanted[y // block, directions, x // block] += image[y, x]
            for k in range(directions):
                share = max(0.0, 1 - abs((place[y, x] - k + half) % directions - half))
                wanted[y // block, k, x // block] += np.hypot(down[y, x], across[y, x]) * share
    found = direction_maps(image, directions, block)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-2)


def test_cells_are_gathered_and_faint_descriptors_left_out() -> None:
    pooled = np.random.default_rng(0).random((5, 4, 6), np.float32)
    pooled[2:, :3] *= 0.01
    down, across = np.array([[0, 1], [1, 2], [3, 4]]), np.array([[0, 2], [1, 5]])
    shares, beside = gathered(pooled, down, across, 0.2)
    wanted, told = [], []
    for i, rows in enumerate(down):
        for j, columns in enumerate(across):
            cells = pooled[np.ix_(rows, range(4), columns)].transpose(0, 2, 1)
            total = cells[..., :3].sum()
            if total / 4 >= 0.2:
                wanted.append(np.sqrt(cells[..., :3] / total).ravel())
                told.append([i, j, total / 4, cells[..., 3].mean()])
    assert len(wanted) == 4
    np.testing.assert_allclose(shares, wanted, rtol=1e-5)
    np.testing.assert_allclose(beside, told, rtol=1e-5)
