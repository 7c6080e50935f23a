"""The forest is scikit-learn's, walked through plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from gliaboost.models.base import NativeModelError
from gliaboost.models.heads.head import Learning
from gliaboost.models.heads.random_forest import LEAST, RandomForest
from gliaboost.models.plain_arrays import pack, unpack
from tests.models.heads.test_head import make_data, quick


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("min_rows", [1, 6])
def test_votes_are_scikit_learns(classes: int, min_rows: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, 150)
    Z = (rng.normal(size=(150, 8)) + y[:, None]).astype(np.float32)
    weight = rng.uniform(0.5, 2, 150)
    model = RandomForest(trees=15, jobs=1, seed=4)
    (head,) = model._heads(Learning(Z, y, weight, classes), [{"min_rows": min_rows}])
    wanted = RandomForestClassifier(15, min_samples_leaf=min_rows, random_state=4)
    wanted.fit(Z, y, sample_weight=weight)
    new = rng.normal(size=(40, 8)).astype(np.float32)
    new[:5] = Z[:5]
    shares = np.exp(model._scores(head, new))
    np.testing.assert_allclose(shares, np.maximum(wanted.predict_proba(new), LEAST), atol=1e-12)


@pytest.mark.parametrize("name", ["head/left", "head/right", "head/feature", "head/roots"])
@pytest.mark.parametrize("value", [-5, 10**6, 0])
def test_no_walk_leaves_the_arrays_or_goes_in_circles(name: str, value: int) -> None:
    X, y, patients = make_data(rows=60)
    model = quick("random-forest").fit(X, y, groups=patients)
    arrays, about = unpack(model.to_bytes())
    at = int(np.flatnonzero(arrays["head/feature"] >= 0)[-1])
    changed = arrays[name].copy()
    changed[0 if name == "head/roots" else at] = value
    native = pack({**arrays, name: changed}, about)
    try:
        restored = RandomForest.from_bytes(native, model.classes_, 30, **model.get_params())
    except NativeModelError:
        return
    # What is taken is a forest, if another one: it comes to an end.
    assert value == 0 or (name == "head/feature" and value == -5)
    assert np.isfinite(restored.predict_proba(X)).all()
