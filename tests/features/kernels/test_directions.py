"""Each gradient's votes are its magnitude, shared by the two directions beside it."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.features.kernels.directions import directed_votes
from gliaboost.features.kernels.gradients import SPAN


@pytest.mark.parametrize("directions", [4, 8, 9])
def test_votes_sum_to_the_magnitude_and_point_its_way(directions: int) -> None:
    first, near, far = directed_votes(directions)
    assert first.max() < directions
    steps = np.arange(-SPAN, SPAN + 1.0)
    magnitude = np.hypot(steps[:, None], steps[None, :])
    np.testing.assert_allclose(near + far, magnitude, rtol=1e-6)
    assert near.min() >= 0 and far.min() >= 0
    angle = (first + far / np.maximum(near + far, 1e-9)) * 2 * np.pi / directions
    np.testing.assert_allclose(np.sin(angle) * magnitude, steps[:, None] + 0 * magnitude, atol=1e-3)
    np.testing.assert_allclose(np.cos(angle) * magnitude, steps[None, :] + 0 * magnitude, atol=1e-3)


def test_opposite_gradients_vote_for_opposite_directions() -> None:
    first, near, _ = directed_votes(8)
    assert first[SPAN, SPAN + 5] == 0 and first[SPAN, SPAN - 5] == 4
    assert first[SPAN + 5, SPAN] == 2 and first[SPAN - 5, SPAN] == 6
    assert near[SPAN, SPAN - 5] == 5
