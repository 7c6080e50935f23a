"""Descriptors equal a plain reference in double precision, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.features.fisher.descriptors import LEAST, describe, no_descriptors
from gliaboost.features.fisher.layout import BLOCK


def reference(image: NDArray[np.uint8], stride: int, cells: tuple[float, ...]) -> Any:
    """Follow the definition: no tables, no shared cells, no products of matrices."""
    height, width = image.shape
    grey = np.pad(image.astype(float), 1, mode="edge")
    down, across = grey[2:, 1:-1] - grey[:-2, 1:-1], grey[1:-1, 2:] - grey[1:-1, :-2]
    place = np.arctan2(down, across) % (2 * np.pi) / (2 * np.pi) * 8
    votes = np.zeros((height, width, 9))
    for k in range(8):
        apart = np.abs((place - k + 4) % 8 - 4)
        votes[..., k] = np.hypot(down, across) * np.maximum(0, 1 - apart)
    votes[..., 8] = image
    # A pixel counts where its block lies.
    y, x = (np.arange(n) // BLOCK * BLOCK + (BLOCK - 1) / 2 for n in (height, width))
    shares, beside = [], []
    for cell in cells:
        rows, columns = (max(1, n // stride) for n in (height, width))
        for i in range(rows):
            for j in range(columns):
                cy = (height - 1) / 2 + (i - (rows - 1) / 2) * stride
                cx = (width - 1) / 2 + (j - (columns - 1) / 2) * stride
                own = np.zeros((4, 4, 9))
                for a in range(4):
                    for b in range(4):
                        py, px = cy + (a - 1.5) * cell, cx + (b - 1.5) * cell
                        wy = np.exp(-(((y - py) / (cell / 2)) ** 2) / 2)
                        wx = np.exp(-(((x - px) / (cell / 2)) ** 2) / 2)
                        area = 2 * np.pi * (cell / 2) ** 2
                        own[a, b] = np.einsum("y,x,yxk->k", wy, wx, votes) / area
                total = own[..., :8].sum()
                if total / 16 < LEAST:
                    continue
                shares.append(np.sqrt(own[..., :8] / total).ravel())
                told = [np.log1p(total / 16), own[..., 8].mean() / 255]
                beside.append([cy / height, cx / width, *told])
    return np.asarray(shares), np.asarray(beside)


def picture(height: int, width: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(height * 1000 + width)
    image = rng.integers(0, 256, (height, width)) * (np.arange(width) > width / 3)
    return np.asarray(image + 0, np.uint8)


@pytest.mark.integration
@pytest.mark.parametrize(("height", "width"), [(40, 40), (33, 50), (9, 21)])
@pytest.mark.parametrize(
    ("stride", "cells"), [(10, (5.0, 10.0, 15.0)), (7, (4.0,)), (6, (2.5, 9.0))]
)
def test_numbers_are_those_of_the_definition(
    height: int, width: int, stride: int, cells: tuple[float, ...]
) -> None:
    image = picture(height, width)
    shares, beside = reference(image, stride, cells)
    found = describe(image, stride, cells)
    assert found.shares.dtype == found.beside.dtype == np.float32
    np.testing.assert_allclose(found.shares, shares, atol=2e-5)
    np.testing.assert_allclose(found.beside, beside, rtol=2e-5, atol=2e-5)


def test_what_holds_no_gradient_is_left_out() -> None:
    image = np.zeros((64, 128), np.uint8)
    image[:, 96:] = picture(64, 32)
    found = describe(image, 8, (4.0,))
    assert 0 < len(found.shares) < 8 * 16 / 2
    assert (found.beside[:, 1] > 0.6).all()
    np.testing.assert_allclose(np.linalg.norm(found.shares, axis=1), 1, rtol=1e-5)
    assert len(describe(np.full((64, 64), 99, np.uint8), 8, (4.0,)).shares) == 0


def test_opposite_edges_differ() -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 3, (64, 1))
    one, other = describe(ramp, 16, (4.0,)), describe(ramp[:, ::-1], 16, (4.0,))
    assert np.abs(one.shares - other.shares).max() > 0.1
    assert one.shares.reshape(-1, 16, 8)[..., 0].min() > 0.2


def test_none_are_of_the_right_width() -> None:
    some = describe(picture(32, 32), 8, (4.0,))
    assert [part.shape[1] for part in no_descriptors()] == [part.shape[1] for part in some]
