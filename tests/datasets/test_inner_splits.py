from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gliaboost.datasets.inner_splits import inner_folds, inner_validation
from gliaboost.errors import UsageError


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=2, max_size=24),
    st.integers(2, 5),
    st.integers(0, 3),
)
def test_inner_folds_keep_groups_whole_and_all_classes(
    patients: list[tuple[int, int]], parts: int, seed: int
) -> None:
    y = np.array([kind for kind, rows in patients for _ in range(rows)])
    groups = np.array([g for g, (_, rows) in enumerate(patients) for _ in range(rows)])
    folds = inner_folds(y, groups, parts, seed)
    smallest = min(len(np.unique(groups[y == kind])) for kind in np.unique(y))
    if smallest < 2:
        assert folds == []
    assert len(folds) <= parts
    for held_out in folds:
        rest = np.setdiff1d(np.arange(len(y)), held_out)
        assert not set(groups[held_out]) & set(groups[rest])
        assert set(y[rest]) == set(y)
    everything = np.concatenate(folds) if folds else np.empty(0, int)
    assert len(everything) == len(set(everything.tolist()))


owned = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), min_size=1, max_size=60)


@settings(deadline=None)
@given(rows=owned, fraction=st.floats(0.05, 0.5), seed=st.integers(0, 5))
def test_inner_validation_is_disjoint_and_has_every_class(
    rows: list[tuple[str, int]], fraction: float, seed: int
) -> None:
    labels = [label for label, _ in rows]
    groups = [f"g{g}" for _, g in rows]
    mask = inner_validation(labels, groups, fraction, seed)
    assert mask.shape == (len(rows),)
    np.testing.assert_array_equal(mask, inner_validation(labels, groups, fraction, seed))
    chosen = {g for g, m in zip(groups, mask, strict=True) if m}
    assert not chosen & {g for g, m in zip(groups, mask, strict=True) if not m}
    if mask.any():
        for side in (mask, ~mask):
            assert set(np.array(labels)[side]) == set(labels)


@pytest.mark.integration
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), patients=st.integers(30, 60))
def test_inner_validation_is_about_the_fraction(seed: int, patients: int) -> None:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), rng.integers(2, 8, patients)).astype(str)
    labels = np.array(["a", "b", "c"])[groups.astype(int) % 3]
    assume(len(set(labels)) == 3)
    for fraction in (0.2, 0.25, 0.5):
        share = inner_validation(labels, groups, fraction, seed).mean()
        assert abs(share - fraction) < 0.1


def test_inner_validation_gives_up_on_a_class_of_one_patient() -> None:
    labels = ["a"] * 20 + ["b"] * 5
    groups = [str(i // 2) for i in range(20)] + ["lone"] * 5
    assert not inner_validation(labels, groups).any()


@pytest.mark.parametrize("fraction", [0.0, -0.1, 0.51, 1.0, float("nan")])
def test_fraction_out_of_range(fraction: float) -> None:
    with pytest.raises(UsageError, match="expected more than 0 and at most"):
        inner_validation(["a", "b"], ["p", "q"], fraction)


def test_no_rows_to_validate_on() -> None:
    with pytest.raises(UsageError, match="no rows"):
        inner_validation([], [])
