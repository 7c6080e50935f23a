from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.components import connected, sharing


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_linked_rows_are_numbered_by_first_appearance(
    edges: list[tuple[int, int]],
) -> None:
    found = connected([a for a, _ in edges], [b for _, b in edges], 12)
    reach = {i: {i} for i in range(12)}
    for _ in range(12):
        for a, b in edges:
            reach[a] |= reach[b]
            reach[b] |= reach[a]
    for i in range(12):
        for j in range(12):
            assert (found[i] == found[j]) == (j in reach[i])
    assert list(dict.fromkeys(found.tolist())) == list(range(len(set(found.tolist()))))


def test_missing_values_are_shared_with_no_row() -> None:
    assert sharing([None, float("nan"), "p", None, "p"]).tolist() == [0, 1, 2, 3, 2]


def test_columns_are_joined_through_one_another() -> None:
    assert sharing(["p", "q", "q", "r"], ["g", "g", "h", "i"]).tolist() == [0, 0, 0, 1]
    # The same text in two columns is no bond.
    assert sharing(["x", "y"], ["y", "z"]).tolist() == [0, 1]


def test_no_rows() -> None:
    assert connected([], [], 0).tolist() == []
    assert sharing([], []).tolist() == []


@given(
    st.lists(st.sampled_from(["p", "q", "r", "s", None]), min_size=10, max_size=10),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6),
)
def test_groups_are_the_finest_that_cut_nothing(
    patients: list[str | None], pairs: list[tuple[int, int]]
) -> None:
    table = pd.DataFrame({"patient": pd.Series(patients, dtype="str")})
    table["cluster"] = connected([a for a, _ in pairs], [b for _, b in pairs], 10)
    found = sharing(table["patient"], table["cluster"])
    reach = {i: {i} for i in range(10)}
    same = [
        (i, j) for i in range(10) for j in range(i) if patients[i] and patients[i] == patients[j]
    ]
    for _ in range(10):
        for a, b in [*pairs, *same]:
            reach[a] |= reach[b]
            reach[b] |= reach[a]
    assert [[found[i] == found[j] for j in range(10)] for i in range(10)] == [
        [j in reach[i] for j in range(10)] for i in range(10)
    ]
