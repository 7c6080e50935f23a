"""Trees as a model: kept as bytes, checked when taken up, asked for columns of theirs alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.models.base import NativeModelError
from gliaboost.models.plain_arrays import pack, unpack
from gliaboost.models.trees.trees import Trees, packed
from tests.models.trees.test_faults import sound

X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)


def trees(**changed: Any) -> Trees:
    return Trees.from_arrays(sound(**changed), 3, 2, strict=True)


def test_bytes_bring_them_back() -> None:
    native = trees().to_bytes()
    assert packed(native) and not packed(b"tree\nversion=v4")
    again = Trees.from_bytes(native)
    assert (again.columns, again.classes, again.strict) == (3, 2, True)
    np.testing.assert_array_equal(again.scores(X), trees().scores(X))
    np.testing.assert_array_equal(again.contributions(X), trees().contributions(X))
    assert again.to_bytes() == native


def test_scores_are_added_up_in_the_precision_of_the_leaves() -> None:
    assert trees().scores(X).dtype == np.float64
    plain = {n: sound()[n].astype(np.float32) for n in ("value", "start")}
    assert trees(**plain).scores(X).dtype == np.float32


def test_probabilities_are_a_softmax() -> None:
    p = trees().probabilities(X)
    np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), np.diff(trees().scores(X))[:, 0])
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-15)
    far = trees(value=np.array([1e30, 1e30, 1e30, -1e30])).probabilities(X)
    np.testing.assert_array_equal(far, np.tile([1.0, 0.0], (50, 1)))


@pytest.mark.parametrize("rows", [X[:, :2], np.hstack([X, X]), X[0]])
def test_other_columns_are_refused(rows: Any) -> None:
    for ask in (trees().scores, trees().contributions):
        with pytest.raises(NativeModelError, match=r"take \[N, 3\] columns"):
            ask(rows)


def test_rows_may_lie_anyhow_in_memory() -> None:
    want = trees().scores(X)
    still = X.copy()
    still.setflags(write=False)
    for rows in (np.asfortranarray(X), np.hstack([X, X])[:, :3], X.astype(float), still):
        np.testing.assert_array_equal(trees().scores(rows), want)


def test_a_shift_moves_every_class_but_the_first() -> None:
    moved = trees().shifted(1.5).scores(X) - trees().scores(X)
    np.testing.assert_allclose(moved, np.tile([0, 1.5], (50, 1)))


def test_trees_without_covers_explain_nothing() -> None:
    arrays = {name: each for name, each in sound().items() if "cover" not in name}
    found = Trees.from_arrays(arrays, 3)
    assert set(found.arrays()) == set(arrays)
    with pytest.raises(NativeModelError, match="training rows"):
        found.contributions(X)


def test_all_that_is_wrong_is_said_up_to_a_few() -> None:
    with pytest.raises(NativeModelError, match=r"no array 'roots'.*and 4 more\); copy or train"):
        Trees.from_arrays({}, 3)


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"columns": 3, "link": "logistic", "strict": True},
        {"columns": "3", "link": "softmax", "strict": True},
        {"columns": True, "link": "softmax", "strict": True},
        {"columns": 0, "link": "softmax", "strict": True},
        {"columns": 3, "link": "softmax", "strict": 1},
        {"columns": 1, "link": "softmax", "strict": True},
    ],
)
def test_trees_of_another_kind_are_refused(about: dict[str, Any]) -> None:
    with pytest.raises(NativeModelError):
        Trees.from_bytes(pack(sound(), about))


def test_what_takes_them_up_owns_them() -> None:
    arrays, _ = unpack(trees().to_bytes())
    found = Trees.from_arrays(arrays, 3)
    assert all(each.flags.carray for each in found.arrays().values())
