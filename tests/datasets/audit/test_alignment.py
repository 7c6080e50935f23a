from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit.alignment import (
    HERE,
    SMOOTH,
    aligned,
    flat,
    in_pixels,
    in_units,
    is_small,
    moved,
    sized,
    unflat,
)

Image = NDArray[np.uint8]


def slice_of(seed: int, size: int = 128) -> Image:
    """Draw an oval with soft structure on black, as a head in a field of view."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    inside = (x / rng.uniform(0.6, 0.75)) ** 2 + (y / rng.uniform(0.75, 0.85)) ** 2 < 1
    texture = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), size / 28)
    image = np.where(inside, 120 + 45 * texture / texture.std(), 2)
    return np.clip(image, 0, 255).astype(np.uint8)


def affine(scale: tuple[float, float], shift: tuple[float, float]) -> Any:
    move = np.diag([*scale, 1.0])
    move[:2, 2] = [0.5 * (1 - s) + t for s, t in zip(scale, shift, strict=True)]
    return move


def as_seen(image: Image, move: Any) -> Image:
    """Make the picture of which `move` tells where points of `image` lie."""
    seen, _ = moved(image, np.linalg.inv(move), (image.shape[0], image.shape[1]))
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", SMOOTH)
@pytest.mark.parametrize("seed", range(3))
def test_a_small_move_is_found(seed: int, size: int) -> None:
    image = slice_of(seed)
    move = affine((1.03, 0.98), (0.01, -0.02))
    found = aligned(image, as_seen(image, move), size)
    assert found is not None
    np.testing.assert_allclose(found, move, atol=0.004)
    back, reach = moved(as_seen(image, move), found, (128, 128))
    inside = reach > 0
    assert np.corrcoef(back[inside], image[inside])[0, 1] > 0.995


def test_a_far_move_is_found_from_where_it_roughly_is() -> None:
    image = slice_of(0)
    move = affine((1.6, 1.3), (0.12, 0.05))
    crop = as_seen(image, move)
    begin = affine((1.56, 1.33), (0.11, 0.06))
    found = aligned(image, crop, 64, begin)
    assert found is not None
    np.testing.assert_allclose(found, move, atol=0.01)
    assert is_small(found, begin) and not is_small(found)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_small_move_stretches_and_shifts_just_so_far(axis: int) -> None:
    def small(scale: float, shift: float) -> bool:
        scales, shifts = [1.0, 1.0], [0.0, 0.0]
        scales[axis], shifts[axis] = scale, shift
        return is_small(affine((scales[0], scales[1]), (shifts[0], shifts[1])))

    assert all(small(scale, 0) for scale in (0.945, 1.055))
    assert not any(small(scale, 0) for scale in (0.935, 1.065))
    assert all(small(1, shift) for shift in (-0.06, 0.06))
    assert not any(small(1, shift) for shift in (-0.065, 0.065))


def test_what_does_not_converge_has_no_move() -> None:
    assert aligned(slice_of(0), 255 - slice_of(0), 64) is None
    assert aligned(slice_of(0), np.zeros((128, 128), np.uint8), 64) is None


def test_a_move_reads_the_same_in_pixels_of_any_size_and_in_a_table() -> None:
    move = affine((1.25, 0.8), (0.1, -0.05))
    np.testing.assert_allclose(in_units(in_pixels(move, 64), 64), move)
    # The middle of the first pixel of four lies at an eighth.
    there = move @ [1 / 8, 1 / 8, 1]
    np.testing.assert_allclose((in_pixels(move, 4) @ [0, 0, 1])[:2], 4 * there[:2] - 0.5)
    np.testing.assert_allclose(unflat(flat(move)), move, atol=1e-5)
    assert flat(HERE) == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def test_a_picture_is_moved_into_a_frame_of_another_size() -> None:
    image = slice_of(1)
    seen, reach = moved(image, HERE, (64, 256))
    assert seen.shape == reach.shape == (64, 256)
    assert np.corrcoef(seen.ravel(), cv2.resize(image, (256, 64)).ravel())[0, 1] > 0.98
    half, reach = moved(image, affine((2, 1), (0, 0)), (128, 128))
    assert (reach > 0).mean() == pytest.approx(0.5, abs=0.02)
    assert half[64, 5] == pytest.approx(float(image[64, 0]), abs=1)  # its edge goes on


def test_a_picture_at_another_size_is_the_mean_of_its_places() -> None:
    image = np.kron([[0, 100], [200, 50]], np.ones((64, 64))).astype(np.uint8)
    assert sized(image, 2).tolist() == [[0, 100], [200, 50]]
    assert sized(image, 128) is image
