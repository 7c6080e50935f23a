from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage.measure import label, regionprops

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.measurements import MaskRegion, measure

Mask = NDArray[np.bool_]


def disc(radius: float, row: float, column: float, side: int = 128) -> Mask:
    rows, columns = np.indices((side, side))
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


def whole(mask: Mask, *given: Any, **named: Any) -> MaskRegion:
    found = measure(mask, *given, **named).whole
    assert found is not None
    return found


def test_a_disc_is_round_and_where_it_was_drawn() -> None:
    found = whole(disc(20, 50, 70), spacing=(0.5, 0.5))
    assert found.area_pixels == pytest.approx(math.pi * 400, rel=0.01)
    assert found.area_mm2 == found.area_pixels / 4
    assert found.centroid == pytest.approx((50, 70))
    assert found.box == (30, 50, 71, 91)
    assert found.eccentricity == pytest.approx(0, abs=0.01)
    assert found.longest.mm == pytest.approx(20.5, abs=0.2)


def test_a_circle_in_mm_is_round_on_any_grid() -> None:
    rows, columns = np.indices((100, 300))
    circle = ((rows - 50) * 1.5) ** 2 + ((columns - 150) * 0.5) ** 2 <= 50**2
    assert whole(circle, spacing=(1.5, 0.5)).eccentricity == pytest.approx(0, abs=0.1)
    assert whole(circle).eccentricity == pytest.approx(math.sqrt(1 - 1 / 9), abs=0.01)


def test_two_blobs_are_two_the_larger_first_and_no_line_joins_them() -> None:
    small, large = disc(8, 20, 20), disc(15, 90, 80)
    found = measure(small | large)
    assert [c.area_pixels for c in found.components] == [large.sum(), small.sum()]
    assert found.whole is not None
    assert found.area_pixels == small.sum() + large.sum()
    assert found.whole.longest == found.components[0].longest
    assert found.whole.longest.pixels == pytest.approx(31, abs=0.3)
    assert found.whole.box == (12, 12, 106, 96)
    assert found.whole.centroid == pytest.approx(np.argwhere(small | large).mean(axis=0))


def test_the_longest_line_may_be_of_the_smaller_component() -> None:
    mask = disc(10, 30, 30)
    mask[100, 20:80] = True
    found = measure(mask)
    assert found.components[0].area_pixels > found.components[1].area_pixels
    assert found.whole is not None
    assert found.whole.longest == found.components[1].longest
    assert found.whole.perpendicular.pixels == 1


def test_pixels_that_touch_by_a_corner_are_together() -> None:
    assert len(measure(np.eye(4, dtype=bool)).components) == 1


def test_a_ring_is_as_long_as_its_disc_and_holds_less() -> None:
    outer, hole = disc(30, 64, 64), disc(20, 64, 64)
    ring = whole(outer & ~hole)
    assert ring.area_pixels == outer.sum() - hole.sum()
    assert ring.longest.pixels == pytest.approx(whole(outer).longest.pixels)
    assert ring.centroid == pytest.approx((64, 64))


def test_one_pixel() -> None:
    mask = np.zeros((9, 9), bool)
    mask[3, 4] = True
    found = whole(mask, np.full((9, 9), 7, np.uint8), spacing=(2.0, 0.5))
    assert (found.area_pixels, found.area_mm2, found.centroid) == (1, 1.0, (3.0, 4.0))
    assert (found.box, found.eccentricity, found.mean_grey) == ((3, 4, 4, 5), 0.0, 7.0)
    assert (found.longest.mm, found.perpendicular.mm) == (2.0, 0.5)


def test_a_line_is_no_ellipse() -> None:
    mask = np.zeros((9, 30), bool)
    mask[4, 2:28] = True
    assert whole(mask).eccentricity == 1.0


def test_the_whole_image() -> None:
    mask, image = np.ones((12, 20), bool), np.full((12, 20), 9, np.uint8)
    found = measure(mask, image, probability=np.full((12, 20), 0.5, np.float32))
    assert found.whole is not None
    assert found.whole.box == (0, 0, 12, 20)
    assert found.whole.mean_grey == 9
    # Nothing lies around, and there is no outline.
    assert found.whole.contrast is None
    assert found.whole.rim_entropy is None


def test_an_empty_mask_is_said_to_be_empty() -> None:
    found = measure(np.zeros((10, 12), bool), spacing=(1.0, 1.0))
    assert found.empty
    assert found.components == ()
    assert (found.area_pixels, found.area_mm2) == (0, 0.0)
    values = found.to_dict()
    assert (values["area_pixels"], values["area_mm2"], values["components"]) == (0, 0.0, 0)
    assert {k for k, v in values.items() if v is None} >= {"longest_mm", "centroid_row", "top"}
    assert values.keys() == measure(np.ones((10, 12), bool)).to_dict().keys()
    assert measure(np.zeros((10, 12), bool)).area_mm2 is None


