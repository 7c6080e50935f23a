from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.errors import UsageError
from gliaboost.features.kernels.grid import grid_edges
from gliaboost.features.parameters import (
    grid_cell,
    name_parts,
    number_text,
    one_value,
    pair,
    pair_text,
    parse_number,
    parse_pair,
    position,
    sequence,
)


@given(st.integers(1, 99) | st.tuples(st.integers(1, 99), st.integers(1, 99)))
def test_pairs_survive_a_column_name(value: Any) -> None:
    assert pair(parse_pair(pair_text(value, "cells")), "cells") == pair(value, "cells")


@given(st.integers(-999, 999) | st.floats(-1e9, 1e9))
def test_numbers_survive_a_column_name(value: float) -> None:
    assert parse_number(number_text(value)) == value


@pytest.mark.parametrize("value", [0, -1, 1.5, (1, 2, 3), (1, 0), "4"])
def test_what_is_no_pair_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match=r"cells is .*; expected a whole number >= 1, or two"):
        pair(value, "cells")


def test_sequences_have_a_value_and_none_twice() -> None:
    assert (sequence(3, "angles"), sequence([3, 1], "angles")) == ((3,), (3, 1))
    for wrong in ((), [1, 1]):
        with pytest.raises(UsageError, match=r"angles is .*; expected at least one value"):
            sequence(wrong, "angles")


def test_parts_of_names() -> None:
    parts = name_parts(["a__p_8__method_nri_uniform__y0", "a__p_16__method_var__y0"], ("p",))
    assert [p["method"] for p in parts] == ["nri_uniform", "var"]
    with pytest.raises(UsageError, match="their 'p' is 16, 8"):
        one_value(parts, "p")
    with pytest.raises(UsageError, match=r"has no part 'grid_\.\.\.'"):
        name_parts(["a__p_8"], ("p", "grid"))


def test_a_position_is_a_names_last_part() -> None:
    assert position("a__p_8__y12_x0_r1_c3_b7") == {"y": 12, "x": 0, "r": 1, "c": 3, "b": 7}
    for without in ("a__p_8", "a__property_contrast", "a__", "a__y-1"):
        with pytest.raises(UsageError, match="ends in no position such as y0_x3_b7"):
            position(without)


@given(st.integers(8, 70), st.integers(8, 70), st.integers(1, 8), st.integers(1, 8))
def test_a_cell_is_where_the_kernels_cut_it(height: int, width: int, rows: int, cols: int) -> None:
    ys, xs = grid_edges((height, width), (rows, cols))
    for y, x in np.ndindex(rows, cols):
        box = grid_cell(f"a__y{y}_x{x}_b0", (rows, cols), height, width)
        if rows == cols == 1:
            assert box is None
        else:
            assert box == tuple(map(int, (ys[y], xs[x], ys[y + 1], xs[x + 1])))
