from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.explain.overlay import AGAINST, FOR, overlay, tinted


def test_no_evidence_leaves_the_greys() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    drawn = overlay(image, np.zeros((16, 16), np.float32))
    np.testing.assert_array_equal(drawn, np.repeat(image[..., None], 3, axis=2))


@pytest.mark.parametrize(("sign", "colour"), [(1, FOR), (-1, AGAINST)])
def test_colours_are_of_the_sign_and_grow_with_the_strength(
    sign: int, colour: tuple[int, int, int]
) -> None:
    greys, strength = np.zeros(3, np.uint8), sign * np.array([0.2, 0.6, 1.0])
    drawn = tinted(greys, strength).astype(float)
    named = np.array(colour, float)
    np.testing.assert_allclose(drawn[2], 0.6 * named, atol=1)
    assert (np.diff(drawn.sum(axis=1)) > 0).all()


def test_strength_is_of_the_strongest_whatever_the_unit() -> None:
    image, heat = np.full((64, 64), 90, np.uint8), np.zeros((64, 64), np.float32)
    heat[20:40, 20:40] = 1
    np.testing.assert_array_equal(overlay(image, heat), overlay(image, 1e-6 * heat))
