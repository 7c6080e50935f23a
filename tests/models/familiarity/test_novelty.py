from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.errors import BundleError
from gliaboost.models.familiarity.novelty import Novelty, learn_novelty

EDGES = [0, 6, 12]


def _pictures(n: int, seed: int = 0) -> np.ndarray:
    """Points near a plane in 12 dimensions."""
    rng = np.random.default_rng(seed)
    plane = np.random.default_rng(99).normal(size=(2, 12))
    return (rng.normal(size=(n, 2)) @ plane + 0.1 * rng.normal(size=(n, 12))).astype(np.float32)


def _learnt(n: int = 600) -> Novelty:
    novelty = learn_novelty(_pictures(n), np.arange(n) // 3, EDGES)
    assert novelty is not None
    return novelty


def test_new_pictures_of_the_kind_are_called_unlike_once_in_100() -> None:
    p = _learnt().typicality(_pictures(4000, seed=1))
    assert 0.003 < (p <= 0.01).mean() < 0.025
    np.testing.assert_allclose(np.quantile(p, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.05)


def test_both_ways_of_being_far_are_seen() -> None:
    novelty = _learnt()
    plane = np.random.default_rng(99).normal(size=(2, 12))
    along = (8 * plane[:1]).astype(np.float32)
    off = np.linalg.svd(plane)[2][-1:].astype(np.float32) * 3
    assert (novelty.typicality(np.vstack([along, off])) <= novelty.threshold).all()


def test_a_patient_is_not_measured_by_his_own_pictures() -> None:
    # Each patient has three equal pictures in a place of his own: with them on both sides nothing
    # would seem new, and every new patient would be called unlike.
    rng = np.random.default_rng(0)
    places = rng.normal(size=(60, 12)).astype(np.float32)
    novelty = learn_novelty(np.repeat(places, 3, axis=0), np.repeat(np.arange(60), 3), EDGES)
    assert novelty is not None
    others = rng.normal(size=(400, 12)).astype(np.float32)
    assert (novelty.typicality(others) <= novelty.threshold).mean() < 0.06


@pytest.mark.parametrize(("n", "patients"), [(19, 19), (50, 1), (0, 0)])
def test_too_few_say_nothing(n: int, patients: int) -> None:
    groups = np.arange(n) % max(1, patients)
    assert learn_novelty(_pictures(n), groups, EDGES) is None


def test_few_pictures_call_unlike_what_is_farther_than_all_of_them() -> None:
    novelty = learn_novelty(_pictures(25), np.arange(25), EDGES)
    assert novelty is not None
    assert novelty.threshold == pytest.approx(1 / 26)
    assert novelty.typicality(np.full((1, 12), 50, np.float32))[0] == pytest.approx(1 / 26)


def test_one_picture_many_times_makes_all_else_unlike() -> None:
    same = np.ones((40, 12), np.float32)
    novelty = learn_novelty(same, np.arange(40), EDGES)
    assert novelty is not None
    own, other = novelty.typicality(np.stack([same[0], same[0] + 0.5]))
    assert own == 1
    assert other <= novelty.threshold


def test_it_survives_its_plain_values() -> None:
    novelty, new = _learnt(), _pictures(50, seed=2)
    again = Novelty.from_state(novelty.to_state(), 12)
    np.testing.assert_array_equal(again.typicality(new), novelty.typicality(new))
    assert len(again.held_out) == 600
    assert len(_learnt(3000).held_out) == 1000


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_values_are_refused_by_a_typed_error(data: st.DataObject) -> None:
    state = _learnt(60).to_state()
    name = data.draw(st.sampled_from(sorted(state)))
    change = data.draw(st.sampled_from(["drop", "short", "nan", "text", "double", "zero"]))
    if change == "drop":
        del state[name]
    elif change == "short":
        state[name] = state[name][:-1]
    elif change == "nan":
        state[name] = np.full(len(state[name]) // 4, np.nan, "<f4").tobytes()
    elif change == "text":
        state[name] = "no bytes"
    elif change == "double":
        if name == "held_out":
            return
        state[name] += state[name]
    elif name in ("scales", "deviations", "limits"):
        state[name] = bytes(len(state[name]))
    else:
        return
    with pytest.raises(BundleError):
        Novelty.from_state(state, 12)
