"""Rows held out of a segmenter's training are whole patients', some of each class ill."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.models.segmentation.held_out_rows import held_out_rows


@given(
    st.integers(6, 30), st.integers(1, 4), st.floats(0.1, 0.5), st.floats(0, 0.5), st.integers(0, 9)
)
@settings(max_examples=40, deadline=None)
def test_no_patient_is_on_both_sides(
    patients: int, slices: int, fraction: float, healthy: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), slices)
    labels = np.repeat(np.where(np.arange(patients) % 2, "glioma", "meningioma"), slices)
    ill = rng.random(len(groups)) >= healthy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        held = held_out_rows(labels, ill, groups, fraction, seed)
    assert not set(groups[held]) & set(groups[~held])
    if held.any():
        for kind in ("glioma", "meningioma"):
            assert (ill & held)[labels == kind].any()
            assert (ill & ~held)[labels == kind].any()


def test_a_share_of_nothing_holds_nothing_out_and_says_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not held_out_rows(np.full(4, "a"), np.ones(4, bool), np.arange(4), 0, 0).any()


def test_where_a_class_has_one_patient_none_is_held_out_and_that_is_said() -> None:
    with pytest.warns(UserWarning, match="a single patient with a tumour"):
        held = held_out_rows(np.full(6, "a"), np.ones(6, bool), np.zeros(6), 0.2, 0)
    assert not held.any()
