from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.datasets.audit import likeness
from gliaboost.datasets.audit.likeness import ADJUSTMENTS, SAME, compare, correlation
from gliaboost.datasets.audit.pictures import detail
from gliaboost.datasets.decode import decode

Image = NDArray[np.uint8]
Change = Callable[[Image], Image]


def head(seed: int, depth: float = 0.0, *, window: float = 1.0, size: int = 256) -> Image:
    """Draw a slice as CT shows it: a bright skull that hardly changes, and faint tissue that does.

    The tissue is that of a volume: at another `depth` (in millimetres) it is another mixture.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    wide, high = rng.uniform(0.6, 0.7) - 0.004 * depth, rng.uniform(0.75, 0.85) - 0.004 * depth
    far = np.sqrt((x / wide) ** 2 + (y / high) ** 2)
    tissue = np.zeros((size, size))
    for k in range(3):  # waves along the depth, 20 to 40 mm long
        phase = 2 * np.pi * (depth / (20 + 10 * k) + rng.uniform())
        noise = rng.normal(size=(2, size, size))
        a, b = (cv2.GaussianBlur(one, (0, 0), size / 45) for one in noise)
        tissue += (a * np.cos(phase) + b * np.sin(phase)) / a.std()
    grain = np.random.default_rng([seed, round(10 * depth)]).normal(size=(size, size))
    inside = 105 + window * (9 * tissue + 3 * grain)
    image = np.where(far < 0.88, inside, np.where(far < 1, 250, 2))
    return np.clip(cv2.GaussianBlur(image, (0, 0), 0.8), 0, 255).astype(np.uint8)


def seen(a: Image, b: Image) -> str | None:
    found = compare(detail(a), detail(b))
    if found is None:
        return None
    assert found.agreement >= SAME or not found.same
    assert found.agreement <= 1 and found.similarity <= 1
    return ("same " if found.same else "neighbour ") + ADJUSTMENTS[found.adjusted]


def jpeg(quality: int) -> Change:
    def change(image: Image) -> Image:
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return change


COPIES: dict[str, tuple[Change, str]] = {
    "JPEG 30": (jpeg(30), "same "),
    "smaller": (lambda x: np.asarray(cv2.resize(x, (150, 130)), np.uint8), "same "),
    "larger": (lambda x: np.asarray(cv2.resize(x, (400, 400)), np.uint8), "same "),
    "gamma 0.5": (lambda x: (255 * (x / 255) ** 0.5).astype(np.uint8), "same contrast"),
    "clipped": (
        lambda x: np.clip((x.astype(float) - 60) * 1.9, 0, 255).astype(np.uint8),
        "same contrast",
    ),
    "trimmed": (lambda x: x[4:-1, 2:-3], "same alignment"),
    "trimmed, gamma 1.8": (
        lambda x: (255 * (x[4:-1, 2:-3] / 255) ** 1.8).astype(np.uint8),
        "same contrast and alignment",
    ),
    "with a mark burnt in": (
        lambda x: np.asarray(cv2.putText(x.copy(), "R", (10, 40), 0, 1, 255, 2), np.uint8),
        "same ",
    ),
}


@pytest.mark.parametrize("change", COPIES)
@pytest.mark.parametrize("seed", range(3))
def test_a_copy_is_the_same_place_by_place(seed: int, change: str) -> None:
    image = head(seed)
    changed, expected = COPIES[change]
    ways = [seen(image, changed(image)), seen(changed(image), image)]
    assert all(way is not None and way.startswith("same") for way in ways)
    assert expected in ways


@pytest.mark.parametrize("apart", [2.0, 3.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_next_slice_is_a_neighbour_however_well_it_correlates(seed: int, apart: float) -> None:
    a, b = head(seed), head(seed, apart)
    for other in (b, jpeg(60)(b), COPIES["smaller"][0](b), COPIES["gamma 0.5"][0](b)):
        assert (seen(a, other) or "").startswith("neighbour")
    found = compare(detail(a), detail(b))
    assert found is not None
    assert found.similarity > 0.985 and found.agreement < 0.97


def bone(seed: int, depth: float) -> Image:
    """Draw a thin slice in a bone window: an uneven ring around what shows nothing.

    At another `depth` (in millimetres) its two edges lie a part of a pixel elsewhere, each its own
    way.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:256j, -1:1:256j]
    around, far = np.arctan2(y, x), np.hypot(x / 0.68, y / 0.8)
    outer, inner = far.copy(), far.copy()
    for k in range(2, 14):
        shape, *shift = rng.uniform(0, 6, 3)
        for edge, one in zip((outer, inner), shift, strict=True):
            edge += 0.01 * np.cos(k * around + shape) + 0.0015 * depth * np.cos(k * around + one)
    image = np.where(inner < 0.88, 100, np.where(outer < 1, 215, 3)).astype(np.float32)
    grain = np.random.default_rng([seed, round(10 * depth)]).normal(size=image.shape)
    return np.clip(cv2.GaussianBlur(image, (0, 0), 1.2) + 0.5 * grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", ["", "JPEG 80", "smaller", "larger"])
@pytest.mark.parametrize("seed", range(4))
def test_thin_slices_of_bone_are_neighbours_though_nearly_all_places_agree(
    seed: int, change: str
) -> None:
    changes: dict[str, Change] = {k: v[0] for k, v in COPIES.items()}
    changes |= {"": lambda x: x, "JPEG 80": jpeg(80)}
    a, b = bone(seed, 0.0), bone(seed, 1.0)
    assert (seen(a, changes[change](a)) or "").startswith("same")
    found = compare(detail(a), detail(changes[change](b)))
    # Places agree as those of a copy do: what tells the two apart is where their edges lie.
    assert found is not None and found.agreement >= SAME
    assert not found.same


def test_other_heads_are_neither() -> None:
    heads = [head(seed) for seed in range(8)]
    for i, a in enumerate(heads):
        for b in heads[:i]:
            assert seen(a, b) is None


def test_slices_of_one_patient_are_never_one_picture(figshare_folder: Path) -> None:
    a, b = (decode(figshare_folder / "images" / f"{n}.jpg") for n in (1857, 1858))
    for power in (0.5, 0.7, 1.0, 1.5):
        found = compare(detail(a), detail((255 * (b / 255) ** power).astype(np.uint8)))
        assert found is None or (not found.same and found.agreement < 0.93)


def test_a_picture_at_the_threshold_itself_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = detail(head(1)), detail(head(1, 2.0))
    found = compare(a, b)
    assert found is not None and not found.same
    monkeypatch.setattr(likeness, "SAME", found.agreement)
    again = compare(a, b)
    assert again is not None and again.same
    monkeypatch.setattr(likeness, "SAME", np.nextafter(found.agreement, 2))
    again = compare(a, b)
    assert again is not None and not again.same


def test_a_crop_is_found_from_where_it_roughly_is() -> None:
    image = head(2)
    crop = image[40:230, 30:240]
    begin = np.diag([256 / 205, 256 / 186, 1.0])
    begin[:2, 2] = -32 / 205, -42 / 186
    found = compare(detail(image), detail(crop), begin)
    assert found is not None and found.same
    assert ADJUSTMENTS[found.adjusted] == "crop"
    np.testing.assert_allclose(found.move[0], [256 / 210, 0, -30 / 210], atol=0.01)
    np.testing.assert_allclose(found.move[1], [0, 256 / 190, -40 / 190], atol=0.01)


def test_pictures_without_places_to_compare_must_correlate_as_a_whole() -> None:
    ramp = np.tile(np.linspace(90, 110, 128), (128, 1))
    a = ramp.round().astype(np.uint8)
    noisy = ramp + np.random.default_rng(0).normal(0, 1.2, a.shape)
    assert seen(a, a) == "same "
    assert seen(a, noisy.round().astype(np.uint8)) is None


def test_correlation_is_that_of_numpy() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 8, 8)).astype(np.float32)
    assert correlation(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], abs=1e-6)
    assert correlation(a, np.ones_like(a)) == 0
    assert correlation(a[:0], b[:0]) == 0
