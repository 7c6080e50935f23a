from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit import keypoints
from gliaboost.datasets.audit.keypoints import (
    COMPONENTS,
    MIRRORED,
    find_crops,
    find_keypoints,
    parted,
)
from gliaboost.datasets.audit.orientation import turned, turning
from gliaboost.datasets.audit.pictures import detail

Image = NDArray[np.uint8]


def slice_of(seed: int, size: int = 256) -> Image:
    """Draw an oval with structure of several sizes on black."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    inside = (x / rng.uniform(0.6, 0.75)) ** 2 + (y / rng.uniform(0.75, 0.85)) ** 2 < 1
    texture = np.zeros((size, size))
    for blur in (3, 6, 12):
        noise = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), blur)
        texture += noise / noise.std()
    return np.clip(np.where(inside, 110 + 30 * texture, 2), 0, 255).astype(np.uint8)


def cropped(image: Image, cuts: tuple[float, float, float, float], orientation: int) -> Image:
    left, top, right, bottom = (round(cut * 256) for cut in cuts)
    cut = image[top : 256 - bottom, left : 256 - right]
    return np.ascontiguousarray(turned(cut, orientation))


CUTS = [(0.2, 0.05, 0.1, 0.15), (0.05, 0.2, 0.05, 0.12), (0.12, 0.12, 0.24, 0.03)]


def test_crops_are_found_with_their_turn_and_place() -> None:
    whole = [slice_of(seed) for seed in range(12)]
    copies = [cropped(whole[i], CUTS[i % 3], i) for i in range(8)]
    found = {
        (c.a, c.b): c for c in find_crops(find_keypoints([detail(x) for x in [*whole, *copies]]))
    }
    for i in range(8):
        crop = found[i, 12 + i]
        assert crop.orientation == i
        left, top, right, bottom = CUTS[i % 3]
        corners = turning(i) @ [[left, 1 - right], [top, 1 - bottom], [1, 1]]
        ends = np.sort((crop.move @ corners)[:2], axis=1)
        np.testing.assert_allclose(ends, [[0, 1], [0, 1]], atol=0.06)


def test_two_sets_are_searched_one_in_the_other() -> None:
    whole = [slice_of(seed) for seed in range(6)]
    copies = [cropped(whole[i], CUTS[0], i) for i in (4, 2)]
    mine, yours = parted(find_keypoints([detail(x) for x in [*copies, *whole]]), 2)
    found = {(c.a, c.b) for c in find_crops(mine, yours)}
    assert {(0, 4), (1, 2)} <= found
    assert {c.b for c in find_crops(yours, mine)} <= {0, 1}


def test_a_mirrored_pictures_descriptors_are_its_own_in_another_order() -> None:
    image = detail(slice_of(1))
    _, plain = keypoints._described(image)
    _, other = keypoints._described(np.ascontiguousarray(image[:, ::-1]))
    a, b = plain.astype(float), other.astype(float)

    def near(x: NDArray[np.float64]) -> float:
        unit = x / np.linalg.norm(x, axis=1, keepdims=True)
        return float(np.median((unit @ (b / np.linalg.norm(b, axis=1, keepdims=True)).T).max(1)))

    assert near(a[:, MIRRORED]) > 0.95 > near(a)
    assert sorted(MIRRORED) == list(range(128))
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(128))


def test_other_pictures_share_no_move() -> None:
    assert find_crops(find_keypoints([detail(slice_of(seed)) for seed in range(20)])) == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_pictures_without_keypoints_have_no_pair(count: int) -> None:
    found = find_keypoints([np.full((128, 128), 40, np.uint8)] * count)
    assert found.plain.shape == found.mirrored.shape == (0, COMPONENTS)
    assert find_crops(found) == find_crops(found, found) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 3])
def test_fewer_keypoints_than_a_pair_needs_are_as_none(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        keypoints,
        "_described",
        lambda image: (np.full((count, 2), 0.5, np.float32), np.ones((count, 128), np.uint8)),
    )
    found = find_keypoints([np.zeros((128, 128), np.uint8)])
    assert found.plain.shape == (0, COMPONENTS) and not len(found.owner)
    assert find_crops(found) == []


def test_what_many_pictures_share_is_no_sign_of_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = slice_of(99)[100:140, 100:140]
    pictures = [slice_of(seed) for seed in range(8)]
    for picture in pictures:
        picture[:40, :40] = mark
    described = find_keypoints([detail(picture) for picture in pictures])
    monkeypatch.setattr(keypoints, "COMMON", 4)
    assert find_crops(described) == []


def test_crops_of_faint_pictures_are_found() -> None:
    whole = [(slice_of(seed) // 10).astype(np.uint8) for seed in range(6)]
    copies = [cropped(whole[i], CUTS[i % 3], i) for i in range(6)]
    found = {(c.a, c.b) for c in find_crops(find_keypoints([detail(x) for x in [*whole, *copies]]))}
    assert {(i, 6 + i) for i in range(6)} <= found


def test_each_picture_keeps_its_surest_pairs() -> None:
    move = np.eye(3)
    pairs = {(0, b): (float(b), keypoints.Crop(0, b, 0, move)) for b in range(1, 9)}
    pairs |= {(b, 9): (0.5, keypoints.Crop(b, 9, 0, move)) for b in range(1, 9)}
    one_end = keypoints._surest(pairs, both_ends=False)
    most = keypoints.COMPARED
    assert [c.b for c in one_end if c.a == 0] == list(range(9 - most, 9))
    both = {(c.a, c.b) for c in keypoints._surest(pairs, both_ends=True)}
    assert both >= pairs.keys() - {(0, b) for b in range(1, 9)}
