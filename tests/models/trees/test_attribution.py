"""TreeSHAP against both libraries, and against Shapley's own formula."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost

from gliaboost.models.trees.attribution import ancestry
from gliaboost.models.trees.lightgbm_form import read_lightgbm
from gliaboost.models.trees.trees import Trees
from gliaboost.models.trees.xgboost_form import read_xgboost
from tests.models.trees import test_lightgbm_form, test_xgboost_form
from tests.models.trees.test_lightgbm_form import COLUMNS, KINDS, SETTINGS, table


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_lightgbms(kind: str, setting: str, classes: int) -> None:
    booster = test_lightgbm_form.grown(kind, setting, classes)
    X = table(kind)
    own = read_lightgbm(booster.model_to_string()).contributions(X)
    want = np.asarray(booster.predict(X, pred_contrib=True)).reshape(len(X), classes, COLUMNS + 1)
    np.testing.assert_allclose(own, want[..., :-1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_they_are_xgboosts(kind: str, classes: int) -> None:
    booster = test_xgboost_form.grown(kind, classes)
    X = table(kind)
    own = read_xgboost(bytes(booster.save_raw("ubj"))).contributions(X)
    want = booster.predict(xgboost.DMatrix(X), pred_contribs=True)
    # The library computes in float32.
    np.testing.assert_allclose(own, want[..., :-1], rtol=1e-4, atol=1e-5)


def test_with_a_constant_they_sum_to_the_score() -> None:
    X = table("gaps")
    trees = read_lightgbm(test_lightgbm_form.grown("gaps").model_to_string())
    constant = trees.scores(X) - trees.contributions(X).sum(axis=2)
    np.testing.assert_allclose(constant, constant[:1].repeat(len(X), 0), atol=1e-5)


def expected(trees: Trees, row: np.ndarray, known: set[int], node: int) -> float:
    """Give the mean of a tree where some columns are known, by the training rows that went on."""
    if node < 0:
        return float(trees.value[-1 - node])
    left, right = int(trees.left[node]), int(trees.right[node])
    if int(trees.feature[node]) in known:
        small = row[trees.feature[node]] <= trees.threshold[node]
        return expected(trees, row, known, left if small else right)
    covers = (trees.cover, trees.leaf_cover)
    assert covers[0] is not None and covers[1] is not None
    parts = [float(covers[0][n] if n >= 0 else covers[1][-1 - n]) for n in (left, right)]
    both = [expected(trees, row, known, n) for n in (left, right)]
    return float(np.dot(parts, both) / sum(parts))


def test_they_are_shapleys_values() -> None:
    # A column is asked twice on one path, and one not at all.
    trees = Trees(
        roots=np.array([0], np.int32),
        group=np.array([0], np.int32),
        feature=np.array([0, 1, 0, 2], np.int32),
        left=np.array([1, 2, -1, -3], np.int32),
        right=np.array([3, -5, -2, -4], np.int32),
        threshold=np.array([0.5, 0.2, -0.5, 0.1], np.float32),
        missing=np.zeros(4, np.uint8),
        value=np.array([1.0, -2.0, 3.0, 5.0, 0.5]),
        start=np.zeros(1),
        columns=4,
        strict=False,
        cover=np.array([20, 12, 7, 8], np.float32),
        leaf_cover=np.array([3, 4, 6, 2, 5], np.float32),
    )
    X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    found = trees.contributions(X)[:, 0]
    for row, own in zip(X, found, strict=True):
        want = np.zeros(4)
        for column in range(4):
            others = [c for c in range(4) if c != column]
            for size in range(4):
                share = factorial(size) * factorial(3 - size) / factorial(4)
                for known in combinations(others, size):
                    more = expected(trees, row, {*known, column}, 0)
                    want[column] += share * (more - expected(trees, row, {*known}, 0))
        np.testing.assert_allclose(own, want, atol=1e-6)
        assert own[3] == 0


def test_leaves_know_their_nodes_and_class() -> None:
    roots, group = np.array([-1, 0, 1], np.int32), np.array([1, 0, 2], np.int32)
    left, right = np.array([-2, -4, -5], np.int32), np.array([-3, 2, -6], np.int32)
    found = ancestry(roots, group, left, right, 6)
    assert found.parent.tolist() == [-1, -1, 1]
    assert found.leaf_parent.tolist() == [-1, 0, 0, 1, 2, 2]
    assert found.leaf_group.tolist() == [0, 0, 0, 2, 2, 2]
    assert found.deepest == 2
