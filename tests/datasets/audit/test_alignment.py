from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit import alignment
from gliaboost.datasets.audit.alignment import ADJUSTMENTS, SAME, aligned, second_look
from gliaboost.datasets.audit.pictures import thumbnail
from gliaboost.datasets.decode import decode

Image = NDArray[np.uint8]


def slice_of(seed: int, size: int = 256) -> Image:
    """Draw an oval with soft structure on black, as a head in a field of view."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    inside = (x / rng.uniform(0.6, 0.75)) ** 2 + (y / rng.uniform(0.75, 0.85)) ** 2 < 1
    texture = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), 9)
    image = np.where(inside, 120 + 45 * texture / texture.std(), 2)
    return np.clip(image, 0, 255).astype(np.uint8)


def look(a: Image, b: Image) -> str | None:
    seen = second_look(thumbnail(a).astype(np.float32), thumbnail(b).astype(np.float32))
    if seen is None:
        return None
    assert SAME <= seen[0] <= 1.001
    return ADJUSTMENTS[seen[1]]


def small(image: Image) -> NDArray[np.float32]:
    return thumbnail(image).astype(np.float32)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: np.clip((x.astype(float) - 60) * 2.2, 0, 255).astype(np.uint8),
        lambda x: (255 * (x / 255) ** 0.5).astype(np.uint8),
        lambda x: (255 * (x / 255) ** 2.0).astype(np.uint8),
    ],
    ids=["clipped at both ends", "gamma 0.5", "gamma 2"],
)
@pytest.mark.parametrize("seed", range(3))
def test_contrast(change: Callable[[Image], Image], seed: int) -> None:
    image = slice_of(seed)
    plain = np.corrcoef(thumbnail(image).ravel(), thumbnail(change(image)).ravel())[0, 1]
    assert plain < SAME
    assert look(image, change(image)) == look(change(image), image) == "contrast"


@pytest.mark.parametrize("seed", range(3))
def test_trimmed(seed: int) -> None:
    image = slice_of(seed)
    assert look(image, image[4:-1, 2:-3]) == "alignment"


@pytest.mark.parametrize("seed", range(3))
def test_trimmed_and_in_another_contrast(seed: int) -> None:
    image = slice_of(seed)
    changed = (255 * (image[4:-1, 2:-3] / 255) ** 2).astype(np.uint8)
    assert look(image, changed) == "contrast and alignment"


def test_different_pictures_stay_different() -> None:
    images = [slice_of(seed) for seed in range(12)]
    for i, a in enumerate(images):
        for b in images[:i]:
            assert look(a, b) is None


def test_neighbouring_slices_stay_apart_in_any_contrast(figshare_folder: Path) -> None:
    """Two slices of one patient, among the most alike that are not the same."""
    a, b = (decode(figshare_folder / "images" / f"{n}.jpg") for n in (1857, 1858))
    plain = np.corrcoef(thumbnail(a).ravel(), thumbnail(b).ravel())[0, 1]
    assert 0.95 < plain < SAME
    for power in (0.5, 0.7, 1.0, 1.5):
        assert look(a, (255 * (b / 255) ** power).astype(np.uint8)) is None


def test_a_far_move_is_refused() -> None:
    image = thumbnail(slice_of(0)).astype(np.float32)
    assert aligned(image, np.roll(image, 2, axis=1)) is not None
    assert aligned(image, np.roll(image, 12, axis=1)) is None


def warped(image: NDArray[np.float32], scale: list[float], shift: list[float]) -> Any:
    """Stretch about the middle, in columns and rows, and shift by pixels."""
    middle = [32 * (1 - s) + t for s, t in zip(scale, shift, strict=True)]
    matrix = [[scale[0], 0, middle[0]], [0, scale[1], middle[1]]]
    return cv2.warpAffine(
        image,
        np.array(matrix, np.float32),
        (64, 64),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_the_move_may_stretch_and_shift_just_so_far(axis: int) -> None:
    image = small(slice_of(0))

    def moved(scale: float, shift: float) -> bool:
        scales, shifts = [1.0, 1.0], [0.0, 0.0]
        scales[axis], shifts[axis] = scale, shift
        return aligned(image, warped(image, scales, shifts)) is not None

    assert all(moved(scale, 0) for scale in (0.96, 1.04))
    assert not any(moved(scale, 0) for scale in (0.92, 1.08))
    assert all(moved(1, shift) for shift in (-3.8, 3.8))
    assert not any(moved(1, shift) for shift in (-4.2, 4.2))


def test_what_does_not_converge_is_another_picture() -> None:
    image = small(slice_of(0))
    assert aligned(image, -image) is None
    assert second_look(image, -image) is None


@pytest.mark.parametrize("seed", range(3))
def test_greys_that_are_mapped_one_way_alone_must_be_closer(seed: int) -> None:
    image = small(slice_of(seed))
    noise = np.random.default_rng(seed).normal(size=image.shape).astype(np.float32)

    def clipped(share: float) -> NDArray[np.float32]:
        copy = np.clip(image + share * noise, -1, 1)
        return np.asarray((copy - copy.mean()) / copy.std(), np.float32)

    for share, high, same in ((0.09, 0.99, False), (0.04, 0.995, True)):
        copy = clipped(share)
        # Each way: the greys of one are given to the other in order of its own.
        ways = []
        for a, b in ((image, copy), (copy, image)):
            mapped = np.sort(b, axis=None)[np.argsort(np.argsort(a, axis=None))]
            ways.append(np.corrcoef(mapped, b.ravel())[0, 1])
        assert min(ways) < SAME and high <= max(ways)
        assert max(ways) < 0.995 or same
        seen = second_look(image, copy)
        assert (seen is not None) is same
        if seen is not None:
            assert seen[0] == pytest.approx(max(ways), abs=1e-5)


@pytest.mark.parametrize("way", ADJUSTMENTS[1:])
def test_each_look_is_passed_at_the_threshold_itself(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = slice_of(1)
    copy = image[4:-1, 2:-3] if "alignment" in way else image
    if "contrast" in way:
        copy = (255 * (copy / 255) ** 2).astype(np.uint8)
    seen = second_look(small(image), small(copy))
    assert seen is not None and ADJUSTMENTS[seen[1]] == way
    monkeypatch.setattr(alignment, "SAME", seen[0])
    assert second_look(small(image), small(copy)) == seen
    monkeypatch.setattr(alignment, "SAME", np.nextafter(seen[0], 2))
    assert second_look(small(image), small(copy)) != seen


def test_one_way_is_enough_at_its_threshold_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = small(slice_of(0)), np.clip(small(slice_of(0)), -1, 1)
    monkeypatch.setattr(alignment, "SAME", -1)
    monkeypatch.setattr(alignment, "SAME_ONE_WAY", -1)
    high = second_look(a, b)
    monkeypatch.setattr(alignment, "SAME_ONE_WAY", 2)
    low = second_look(a, b)
    assert high is not None and low is not None and low[0] < high[0]
    monkeypatch.setattr(alignment, "SAME_ONE_WAY", high[0])
    assert second_look(a, b) == high
    monkeypatch.setattr(alignment, "SAME_ONE_WAY", np.nextafter(high[0], 2))
    assert second_look(a, b) == low
