"""The machines are scikit-learn's, kept as plain arrays."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from gliaboost.models.heads.head import Learning
from gliaboost.models.heads.svm import SVM, gaussian


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_scores_are_sums_of_scikit_learns_decisions(classes: int, gamma: float) -> None:
    rng = np.random.default_rng(classes)
    y = rng.integers(0, classes, 120)
    Z = (rng.normal(size=(120, 5)) + y[:, None]).astype(np.float32)
    weight = rng.uniform(0.5, 2, 120)
    model = SVM(gamma=gamma)
    (head,) = model._heads(Learning(Z, y, weight, classes), [{"C": 2.0}])
    # libsvm stops within 1e-3 of the optimum: only of the same kernel does it find the same one.
    wanted = SVC(C=2.0, kernel="precomputed", decision_function_shape="ovo")
    wanted.fit(gaussian(Z, Z, gamma / 5), y, sample_weight=weight)
    new = (rng.normal(size=(30, 5)) * 2).astype(np.float32)
    apart = gaussian(new, Z, gamma / 5)
    decisions = wanted.decision_function(apart).reshape(30, -1)
    scores = np.zeros((30, classes))
    for k, (i, j) in enumerate(combinations(range(classes), 2)):
        own = -decisions[:, k] if classes == 2 else decisions[:, k]
        scores[:, i] += own
        scores[:, j] -= own
    np.testing.assert_allclose(model._scores(head, new), scores, atol=1e-9)
    if classes == 2:
        assert (model._scores(head, new).argmax(axis=1) == wanted.predict(apart)).all()


def test_the_kernel_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(n, 7)).astype(np.float32) for n in (9, 4))
    np.testing.assert_allclose(gaussian(a, b, 0.3), rbf_kernel(a, b, 0.3), atol=1e-6)
    assert gaussian(a, a, 0.3).max() <= 1
