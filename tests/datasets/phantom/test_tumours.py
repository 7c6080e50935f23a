"""Where simulated tumours arise and how they look, in a head whose dura is a ball."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.phantom.anatomy import ORIGIN, SELLA, Head
from gliaboost.datasets.phantom.tumours import (
    SCATTER,
    SITES,
    Tumour,
    displace,
    draw_tumour,
    paint,
)

KINDS = sorted(SITES)
TEXTURE = np.zeros((48, 48, 48), np.float32)


@pytest.fixture(scope="module")
def head() -> Head:
    """A dura of 75 mm around the middle of the brain."""
    axes = np.ogrid[:101, :133, :116]
    x, y, z = (2.0 * a + o for a, o in zip(axes, ORIGIN, strict=True))
    depth = np.sqrt(x**2 + (y + 10) ** 2 + z**2) - 75
    nothing = np.zeros((1, 1, 1), np.uint8)
    return Head(nothing, depth.astype(np.float32), nothing, TEXTURE)


def drawn(kind: str, head: Head, times: int = 60) -> list[Tumour]:
    rng = np.random.default_rng(0)
    return [draw_tumour(kind, head, rng) for _ in range(times)]


def far_from_site(kind: str, tumour: Tumour) -> float:
    x, y, z = tumour.centre
    folded = np.array([abs(x), y, z])
    return min(float(np.linalg.norm(folded - np.abs([s[0], 0, 0]) - [0, *s[1:]]))
               for s, _ in SITES[kind])  # fmt: skip


def test_gliomas_lie_about_their_sites_on_both_sides(head: Head) -> None:
    found = drawn("glioma", head)
    assert max(far_from_site("glioma", t) for t in found) < 5 * SCATTER
    assert {np.sign(t.centre[0]) for t in found} == {-1.0, 1.0}
    assert all(12 <= t.radius <= 32 for t in found)
    low = [t for t in found if t.necrosis == 0]
    assert 0 < len(low) < 20
    assert max(t.enhancement for t in low) < 0.15 < min(
        t.enhancement for t in found if t.necrosis
    )  # fmt: skip


def test_meningiomas_sit_on_the_dura(head: Head) -> None:
    for t in drawn("meningioma", head, 20):
        x, y, z = t.centre
        depth = np.sqrt(x**2 + (y + 10) ** 2 + z**2) - 75
        assert depth == pytest.approx(-0.35 * t.radius, abs=1.1)
        assert t.necrosis == 0


def test_pituitary_tumours_rise_from_the_sella(head: Head) -> None:
    for t in drawn("pituitary", head):
        assert np.abs(t.centre[:2] - SELLA[:2]).max() < 5
        assert 2 < t.centre[2] - SELLA[2] < 11
        assert t.oedema == 0
        assert 6 <= t.radius <= 16


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_decides(kind: str, head: Head) -> None:
    first, second = (draw_tumour(kind, head, np.random.default_rng(5)) for _ in range(2))
    assert repr(first) == repr(second)
    assert repr(draw_tumour(kind, head, np.random.default_rng(6))) != repr(first)


def tumour(kind: str, **changed: Any) -> Tumour:
    centre, even = np.zeros(3, np.float32), np.ones(3, np.float32)
    plain = Tumour(
        kind, centre, 20.0, even, centre, enhancement=0.8, necrosis=0.0, oedema=8.0, push=0.3
    )
    return replace(plain, **changed)


def along_x(*x: float) -> np.ndarray:
    points = np.zeros((3, len(x)), np.float32)
    points[0] = x
    return points


DEEP = -50.0


def test_tissue_is_pushed_outwards_and_less_the_farther_away() -> None:
    t, points = tumour("glioma"), along_x(1, 10, 20, 30, 40, t_reach := tumour("glioma").reach)
    before = displace(t, points, np.full(points.shape[1:], DEEP))
    moved = (points - before)[0]
    assert (before[1:] == 0).all()
    assert (moved > 0).all()
    assert (before[0] > 0).all()
    # At the rim by `push` radii, then falling.
    assert moved[2] == pytest.approx(0.3 * 20, rel=1e-3)
    assert (np.diff(moved[2:]) < 0).all()
    assert t_reach == 2.6 * 20 + 8
    assert moved[5] < 0.6


def test_bone_does_not_give_way() -> None:
    points = along_x(20, 20, 20)
    before = displace(tumour("glioma"), points, np.array([0.0, 5.0, -4.0]))
    moved = (points - before)[0]
    assert moved[:2].tolist() == [0, 0]
    assert moved[2] == pytest.approx(3, rel=1e-3)


def painted(t: Tumour, *x: float, depth: float = DEEP, white: float = 0.5) -> Any:
    points = along_x(*x)
    like = np.ones(points.shape[1:])
    return paint(t, points, depth * like, white * like, TEXTURE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_tumour_is_whole_within_and_gone_beyond(kind: str) -> None:
    # A pituitary tumour is two lobes, so narrower at its waist.
    got = painted(tumour(kind), 0, 8, 35, 80)
    assert got.mask[:2].tolist() == [1, 1]
    assert got.mask[2:].tolist() == [0, 0]
    assert got.tumour[3] == got.oedema[3] == 0
    for opacity in (got.mask, got.tumour, got.oedema):
        assert opacity.min() >= 0
        assert opacity.max() <= 1


@pytest.mark.parametrize("kind", ["glioma", "meningioma"])
def test_nothing_grows_through_the_dura(kind: str) -> None:
    got = painted(tumour(kind), 0, 10, depth=1.0)
    assert not got.mask.any()
    assert not got.oedema.any()


def test_the_radius_is_where_half_the_voxel_is_tumour() -> None:
    assert painted(tumour("glioma"), 20.0).mask[0] == pytest.approx(0.5)
    assert painted(tumour("meningioma"), 20.0).mask[0] == pytest.approx(0.5)
    narrow = tumour("glioma", stretch=np.array([0.5, 1, 1], np.float32))
    assert painted(narrow, 10.0).mask[0] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["glioma", "pituitary"])
def test_a_dead_core_is_dark_in_a_bright_rim(kind: str) -> None:
    # A pituitary tumour's is in its upper lobe.
    points = np.zeros((3, 2), np.float32)
    points[2] = 11 if kind == "pituitary" else 0
    points[0, 1] = 14
    depth, white = np.full(2, DEEP), np.full(2, 0.5)
    dead = paint(tumour(kind, necrosis=0.5), points, depth, white, TEXTURE).enhancement
    assert dead[0] < 0 < dead[1]
    assert paint(tumour(kind), points, depth, white, TEXTURE).enhancement[0] > 0


def test_low_grade_gliomas_are_dark() -> None:
    assert painted(tumour("glioma", enhancement=0.1), 0.0).enhancement[0] < 0


def test_oedema_follows_white_matter() -> None:
    for kind in ("glioma", "meningioma"):
        white = painted(tumour(kind), 23.0, white=1.0).oedema[0]
        grey = painted(tumour(kind), 23.0, white=0.0).oedema[0]
        assert white > 2 * grey
        none = painted(tumour(kind, oedema=0.0), 23.0, white=1.0).oedema[0]
        assert none < white
    assert not painted(tumour("pituitary"), 0, 15, 23).oedema.any()


def test_a_meningioma_has_a_tail_along_the_dura_and_a_cleft_elsewhere() -> None:
    tail = painted(tumour("meningioma"), 28.0, depth=-0.5)
    assert tail.mask[0] == 0
    assert tail.tumour[0] > 0.5
    cleft = painted(tumour("meningioma"), 21.2, depth=DEEP)
    assert cleft.mask[0] < 0.1
    assert cleft.tumour[0] == pytest.approx(0.45, abs=0.01)
    assert cleft.enhancement[0] == pytest.approx(-0.8)
