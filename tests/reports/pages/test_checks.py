from __future__ import annotations

import numpy as np
import pytest

from gliaboost.reports.pages.checks import judged


@pytest.mark.parametrize(
    ("value", "limits", "witnesses", "expected"),
    [
        (0.25, [0.2, 0.3], 100, "chance"),
        (0.10, [0.05, 0.15], 100, "below"),
        (0.10, None, 100, "chance"),
        (0.30, [0.26, 0.34], 100, "doubtful"),
        (0.60, [0.55, 0.65], 100, "leak"),
        (0.60, None, 100, "leak"),
        (0.60, None, 4, "chance"),
    ],
)
def test_verdicts(value: float, limits: list[float] | None, witnesses: int, expected: str) -> None:
    assert judged(value, limits, 0.25, witnesses) == expected


def test_a_lucky_dealing_of_labels_is_seldom_called_a_leak() -> None:
    """A model that learns the dealt labels by heart agrees with the truth as often as they do."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 60)
    called = []
    for _ in range(500):
        right = rng.permutation(truth) == truth
        value = float(right.mean())
        half = 1.96 * np.sqrt(value * (1 - value) / len(truth))
        called.append(judged(value, [value - half, value + half], 0.25, len(truth)))
    assert called.count("leak") <= 5
    assert called.count("chance") + called.count("below") > 400
