from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from gliaboost.features.kernels.circles import VARIANCE_BINS, sampling
from gliaboost.features.kernels.cpu.variances import octaves_batch, variances_batch


def neighbours(image: NDArray[np.uint8], points: int, radius: float) -> NDArray[np.float64]:
    """Interpolate with SciPy: [points, H, W]."""
    far = int(radius) + 2
    padded = np.pad(image.astype(np.float64), far)
    y, x = np.indices(image.shape) + far
    angles = 2 * np.pi * np.arange(points) / points
    return np.stack(
        [
            map_coordinates(padded, [y - radius * np.sin(a), x + radius * np.cos(a)], order=1)
            for a in angles
        ]
    )


def test_it_is_the_variance_of_the_neighbours() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 19, 23), dtype=np.uint8)
    for points, radius in [(4, 1.0), (8, 1.0), (7, 2.3), (1, 1.0)]:
        got = np.empty(images.shape)
        variances_batch(images, sampling(19, 23, points, radius), got)
        want = np.stack([neighbours(i, points, radius).var(axis=0) for i in images])
        np.testing.assert_allclose(np.nan_to_num(got), want, atol=0.1, rtol=1e-4)


def test_equal_neighbours_have_none() -> None:
    images = np.full((1, 7, 7), 200, np.uint8)
    got = np.empty(images.shape)
    variances_batch(images, sampling(7, 7, 4, 1), got)
    assert np.isnan(got[0, 1:-1, 1:-1]).all()
    # At the border some neighbours are the black outside.
    assert (got[0, 0] > 0).all()


def test_octaves_begin_at_powers_of_two() -> None:
    values = [np.nan, 0.0, 0.999, 1.0, 1.999, 2.0, 3.999, 4.0, 2.0**13, 127.5**2, 1e9]
    want = [0, 0, 0, 1, 1, 2, 2, 3, 14, 14, 14]
    variances = np.array(values).reshape(1, 1, -1)
    counts = np.zeros((1, 1, 1, VARIANCE_BINS), np.uint32)
    octaves_batch(variances, np.zeros(1, np.int64), np.zeros(len(values), np.int64), counts)
    np.testing.assert_array_equal(counts[0, 0, 0], np.bincount(want, minlength=VARIANCE_BINS))


def test_each_pixel_is_counted_in_its_cell() -> None:
    variances = np.array([[[0.0, 1.0, 2.0], [4.0, 8.0, 16.0]]])
    counts = np.zeros((1, 2, 2, VARIANCE_BINS), np.uint32)
    octaves_batch(variances, np.array([0, 1]), np.array([0, 1, 1]), counts)
    assert [np.flatnonzero(c).tolist() for c in counts.reshape(4, -1)] == [[0], [1, 2], [3], [4, 5]]
    assert counts.sum() == 6
