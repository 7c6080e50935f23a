from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.families import Family
from gliaboost.models.stacked.booster_input import booster_input

FAMILIES = [Family("texture", 3), Family("embedding", 4, joint=True), Family("region", 2)]


@pytest.mark.parametrize(
    ("headed", "raw", "read", "plain"),
    [
        ("joint", "plain", [(3, 7)], [0, 1, 2, 7, 8]),
        ("joint", "all", [(3, 7)], list(range(9))),
        ("all", "plain", [(0, 3), (3, 7), (7, 9)], [0, 1, 2, 7, 8]),
        ("all", "all", [(0, 3), (3, 7), (7, 9)], list(range(9))),
    ],
)
def test_who_reads_which_family(
    headed: str, raw: str, read: list[tuple[int, int]], plain: list[int]
) -> None:
    found = booster_input(FAMILIES, headed, raw, 3)
    assert [(s.start, s.stop) for s in found.headed] == read
    assert found.plain.tolist() == plain
    assert found.width == len(plain) + 3 * len(read) * found.repeats


def test_where_every_family_is_joint_log_odds_stand_alone() -> None:
    found = booster_input([Family("embedding", 5, joint=True)], "joint", "plain", 2)
    assert (found.plain.tolist(), found.repeats, found.width) == ([], 1, 2)
    said = np.array([[1.0, -1.0]], np.float32)
    np.testing.assert_array_equal(found.join(np.zeros((1, 5), np.float32), [said]), said)


def test_plain_columns_stand_first_and_heads_in_their_order() -> None:
    families = [Family("texture", 18), Family("a", 1, joint=True), Family("b", 1, joint=True)]
    found = booster_input(families, "joint", "plain", 1)
    assert found.repeats == 3  # a quarter of 24
    X = np.arange(20, dtype=np.float32)[None]
    joined = found.join(X, [np.full((1, 1), -v, np.float32) for v in (1, 2)])
    assert joined[0].tolist() == [*range(18), -1, -2, -1, -2, -1, -2]


def test_what_log_odds_add_goes_to_the_family_that_was_read() -> None:
    families = [Family("texture", 12), Family("a", 2, joint=True), Family("b", 4, joint=True)]
    found = booster_input(families, "joint", "all", 2)
    values = np.zeros((1, 2, found.width), np.float32)
    values[0, :, :18] = 1
    # Told apart: class, repetition, head, log-odds.
    said = values[0, :, 18:].reshape(2, found.repeats, 2, 2)
    said[0, :, 0, 1], said[0, 0, 1, 0], said[1, :, 1, :] = 3, 8, -1
    shared = found.share_out(values)
    assert shared.shape == (1, 2, 18) and shared.dtype == np.float32
    assert found.repeats > 1
    np.testing.assert_array_equal(shared[0, :, :12], 1)
    np.testing.assert_allclose(shared[0, 0, 12:14], 1 + 3 * found.repeats / 2)
    np.testing.assert_allclose(shared[0, 0, 14:], 1 + 8 / 4)
    np.testing.assert_allclose(shared[0, 1, 12:14], 1)
    np.testing.assert_allclose(shared[0, 1, 14:], 1 - 2 * found.repeats / 4)
