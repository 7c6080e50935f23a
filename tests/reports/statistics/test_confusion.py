from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn import metrics

from gliaboost.reports.statistics import confusion as c

labels = st.integers(2, 5).flatmap(
    lambda k: st.integers(1, 40).flatmap(
        lambda n: st.tuples(
            st.just(k),
            hnp.arrays(np.int64, n, elements=st.integers(0, k - 1)),
            hnp.arrays(np.int64, n, elements=st.integers(0, k - 1)),
        )
    )
)


def matrix_of(
    k: int, truth: NDArray[np.int64], predicted: NDArray[np.int64]
) -> NDArray[np.float64]:
    return np.asarray(c.confusions(truth, predicted, k, np.zeros(len(truth), np.int64), 1)[0])


@pytest.mark.integration
@given(labels)
def test_every_number_is_scikit_learns(
    case: tuple[int, NDArray[np.int64], NDArray[np.int64]],
) -> None:
    k, truth, predicted = case
    matrix = matrix_of(*case)
    np.testing.assert_array_equal(
        matrix, metrics.confusion_matrix(truth, predicted, labels=range(k))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of absent classes
        assert c.accuracy(matrix) == pytest.approx(metrics.accuracy_score(truth, predicted))
        assert c.balanced_accuracy(matrix) == pytest.approx(
            metrics.balanced_accuracy_score(truth, predicted)
        )
        assert c.macro_f1(matrix) == pytest.approx(
            metrics.f1_score(truth, predicted, average="macro")
        )
        assert c.matthews(matrix) == pytest.approx(metrics.matthews_corrcoef(truth, predicted))
        for function, reference in (
            (c.recall, metrics.recall_score),
            (c.precision, metrics.precision_score),
            (c.f1, metrics.f1_score),
        ):
            expected = reference(
                truth, predicted, labels=range(k), average=None, zero_division=np.nan
            )
            np.testing.assert_allclose(function(matrix), expected, atol=1e-12)
        for label, value in enumerate(c.specificity(matrix)):
            other = truth != label
            expected = (predicted[other] != label).mean() if other.any() else np.nan
            np.testing.assert_allclose(value, expected)


def test_a_stack_is_its_matrices_one_by_one() -> None:
    rng = np.random.default_rng(0)
    truth, predicted, codes = (rng.integers(0, n, 200) for n in (3, 3, 7))
    stack = c.confusions(truth, predicted, 3, codes, 7)
    for group in range(7):
        alone = matrix_of(3, truth[codes == group], predicted[codes == group])
        np.testing.assert_array_equal(stack[group], alone)
        for function in (*c.SUMMARIES.values(), *c.BY_CLASS.values()):
            np.testing.assert_array_equal(function(stack)[group], function(alone))


def test_matthews_of_gorodkins_kind_by_hand() -> None:
    # Two classes: the plain phi coefficient, (6*3 - 1*2) / sqrt(7*8*4*5).
    assert c.matthews(np.array([[6.0, 1.0], [2.0, 3.0]])) == pytest.approx(
        16 / np.sqrt(7 * 8 * 4 * 5)
    )


def test_weights_may_be_small() -> None:
    matrix = np.random.default_rng(0).integers(0, 9, (3, 3)).astype(float)
    for function in (*c.SUMMARIES.values(), *c.BY_CLASS.values()):
        np.testing.assert_allclose(function(matrix / 1000), function(matrix))


def test_one_answer_to_everything_correlates_with_nothing() -> None:
    with np.errstate(all="raise"):
        assert c.matthews(np.array([[3.0, 0.0], [2.0, 0.0]])) == 0
        assert np.isnan(c.precision(np.array([[3.0, 0.0], [2.0, 0.0]]))).tolist() == [False, True]


def test_an_empty_matrix_has_no_numbers() -> None:
    for function in (*c.SUMMARIES.values(), *c.BY_CLASS.values()):
        with np.errstate(all="raise"):
            assert np.isnan(function(np.zeros((3, 3)))).all()
