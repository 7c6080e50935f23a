from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.datasets.audit import correlation
from gliaboost.datasets.audit.correlation import (
    CLOSE,
    PARTNERS,
    Pairs,
    best_of_each,
    find_pairs,
    thinned,
)
from gliaboost.datasets.audit.orientation import NAMES, turned
from gliaboost.datasets.audit.pictures import thumbnail
from gliaboost.datasets.components import connected


def blobs(seed: int, size: int = 96, sigma: float = 8.0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(size=(size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigma)
    image = np.clip(128 + 50 * (smooth - smooth.mean()) / smooth.std(), 0, 255)
    return np.asarray(image, np.uint8)


def disturbed(image: NDArray[np.uint8], noise: float, seed: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).normal(0, noise, (16, 16)).astype(np.float32)
    added = image + cv2.resize(coarse, image.shape[::-1])
    return np.asarray(np.clip(added, 0, 255), np.uint8)


def population(n: int, seed: int) -> NDArray[np.float16]:
    """Thumbnails some of which are disturbed, turned copies of others, around the threshold."""
    rng = np.random.default_rng(seed)
    images: list[NDArray[np.uint8]] = []
    for i in range(n):
        if i % 2 and images:
            source = images[int(rng.integers(len(images)))]
            motion = int(rng.integers(8))
            copy = disturbed(source, float(rng.uniform(0, 25)), int(rng.integers(1 << 30)))
            images.append(np.ascontiguousarray(turned(copy, motion)))
        else:
            images.append(blobs(int(rng.integers(1 << 30))))
    return np.stack([thumbnail(image) for image in images])


def reference(
    mine: NDArray[np.float16], theirs: NDArray[np.float16]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Correlate all with all in each of the eight orientations; give the best and its name."""

    def standard(images: NDArray[np.float16]) -> NDArray[np.float64]:
        flat = images.astype(np.float64).reshape(len(images), -1)
        flat -= flat.mean(axis=1, keepdims=True)
        flat /= flat.std(axis=1, keepdims=True)
        return flat

    every = np.stack(
        [standard(turned(mine, move)) @ standard(theirs).T / 64**2 for move in range(len(NAMES))]
    )
    return every.max(axis=0), np.array(NAMES, object)[every.argmax(axis=0)]


def as_dict(pairs: Pairs) -> dict[tuple[int, int], tuple[float, str, bool]]:
    return {
        (int(a), int(b)): (float(s), NAMES[o], bool(k))
        for a, b, s, o, k in zip(
            pairs.a, pairs.b, pairs.similarity, pairs.orientation, pairs.close, strict=True
        )
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("block", [7, 256])
def test_every_pair_and_no_other(seed: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlation, "BLOCK", block)
    thumbnails = population(60, seed)
    best, names = reference(thumbnails, thumbnails)
    expected = {
        (int(i), int(j)): (best[i, j], names[i, j])
        for i, j in np.argwhere(np.triu(best >= CLOSE, k=1))
    }
    found = {k: v for k, v in as_dict(find_pairs(thumbnails)).items() if v[2]}
    assert len(expected) > 5
    assert found.keys() == expected.keys()
    for key, (similarity, name) in expected.items():
        assert found[key][0] == pytest.approx(similarity, abs=1e-3)
        assert found[key][1] == name


@pytest.mark.parametrize("block", [7, 256])
def test_two_sets(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlation, "BLOCK", block)
    thumbnails = population(80, 5)
    mine, theirs = thumbnails[:33], thumbnails[33:]
    best, names = reference(mine, theirs)
    expected = {(int(i), int(j)) for i, j in np.argwhere(best >= CLOSE)}
    found = as_dict(find_pairs(mine, theirs))
    assert expected
    assert {k for k, v in found.items() if v[2]} == expected
    for (i, j), (_, name, _) in found.items():
        assert names[i, j] == name


def test_nothing_to_search() -> None:
    none = np.empty((0, 64, 64), np.float16)
    assert len(find_pairs(none)) == 0
    assert len(find_pairs(population(3, 0), none)) == 0
    assert len(find_pairs(population(1, 0))) == 0


@pytest.mark.parametrize("orientation", range(8))
def test_frequencies_turn_with_the_picture(orientation: int) -> None:
    x = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    there = np.ascontiguousarray(turned(x, orientation))
    of_turned = correlation._frequencies(there[None])
    turned_after = correlation._turned_frequencies(correlation._frequencies(x[None]), orientation)
    np.testing.assert_allclose(of_turned, turned_after, atol=1e-6)


@given(st.integers(0, 2**31), st.floats(0, 60), st.floats(0.6, 12))
def test_bound_is_above_the_correlation(seed: int, noise: float, sigma: float) -> None:
    image = blobs(seed, sigma=sigma)
    pair = np.stack([thumbnail(image), thumbnail(disturbed(image, noise, seed + 1))])
    described = correlation.describe(pair)
    exact = float(np.corrcoef(pair.astype(float).reshape(2, -1))[0, 1])
    assert float(described[0] @ described[1]) >= exact - correlation.SLACK


def test_many_copies_keep_their_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = blobs(1), blobs(2)
    thumbnails = np.stack([thumbnail(disturbed((first, second)[i % 2], 2.0, i)) for i in range(40)])
    every = find_pairs(thumbnails)
    assert len(every) == 2 * 20 * 19 // 2
    monkeypatch.setattr(correlation, "BLOCK", 2)
    again = find_pairs(thumbnails)
    np.testing.assert_array_equal([again.a, again.b], [every.a, every.b])
    np.testing.assert_allclose(again.similarity, every.similarity, atol=1e-5)
    monkeypatch.setattr(correlation, "MANY", 50)
    few = find_pairs(thumbnails)
    assert len(few) < len(every)

    joined = connected(few.a, few.b, 40)
    assert joined.tolist() == [0, 1] * 20


@pytest.mark.parametrize("within", [True, False])
@given(st.integers(0, 1000))
def test_thinned_is_a_spanning_forest_of_the_best(within: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # In two sets a row of one is not that of the other which has its number.
    a, b = np.triu_indices(9, 1) if within else np.indices((6, 4)).reshape(2, -1)
    chosen = rng.random(len(a)) < 0.4
    a, b = a[chosen].astype(np.int64), b[chosen].astype(np.int64)
    n = len(a)
    nothing = np.zeros(n, np.int8)
    close = nothing > 0
    pairs = Pairs(a, b, rng.uniform(0.99, 1, n).astype(np.float32), nothing, close)
    if not n:
        return
    # Kruskal: the most similar pair first, unless its ends are joined already.
    label = list(range(18))
    expected = set()
    for i in np.argsort(-pairs.similarity):
        x, y = int(a[i]), int(b[i]) + (0 if within else 9)
        if label[x] != label[y]:
            expected.add((int(a[i]), int(b[i])))
            label = [label[x] if v == label[y] else v for v in label]
    kept = thinned(pairs, within)
    assert {(int(x), int(y)) for x, y in zip(kept.a, kept.b, strict=True)} == expected
    assert len(kept) == len(expected)


def test_of_orientations_that_are_alike_to_four_digits_the_plainest_is_kept() -> None:
    pairs = Pairs(
        np.array([1, 1, 0, 0, 0, 0], np.int64),
        np.array([2, 2, 3, 1, 1, 1], np.int64),
        np.array([0.992, 0.995, 1.0, 0.99503, 0.99501, 0.9947], np.float32),
        np.array([4, 0, 1, 5, 2, 0], np.int8),
        np.zeros(6, bool),
    )
    best = best_of_each(pairs)
    assert [*zip(best.a, best.b, best.orientation, strict=True)] == [
        (0, 1, 2),
        (0, 3, 1),
        (1, 2, 0),
    ]


def test_two_rows_may_be_thinned_to_one_of_another_set() -> None:
    nothing = np.zeros(2, np.int8)
    ends = np.arange(2), np.zeros(2, np.int64)
    pairs = Pairs(*ends, np.ones(2, np.float32), nothing, nothing > 0)
    assert len(thinned(pairs, within=False)) == 2


@pytest.mark.parametrize(("down", "across"), [(0, 3), (5, 0), (2, 7)])
def test_a_cosine_is_described_by_its_own_frequency(down: int, across: int) -> None:
    places = (np.arange(64) + 0.5) * np.pi / 64
    wave = np.outer(np.cos(down * places), np.cos(across * places))
    described = correlation.describe((wave / wave.std())[None].astype(np.float16))[0]
    expected = np.zeros((correlation.LOW, correlation.LOW))
    expected[down, across] = 1
    np.testing.assert_allclose(described[:-1], expected.ravel(), atol=1e-3)
    assert described[-1] < 0.05


def gamma(seed: int, power: float) -> NDArray[np.uint8]:
    return np.asarray(255 * (blobs(seed) / 255) ** power, np.uint8)


def test_another_contrast_is_found_in_every_orientation_and_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(correlation, "BLOCK", 2)  # sixteen rows, the least
    names = [NAMES[i % 8] for i in range(20)]
    mine = np.stack([thumbnail(blobs(seed)) for seed in range(21)])
    copies = [turned(gamma(seed, 1.8), seed % 8) for seed in range(20)]
    theirs = np.stack([thumbnail(np.ascontiguousarray(copy)) for copy in copies])
    found = as_dict(find_pairs(mine, theirs))
    assert {pair: name for pair, (_, name, _) in found.items()} == {
        (i, i): name for i, name in enumerate(names)
    }
    assert not any(close for _, _, close in found.values())
    both = find_pairs(np.concatenate([mine, theirs]))
    assert [*zip(both.a, both.b, strict=True)] == [(i, 21 + i) for i in range(20)]


def test_of_many_alike_the_most_alike_are_looked_at() -> None:
    powers = [2.1, 1.8, 1.6, 2.0, 1.9, 1.7]
    theirs = np.stack([thumbnail(gamma(3, power)) for power in powers])
    found = find_pairs(thumbnail(blobs(3))[None], theirs)
    assert [powers[b] for b in found.b] == [1.8, 1.6, 1.9, 1.7]
    assert found.a.tolist() == [0] * PARTNERS


def test_what_is_the_same_for_sure_takes_no_place_among_the_alike() -> None:
    copies = [disturbed(blobs(3), 2.0, seed) for seed in range(PARTNERS + 1)]
    theirs = np.stack([thumbnail(image) for image in [*copies, gamma(3, 1.8)]])
    found = find_pairs(thumbnail(blobs(3))[None], theirs)
    assert found.b.tolist() == list(range(PARTNERS + 2))
    assert found.close.tolist() == [True] * (PARTNERS + 1) + [False]


def test_nothing_joined_is_no_pair_of_the_same_kinds() -> None:
    some = find_pairs(np.stack([thumbnail(blobs(0))] * 2))
    none = Pairs.joined([])
    assert (len(some), len(none)) == (1, 0)
    for field in fields(Pairs):
        assert getattr(none, field.name).dtype == getattr(some, field.name).dtype
    assert len({none, some, none}) == 2
    with pytest.raises(FrozenInstanceError):
        none.a = some.a  # type: ignore[misc]
