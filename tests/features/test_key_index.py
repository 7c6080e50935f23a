from __future__ import annotations

import hashlib

import numpy as np
import pytest

from gliaboost.features.key_index import KeyIndex, numbers_of


def sha(text: object) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()


def test_keys_are_found_where_they_were_entered() -> None:
    index, keys = KeyIndex(), [sha(i) for i in range(1000)]
    for part in range(10):
        index.enter(keys[100 * part : 100 * part + 100], part)
        # Asked in between, it knows what was entered so far.
        assert len(index) == 100 * part + 100
    order = np.random.default_rng(0).permutation(1000)
    parts, rows = index.find([keys[i] for i in order])
    assert parts.dtype == rows.dtype == np.int32
    np.testing.assert_array_equal(parts, order // 100)
    np.testing.assert_array_equal(rows, order % 100)
    assert [found.tolist() for found in index.find([sha("x"), keys[3]])] == [[-1, 0], [-1, 3]]
    assert [found.tolist() for found in index.find([])] == [[], []]


def test_an_empty_index_knows_nothing() -> None:
    index = KeyIndex()
    assert len(index) == 0 and index.find(["a"])[0].tolist() == [-1]
    index.enter([], 0)
    assert len(index) == 0 and index.find(["a", sha(1)])[0].tolist() == [-1, -1]


@pytest.mark.parametrize("asked_between", [False, True])
def test_of_two_parts_the_higher_rank_is_found_and_else_the_earlier(asked_between: bool) -> None:
    index = KeyIndex()
    for part, (keys, rank) in enumerate(
        [(["a", "b", "b"], 1), (["b", "c"], 1), (["c", "a"], 2), (["a", "c"], 2), (["c"], 1)]
    ):
        index.enter(keys, part, rank)
        if asked_between:
            index.find(["a"])
    parts, rows = index.find(["a", "b", "c"])
    assert parts.tolist() == [2, 0, 2] and rows.tolist() == [1, 1, 0]
    assert len(index) == 3


def test_keys_of_any_kind_are_told_apart() -> None:
    digits = sha(1)
    keys = [digits, digits.upper(), digits[:-1], digits[:32], f" {digits[1:]}", "", "ä", "\udc80"]
    index = KeyIndex()
    index.enter(keys, 0)
    assert index.find(keys)[1].tolist() == list(range(len(keys)))
    # A key is the same number in whatever company.
    np.testing.assert_array_equal(numbers_of([digits]), numbers_of([digits, "a"])[:, :1])


def test_keys_that_share_their_first_half_are_told_apart() -> None:
    same = "0123456789abcdef"
    keys = [same + f"{i:016x}" + "0" * 32 for i in (5, 1, 9, 3)]
    index = KeyIndex()
    index.enter(keys[:2], 0)
    index.enter(keys[2:], 1)
    parts, rows = index.find([*keys, same + f"{4:016x}" + "0" * 32])
    assert parts.tolist() == [0, 0, 1, 1, -1] and rows.tolist() == [0, 1, 0, 1, -1]


def test_a_key_takes_a_few_bytes() -> None:
    index = KeyIndex()
    index.enter([sha(i) for i in range(1000)], 0)
    assert len(index) == 1000
    assert index._numbers.nbytes + index._places.nbytes == 24_000
