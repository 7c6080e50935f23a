"""Where a region lies and how it looks, on shapes whose answers are known."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from gliaboost.features.dense.head import find_head
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.pixel_columns import see
from gliaboost.models.segmentation.region_columns import (
    POOLS,
    believed_region,
    maps_to_side,
    place_columns,
    place_names,
    pooled,
    pooled_names,
    region_columns,
    region_names,
)

SIZE = 64
Y, X = np.mgrid[:SIZE, :SIZE]
# A head of 48 x 40 pixels in the middle.
HEAD = (abs(Y - 31.5) < 24) & (abs(X - 31.5) < 20)
DECISION = Decision(least=0.3, share=0.5, others=0.9)


def disc(y: float, x: float, radius: float) -> Any:
    return (Y - y) ** 2 + (X - x) ** 2 <= radius**2


def measured(mask: Any, maps: Any = None, **given: Any) -> dict[str, float]:
    image = (HEAD * 80 + mask * 120).astype(np.uint8)
    maps = mask[None].astype(np.float32) if maps is None else maps
    values = place_columns(image, find_head(image), maps, mask, DECISION, True, **given)
    names = place_names([f"k{k}" for k in range(len(maps))])
    assert values.dtype == np.float32 and len(values) == len(names)
    return dict(zip(names, values.tolist(), strict=True))


def test_place_and_size_are_relative_to_the_head() -> None:
    found = measured(disc(31.5 + 12, 31.5 - 10, 6))
    assert found["centroid_y"] == pytest.approx(0.5, abs=0.05)
    assert found["centroid_x"] == pytest.approx(-0.5, abs=0.05)
    assert found["side"] == pytest.approx(0.5, abs=0.05)
    assert found["area"] == pytest.approx(np.pi * 36 / (48 * 40), rel=0.08)
    assert found["height"] == pytest.approx(12 / 48, abs=0.03)
    assert found["width"] == pytest.approx(12 / 40, abs=0.03)
    assert found["depth_least"] == pytest.approx((20 - 10 - 6) / 40, abs=0.05)


def test_round_and_long_regions_differ_in_shape() -> None:
    around = measured(disc(32, 32, 9))
    assert around["eccentricity"] < 0.15
    assert around["fill"] == pytest.approx(1, abs=0.03)
    long = measured((abs(Y - 32) < 12) & (abs(X - 32) < 3))
    assert long["eccentricity"] > 0.95
    holes = measured(disc(32, 32, 9) & ~disc(32, 32, 6))
    assert holes["fill"] < 0.5


def test_greys_are_compared_with_the_ring_and_the_other_side() -> None:
    bright = measured(disc(32, 22, 5))
    assert bright["contrast"] > 2 and bright["mirrored_contrast"] > 2
    assert bright["grey_inside"] - bright["grey_ring"] == pytest.approx(bright["contrast"])
    both = disc(32, 22, 5) | disc(32, 41, 5)
    image = (HEAD * 80 + both * 120).astype(np.uint8)
    mask = disc(32, 22, 5)
    maps = mask[None].astype(np.float32)
    values = place_columns(image, find_head(image), maps, mask, DECISION, True)
    mirrored = dict(zip(place_names(["k"]), values.tolist(), strict=True))["mirrored_contrast"]
    assert mirrored == pytest.approx(0, abs=0.3)


def test_how_sure_it_is_and_of_what_class() -> None:
    first, second = disc(20, 25, 5), disc(45, 40, 4)
    maps = np.stack([0.6 * first, 0.2 * first + 0.5 * second]).astype(np.float32)
    found = measured(first, maps)
    assert (found["peak"], found["inside_probability"]) == pytest.approx((0.8, 0.8))
    assert (found["components"], found["second_peak"]) == pytest.approx((2, 0.5))
    assert found["class_k0__share"] == pytest.approx(0.75)
    assert found["class_k1__share"] == pytest.approx(0.25)
    assert found["class_k1__peak"] == pytest.approx(0.5)
    whole = find_head((HEAD * 80 + first * 120).astype(np.uint8)).mask.sum()
    assert found["expected_area"] == pytest.approx(maps.sum() / whole, rel=1e-3)
    assert found["seen"] == 1


def test_there_is_a_region_even_where_nothing_is_believed() -> None:
    pale = 0.1 * disc(20, 25, 5).astype(np.float32)
    mask, believed = believed_region(pale, HEAD, DECISION)
    assert not believed
    np.testing.assert_array_equal(mask, disc(20, 25, 5))
    mask, believed = believed_region(pale * 9, HEAD, DECISION)
    assert believed
    for nothing, ground in [(HEAD, HEAD), (HEAD & False, ~(HEAD & False))]:
        mask, believed = believed_region(np.zeros((SIZE, SIZE), np.float32), nothing, DECISION)
        assert not believed
        np.testing.assert_array_equal(mask, ground)
    tiny = np.full((SIZE, SIZE), 1e-12, np.float32)
    assert believed_region(tiny, HEAD, DECISION)[0].any()


def test_maps_are_pooled_inside_around_and_on_the_whole() -> None:
    level = np.stack([Y[:16, :16], X[:16, :16] * 2], axis=-1).astype(np.float16)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[16:24, 32:40] = True  # four cells: rows 4 and 5, columns 8 and 9
    found = dict(zip(pooled_names(["y", "x"]), pooled(level, mask).tolist(), strict=True))
    assert (found["inside_mean__y"], found["inside_mean__x"]) == (4.5, 17)
    assert (found["inside_max__y"], found["inside_max__x"]) == (5, 18)
    assert found["ring_mean__y"] == pytest.approx(4.5)
    assert (found["mean__y"], found["max__x"]) == (7.5, 30)
    assert len(found) == len(POOLS) * 2


@pytest.mark.parametrize("cells", [4, 16, 72])
def test_a_region_smaller_than_a_cell_and_one_as_large_as_all_are_pooled(cells: int) -> None:
    level = np.random.default_rng(0).random((cells, cells, 3)).astype(np.float32)
    dot = np.zeros((SIZE, SIZE), bool)
    dot[40, 40] = True
    whole = np.ones((SIZE, SIZE), bool)
    found = pooled(level, dot).reshape(len(POOLS), 3)
    assert np.isfinite(found).all()
    if cells < SIZE:
        own = level[40 * cells // SIZE, 40 * cells // SIZE]
        np.testing.assert_allclose(found[0], own, rtol=1e-6)
        np.testing.assert_array_equal(found[1], own)
    everything = pooled(level, whole).reshape(len(POOLS), 3)
    np.testing.assert_allclose(everything[0], everything[3], rtol=1e-5)
    np.testing.assert_allclose(everything[2], everything[0])  # no ring is left
    np.testing.assert_array_equal(everything[1], everything[4])


@pytest.mark.parametrize("dense", ["classical", "frozen"])
def test_every_column_has_its_name_and_its_map(dense: str) -> None:
    if dense == "frozen" and find_spec("timm") is None:
        pytest.skip("without timm")
    mask = disc(32, 22, 6)
    image = (HEAD * 80 + mask * 120).astype(np.uint8)
    maps = np.stack([mask * 0.6, mask * 0.2]).astype(np.float32)
    values = region_columns(image, maps, DECISION, dense)
    names = region_names(["a", "b"], dense)
    assert len(values) == len(names) == len(set(names))
    found = dict(zip(names, values.tolist(), strict=True))
    assert found["peak"] == pytest.approx(0.8, abs=0.01)
    stage = [name for name in names if name.startswith("max__tf_efficientnet")]
    levels = see(image, dense).pyramid.levels[3:]
    assert [found[name] for name in stage] == [
        float(value) for level in levels for value in level.max(axis=(0, 1))
    ]
    # Maps of the picture's own size are brought to that of the dense maps, as the picture is.
    large = maps_to_side(maps)
    assert large.shape == (2, 256, 256) and maps_to_side(large) is large
