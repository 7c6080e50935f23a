from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gliaboost.features.embedding.pooling import CELLS, POOLS  # noqa: E402


def test_pools_against_numpy() -> None:
    maps = np.random.default_rng(0).normal(1, 1, (3, 5, 7, 6)).astype(np.float32)
    wanted = {
        "avg": maps.mean(axis=(2, 3)),
        "max": maps.max(axis=(2, 3)),
        "std": maps.std(axis=(2, 3)),
        "gem": (np.maximum(maps.astype(np.float64), 1e-6) ** 3).mean(axis=(2, 3)) ** (1 / 3),
        "grid2x2": np.concatenate(
            [
                maps[:, :, rows, columns].mean(axis=(2, 3))
                for rows in (slice(0, 4), slice(3, 7))
                for columns in (slice(0, 3), slice(3, 6))
            ],
            axis=1,
        ),
        # Seven rows in three cells: neighbours share a row.
        "grid3x3": np.concatenate(
            [
                maps[:, :, rows, columns].mean(axis=(2, 3))
                for rows in (slice(0, 3), slice(2, 5), slice(4, 7))
                for columns in (slice(0, 2), slice(2, 4), slice(4, 6))
            ],
            axis=1,
        ),
    }
    assert wanted.keys() == POOLS.keys()
    for name, pool in POOLS.items():
        np.testing.assert_allclose(pool(torch.from_numpy(maps)).numpy(), wanted[name], rtol=1e-5)


@pytest.mark.parametrize("pool", sorted(POOLS))
def test_columns_are_as_many_as_their_names(pool: str) -> None:
    assert POOLS[pool](torch.rand(2, 5, 4, 4)).shape == (2, 5 * len(CELLS[pool]))
    assert len(set(CELLS[pool])) == len(CELLS[pool])


def test_quarters_come_cell_by_cell_in_the_order_of_their_names() -> None:
    maps = torch.zeros(1, 2, 4, 6)
    maps[0, 1, 2:, :3] = 1
    assert POOLS["grid2x2"](maps).tolist() == [[0, 0, 0, 0, 0, 1, 0, 0]]
    assert CELLS["grid2x2"][2] == "y1_x0_"


def test_a_flat_map_deviates_by_nothing_and_has_a_slope() -> None:
    flat = torch.full((1, 1, 3, 3), 7.0, requires_grad=True)
    found = POOLS["std"](flat)
    assert found.item() == pytest.approx(0, abs=1e-5)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(flat.grad).all()


def test_a_generalised_mean_lies_between_average_and_maximum() -> None:
    maps = torch.rand(3, 4, 5, 5)
    low, mean, high = (POOLS[name](maps) for name in ("avg", "gem", "max"))
    assert (low < mean).all()
    assert (mean < high).all()
    # What is below 0 counts as hardly anything, and has a slope.
    dark = torch.full((1, 1, 2, 2), -5.0, requires_grad=True)
    assert POOLS["gem"](dark).item() == pytest.approx(1e-6, rel=1e-3)
