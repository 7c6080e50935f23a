"""Trees out of XGBoost's bytes give XGBoost's own numbers, whatever a value is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.trees import xgboost_form
from gliaboost.models.trees.ubjson import read_ubjson
from gliaboost.models.trees.xgboost_form import read_xgboost
from tests.models.trees.test_lightgbm_form import COLUMNS, KINDS, labels, table


@functools.cache
def grown(kind: str, classes: int = 3, **changed: Any) -> Any:
    X = table(kind)
    y = labels(X, classes)
    parameters = {
        "objective": "multi:softprob", "num_class": classes, "nthread": 1, "max_depth": 0,
        "max_leaves": 15, "grow_policy": "lossguide", "seed": 0, **changed,
    }  # fmt: skip
    return xgboost.train(parameters, xgboost.DMatrix(X, y), 12)


def awkward(booster: Any, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of thresholds and their neighbours, zeros and their neighbours, gaps and bounds."""
    model = read_ubjson(bytes(booster.save_raw("ubj")))["learner"]["gradient_booster"]["model"]
    values = [tree["split_conditions"] for tree in model["trees"]]
    values += [np.array([0.0, -0.0, 1e-45, -1e-45, np.nan, 3.4e38, -3.4e38], np.float32), X.ravel()]
    every = np.concatenate(values)
    with np.errstate(over="ignore"):
        up, down = np.nextafter(every, np.float32(np.inf)), np.nextafter(every, np.float32(-np.inf))
    rng = np.random.default_rng(0)
    found = rng.choice(np.concatenate([every, up, down]), (2000, X.shape[1]))
    # The library refuses them, and so does gliaboost.
    return np.where(np.isinf(found), np.float32(0), found)


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("base", [0.5, None, 0.0])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_librarys_to_the_bit(kind: str, base: float | None, classes: int) -> None:
    booster = grown(kind, classes, **({} if base is None else {"base_score": base}))
    trees = read_xgboost(bytes(booster.save_raw("ubj")))
    for X in (table(kind), awkward(booster, table(kind))):
        own = booster.inplace_predict(X, predict_type="margin")
        np.testing.assert_array_equal(trees.scores(X), own)
        p = booster.inplace_predict(X)
        np.testing.assert_allclose(trees.probabilities(X), p, rtol=0, atol=1e-6)


@pytest.mark.integration
@given(
    st.lists(st.floats(width=32, allow_infinity=False), min_size=COLUMNS, max_size=COLUMNS),
    st.sampled_from(KINDS),
)
def test_any_row_is_scored_as_by_the_library(row: list[float], kind: str) -> None:
    booster = grown(kind)
    X = np.array([row], np.float32)
    scores = read_xgboost(bytes(booster.save_raw("ubj"))).scores(X)
    np.testing.assert_array_equal(scores, booster.inplace_predict(X, predict_type="margin"))


def test_columns_that_say_nothing_give_trees_of_one_leaf() -> None:
    X, y = np.zeros((60, 2), np.float32), np.arange(60) % 3
    parameters = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(X, y), 2)
    trees = read_xgboost(bytes(booster.save_raw("ubj")))
    assert (trees.roots < 0).all()
    np.testing.assert_array_equal(
        trees.scores(X), booster.inplace_predict(X, predict_type="margin")
    )
    assert not trees.contributions(X).any()


Tree = dict[str, Any]
Change = Callable[[dict[str, Any], dict[str, Any], Tree], object]


def put(name: str, value: Any) -> Change:
    """Put a value in all places of one of the first tree's arrays."""

    def change(learner: dict[str, Any], model: dict[str, Any], tree: Tree) -> None:
        tree[name] = np.full_like(tree[name], value)

    return change


CHANGES: dict[str, Change] = {
    "classes below 0": lambda _, m, __: m.update(tree_info=[-5] * len(m["tree_info"])),
    "classes beyond": lambda _, m, __: m.update(tree_info=[3] * len(m["tree_info"])),
    "huge classes": lambda _, m, __: m.update(tree_info=[2**40] * len(m["tree_info"])),
    "fewer classes": lambda _, m, __: m.update(tree_info=m["tree_info"][:-1]),
    "classes of text": lambda _, m, __: m.update(tree_info=["0"] * len(m["tree_info"])),
    "fewer trees": lambda _, m, __: m["trees"].pop(),
    "trees of nothing": lambda _, m, __: m.update(trees=[{}] * len(m["tree_info"])),
    "trees of numbers": lambda _, m, __: m.update(trees=[1] * len(m["tree_info"])),
    "no trees": lambda _, m, __: m.pop("trees"),
    "a column beyond": put("split_indices", 99),
    "a column below": put("split_indices", -1),
    "a circle": put("left_children", 0),
    "its own parent": put("left_children", 1),
    "a child beyond": put("right_children", 10**6),
    "no child": put("right_children", -1),
    "no default": put("default_left", 7),
    "by category": put("split_type", 1),
    "no number": put("split_conditions", np.nan),
    "no cover": put("sum_hessian", -1),
    "fewer nodes": lambda _, __, t: t.update(left_children=t["left_children"][:-1]),
    "no nodes": lambda _, __, t: t.update({k: np.empty(0) for k in xgboost_form.PARTS}),
    "a matrix": lambda _, __, t: t.update(left_children=[[1, 2], [3, 4]]),
    "vectors": lambda _, __, t: t["tree_param"].update(size_leaf_vector="3"),
    "another booster": lambda x, _, __: x["gradient_booster"].update(name="dart"),
    "another objective": lambda x, _, __: x["objective"].update(name="binary:logistic"),
    "more classes": lambda x, _, __: x["learner_model_param"].update(num_class="4"),
    "no class": lambda x, _, __: x["learner_model_param"].update(num_class="0"),
    "a billion": lambda x, _, __: x["learner_model_param"].update(num_class="1000000000"),
    "fewer columns": lambda x, _, __: x["learner_model_param"].update(num_feature="1"),
    "columns below": lambda x, _, __: x["learner_model_param"].update(num_feature="-1"),
    "base scores": lambda x, _, __: x["learner_model_param"].update(base_score="[1,2]"),
    "no base score": lambda x, _, __: x["learner_model_param"].update(base_score="nan"),
    "a base of text": lambda x, _, __: x["learner_model_param"].update(base_score="much"),
    "no facts": lambda x, _, __: x.pop("learner_model_param"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_altered_model_is_refused(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_ubjson(bytes(grown("gaps").save_raw("ubj")))
    model = whole["learner"]["gradient_booster"]["model"]
    CHANGES[change](whole["learner"], model, model["trees"][0] if model["trees"] else {})
    monkeypatch.setattr(xgboost_form, "read_ubjson", lambda _: whole)
    with pytest.raises(NativeModelError):
        read_xgboost(b"")


@pytest.mark.parametrize("native", [b"", b"{}", b"[]", b"Z", b'{"learner": {}}', b"\0" * 50])
def test_other_bytes_are_refused(native: bytes) -> None:
    with pytest.raises(NativeModelError, match="xgboost's model cannot be read"):
        read_xgboost(native)


@pytest.mark.integration
def test_a_model_cut_off_anywhere_is_refused() -> None:
    native = bytes(grown("plain").save_raw("ubj"))
    for stop in range(0, len(native), 97):
        with pytest.raises(NativeModelError, match="cut off"):
            read_xgboost(native[:stop])
