from __future__ import annotations

import numpy as np

from gliaboost.features.fitted import Outline
from gliaboost.models.explain.attribution import Explanation
from gliaboost.models.explain.ground import Ground
from gliaboost.models.explain.layers import enlarged, key_of, layered
from gliaboost.models.explain.overlay import AGAINST, FOR
from gliaboost.models.explain.picture import HEAD, PART

IMAGE = np.full((32, 32), 80, np.uint8)


def explanation(families: dict[str, float] | None = None) -> Explanation:
    heat = np.zeros((32, 32), np.float32)
    heat[:, :16], heat[:, 16:] = 1, -1
    inside = np.zeros((32, 32), bool)
    inside[4:28, 4:28] = True
    part = np.zeros((32, 32), bool)
    part[10:20, 10:20] = True
    return Explanation(
        IMAGE, heat, "glioma", {"glioma": 1.0}, {"hog": 1.0} if families is None else families, 1.0,
        ground=Ground(inside, 0.0, 0.0), outlines=(Outline(part, np.zeros(0, bool), "there"),),
    )  # fmt: skip


def test_at_nothing_the_picture_stands_alone() -> None:
    assert (layered(explanation(), 0, side=64) == 80).all()


def test_what_is_drawn_grows_with_the_opacity() -> None:
    def away(opacity: float) -> float:
        return float(np.abs(layered(explanation(), opacity, side=64).astype(int) - 80).mean())

    assert 0 < away(0.2) < away(0.6) < away(1.0)


def test_head_and_part_are_outlined_each_in_its_colour() -> None:
    drawn = layered(explanation(), 0.5, side=256).reshape(-1, 3).astype(int)
    for colour in (HEAD, PART):
        assert np.abs(drawn - colour).max(axis=1).min() < 60
    assert np.abs(layered(explanation(), 0, side=256).reshape(-1, 3) - HEAD).min() > 60


def test_the_key_says_what_the_colours_mean() -> None:
    assert key_of(explanation()) == [(AGAINST, "against glioma"), (FOR, "for glioma")]
    assert key_of(explanation({}))[1] == (FOR, "most weight for glioma")


def test_small_pictures_grow_and_large_ones_shrink() -> None:
    assert enlarged(np.zeros((10, 20), np.uint8), 100).shape == (50, 100)
    assert enlarged(np.zeros((300, 200, 3), np.uint8), 100).shape == (100, 67, 3)
