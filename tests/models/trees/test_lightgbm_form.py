"""Trees out of LightGBM's text give LightGBM's own numbers, whatever a value is."""

from __future__ import annotations

import functools
import re
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.trees.branches import ZERO
from gliaboost.models.trees.lightgbm_form import not_above, read_lightgbm

COLUMNS = 5
# What training meets: plain, with gaps, with zeros, near and far from them.
KINDS = ("plain", "gaps", "zeros", "tiny", "huge")
SETTINGS = {
    "as gliaboost": {},
    "zeros missing": {"zero_as_missing": True},
    "nothing missing": {"use_missing": False},
}


def table(kind: str, rows: int = 300) -> NDArray[np.float32]:
    rng = np.random.default_rng(KINDS.index(kind))
    X = rng.normal(size=(rows, COLUMNS)).astype(np.float32)
    if kind == "gaps":
        X[rng.random(X.shape) < 0.2] = np.nan
    if kind == "zeros":
        X[rng.random(X.shape) < 0.5] = 0
    if kind == "tiny":
        X *= np.float32(1e-35) * rng.choice([1, 1e-3, 100], X.shape).astype(np.float32)
    if kind == "huge":
        X *= np.float32(5e37)
    return X


def labels(X: NDArray[np.float32], classes: int) -> NDArray[np.int64]:
    """Classes of one size that two columns tell."""
    found = np.nan_to_num(X[:, 0]) / 2 - np.nan_to_num(X[:, 3]) / 2
    return np.asarray(np.argsort(np.argsort(found)) * classes // len(X))


@functools.cache
def grown(kind: str, setting: str = "as gliaboost", classes: int = 3) -> Any:
    X = table(kind)
    y = labels(X, classes)
    parameters = {
        "objective": "multiclass", "num_class": classes, "num_leaves": 15, "verbosity": -1,
        "min_data_in_leaf": 3, "num_threads": 1, "seed": 0, **SETTINGS[setting],
    }  # fmt: skip
    return lightgbm.train(parameters, lightgbm.Dataset(X, y), 12)


def awkward(booster: Any, X: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of thresholds and their neighbours, zeros and their neighbours, gaps and bounds."""
    numbers = re.findall(r"^threshold=(.*)$", booster.model_to_string(), re.MULTILINE)
    with np.errstate(over="ignore"):
        edges = np.array(" ".join(numbers).split(), float).astype(np.float32)
    values: list[NDArray[np.float32]] = [
        edges,
        np.array([0.0, -0.0, ZERO, -ZERO, 1e-36, -1e-36, 1e-45, -1e-45], np.float32),
    ]
    values += [np.array([np.nan, np.inf, -np.inf, 3.4e38, -3.4e38], np.float32), X.ravel()]
    every = np.concatenate(values)
    with np.errstate(over="ignore"):
        up, down = np.nextafter(every, np.float32(np.inf)), np.nextafter(every, np.float32(-np.inf))
    rng = np.random.default_rng(0)
    return rng.choice(np.concatenate([every, up, down]), (2000, X.shape[1]))


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_the_librarys_to_the_bit(kind: str, setting: str, classes: int) -> None:
    booster = grown(kind, setting, classes)
    trees = read_lightgbm(booster.model_to_string().encode())
    for X in (table(kind), awkward(booster, table(kind))):
        np.testing.assert_array_equal(trees.scores(X), booster.predict(X, raw_score=True))
        np.testing.assert_allclose(trees.probabilities(X), booster.predict(X), rtol=0, atol=1e-12)


@given(st.lists(st.floats(width=32), min_size=COLUMNS, max_size=COLUMNS), st.sampled_from(KINDS))
def test_any_row_is_scored_as_by_the_library(row: list[float], kind: str) -> None:
    booster = grown(kind)
    X = np.array([row], np.float32)
    scores = read_lightgbm(booster.model_to_string()).scores(X)
    np.testing.assert_array_equal(scores, booster.predict(X, raw_score=True))


def test_rounds_after_the_best_are_not_there() -> None:
    X = table("plain", 400)
    y = np.where(np.arange(400) % 4 == 0, np.arange(400) % 3, labels(X, 3))
    parameters = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
    data = lightgbm.Dataset(X[:200], y[:200], free_raw_data=False)
    stop = lightgbm.early_stopping(3, verbose=False)
    checked = [lightgbm.Dataset(X[200:], y[200:], reference=data)]
    booster = lightgbm.train(parameters, data, 60, valid_sets=checked, callbacks=[stop])
    assert booster.best_iteration < 60
    trees = read_lightgbm(booster.model_to_string())
    assert len(trees.roots) == 3 * booster.best_iteration
    np.testing.assert_array_equal(trees.scores(X), booster.predict(X, raw_score=True))


def test_columns_that_say_nothing_give_trees_of_one_leaf() -> None:
    X, y = np.zeros((50, 2), np.float32), np.arange(50) % 3
    parameters = {"objective": "multiclass", "num_class": 3, "verbosity": -1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(X, y), 2)
    trees = read_lightgbm(booster.model_to_string())
    assert (trees.roots < 0).all()
    np.testing.assert_array_equal(trees.scores(X), booster.predict(X, raw_score=True))
    assert not trees.contributions(X).any()


def test_values_on_a_threshold_go_left_as_in_the_library() -> None:
    thresholds = np.array([0.1, 1 / 3, 1e-35, -2.7, 5.0, 1e300, np.inf, -np.inf])
    rounded = not_above(thresholds)
    assert (rounded.astype(float) <= thresholds).all()
    finite = rounded[np.isfinite(thresholds)]
    with np.errstate(over="ignore"):
        above = np.nextafter(finite, np.float32(np.inf)).astype(float)
    assert (above > thresholds[np.isfinite(thresholds)]).all()


def text(**changed: str) -> str:
    """Return a small model's text, with the first line of these names changed."""
    found = grown("gaps").model_to_string()
    for name, value in changed.items():
        found = re.sub(rf"^{name}=.*$", f"{name}={value}", found, count=1, flags=re.MULTILINE)
    return str(found)


@pytest.mark.parametrize(
    "broken",
    [
        text(split_feature="99 " * 14),
        text(split_feature="-1 " * 14),
        text(num_tree_per_iteration="0"),
        text(num_tree_per_iteration="-3"),
        text(num_class="0"),
        text(num_class="4"),
        text(num_class="1000000000"),
        text(left_child="0 " * 14),
        text(left_child="-1 " * 14),
        text(right_child="99 " * 14),
        text(right_child="-99 " * 14),
        text(left_child="9" * 30 + " 0" * 13),
        text(tree_sizes="1 2"),
        text(num_leaves="99999999999"),
        text(num_leaves="0"),
        text(num_leaves="1"),
        text(num_leaves="-1"),
        text(num_cat="1"),
        text(is_linear="1"),
        text(decision_type="1 " * 14),
        text(decision_type="12 " * 14),
        text(decision_type="-1 " * 14),
        text(threshold="nan " * 14),
        text(leaf_value="nan " * 15),
        text(leaf_value="1e300 " * 15),
        text(internal_count="-1 " * 14),
        text(max_feature_idx="-1"),
        text(max_feature_idx="1" * 5000),
        text(objective="binary sigmoid:1"),
        text(objective=""),
        text()[:500],
        text().replace("end of trees", ""),
        text().replace("leaf_value", "leaf_worth"),
        "",
        "tree",
        "\0" * 100,
    ],
)
def test_an_altered_text_is_refused(broken: str) -> None:
    with pytest.raises(NativeModelError, match=r"cannot be read \("):
        read_lightgbm(broken.encode())
    with pytest.raises(NativeModelError):
        read_lightgbm(b"\xff" + broken.encode())