def test_values_are_plain_and_without_nesting() -> None:
    image = np.random.default_rng(0).integers(0, 256, (128, 128)).astype(np.uint8)
    chance = np.full((128, 128), 0.3, np.float32)
    values = measure(
        disc(9, 40, 40) | disc(4, 90, 90), image, probability=chance, spacing=(1.0, 2.0)
    ).to_dict()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert {type(v) for v in values.values()} == {int, float}


@pytest.mark.parametrize("seed", range(6))
def test_numbers_are_scikit_images_where_it_has_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grains = rng.random((60, 80))
    mask = np.zeros((60, 80), bool)
    for row, column, radius in rng.integers((5, 5, 2), (55, 75, 12), (5, 3)):
        rows, columns = np.indices(mask.shape)
        mask |= (rows - row) ** 2 + 0.5 * (columns - column) ** 2 <= radius**2
    mask &= grains > 0.03
    image = (255 * grains).astype(np.uint8)
    spacing = (0.7, 1.9)
    known = sorted(
        regionprops(label(mask), image, spacing=spacing),  # type: ignore[no-untyped-call]
        key=lambda r: -r.num_pixels,
    )
    found = measure(mask, image, spacing=spacing).components
    assert len(found) == len(known)
    for ours, theirs in zip(found, known, strict=True):
        assert ours.area_pixels == theirs.num_pixels
        assert ours.area_mm2 == pytest.approx(theirs.area)
        assert np.multiply(ours.centroid, spacing) == pytest.approx(theirs.centroid)
        assert ours.box == theirs.bbox
        assert ours.eccentricity == pytest.approx(theirs.eccentricity, abs=1e-6)
        assert ours.mean_grey == pytest.approx(theirs.intensity_mean)


BLOBS = arrays(np.bool_, (7, 9))
LENGTHS = ("area_mm2", "longest_mm", "perpendicular_mm", "eccentricity", "mean_grey", "contrast")


@settings(max_examples=60, deadline=None)
@given(BLOBS, st.integers(0, 3))
def test_turning_and_mirroring_change_no_size(mask: Mask, turns: int) -> None:
    image = (np.arange(63).reshape(7, 9) * 4).astype(np.uint8)
    first = measure(mask, image, spacing=(0.5, 2.0))
    spacing = (0.5, 2.0) if turns % 2 == 0 else (2.0, 0.5)
    for flip in (False, True):
        turned = np.rot90(mask[:, ::-1] if flip else mask, turns).copy()
        seen = np.rot90(image[:, ::-1] if flip else image, turns).copy()
        again = measure(turned, seen, spacing=spacing)
        assert len(again.components) == len(first.components)
        sizes = [sorted(c.area_pixels for c in m.components) for m in (first, again)]
        assert sizes[0] == sizes[1]
        for name in LENGTHS:
            if name == "perpendicular_mm" and len(first.components) > 1:
                continue  # of two components of one length it may be either's
            want = first.to_dict()[name]
            assert again.to_dict()[name] == (
                want if want is None else pytest.approx(want, abs=1e-5)
            )


@settings(max_examples=40, deadline=None)
@given(BLOBS, st.integers(0, 6), st.integers(0, 6))
def test_a_shift_moves_places_alone(mask: Mask, down: int, right: int) -> None:
    first = measure(mask).to_dict()
    again = measure(np.pad(mask, ((down, 0), (right, 0)))).to_dict()
    for name in set(first) - {"height", "width"}:
        moved = down if "row" in name or name in ("top", "bottom") else 0
        moved += right if "column" in name or name in ("left", "right") else 0
        want = first[name]
        assert again[name] == (want if want is None else pytest.approx(want + moved, abs=1e-6))


def test_wrong_input_is_told_all_at_once() -> None:
    mask = np.zeros((4, 5), bool)
    with pytest.raises(UsageError, match=r"uint8 \[4, 5\]; expected bool"):
        measure(mask.astype(np.uint8))
    with pytest.raises(UsageError, match="expected bool"):
        measure(np.zeros((0, 5), bool))
    with pytest.raises(UsageError) as caught:
        measure(
            mask,
            np.zeros((5, 4), np.uint8),
            probability=np.full((4, 5), 1.5, np.float32),
            spacing=(1.0, -1.0),
        )
    said = str(caught.value)
    assert "the image is uint8 [5, 4]" in said
    assert "not within 0 to 1" in said
    assert "the spacing is (1.0, -1.0)" in said
    with pytest.raises(UsageError, match="not within 0 to 1"):
        measure(mask, probability=np.full((4, 5), np.nan))
