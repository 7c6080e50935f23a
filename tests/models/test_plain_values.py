from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.models.plain_values import (
    MOST_NESTING,
    MOST_NO_TEXT,
    MOST_VALUES,
    fault_in,
    plain,
)


def test_deep_and_endless_values_are_no_plain_values() -> None:
    deep: list[Any] = []
    for _ in range(MOST_NESTING):
        deep = [deep]
    assert fault_in(deep) is None
    assert fault_in([deep]) == f"values nested more than {MOST_NESTING} deep"
    under: dict[str, Any] = {}
    for _ in range(MOST_NESTING):
        under = {"a": under}
    assert fault_in(under) is None
    assert fault_in({"a": under}) == f"values nested more than {MOST_NESTING} deep"
    loop: list[Any] = []
    loop.append(loop)
    assert "nested" in str(fault_in(loop))
    wide = [0] * (MOST_VALUES - 1)
    assert fault_in(wide) is None
    assert fault_in([*wide, 0]) == f"more than {MOST_VALUES} values"


def test_subclasses_of_plain_types_are_not_plain() -> None:
    class Sly(dict[str, int]):
        pass

    assert fault_in({"a": Sly()}) == "a value of type Sly"


def test_arrays_and_tuples_become_lists_at_any_depth() -> None:
    given_ = {"a": (np.float32(0.5), np.arange(2)), np.int64(3): [np.bool_(True), "b", None]}
    got = plain(given_)
    assert got == {"a": [0.5, [0, 1]], 3: [True, "b", None]}
    assert fault_in(got) is None
    assert type(got["a"][0]) is float


@pytest.mark.parametrize("key", [2**63, -(2**63), (), b"a"])
def test_a_key_is_text_or_a_small_number(key: Any) -> None:
    assert fault_in({"a": {key: 1}}) == f"a key of type {type(key).__name__}"
    assert fault_in({"a": {None: 1, True: 2, 2**63 - 1: 3, 0.5: 4}}) is None


def test_there_are_few_keys_that_are_no_text() -> None:
    few: dict[Any, Any] = dict.fromkeys(range(MOST_NO_TEXT))
    assert fault_in({"a": few, "b": {str(k): k for k in few}}) is None
    assert fault_in({"a": few, "b": {0.5: 1}}) == (
        "more than 10,000 keys that are no text; expected text where there are many"
    )
