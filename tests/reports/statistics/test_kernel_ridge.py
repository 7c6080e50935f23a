from __future__ import annotations

import numpy as np
import pytest

from gliaboost.reports.statistics.kernel_ridge import AT_ONCE, RIDGE, answers, likeness


def test_copies_are_alike_and_others_are_not() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(60, 30)).astype(np.float32)
    columns[1] = columns[0]
    alike = likeness(columns)
    np.testing.assert_allclose(alike, alike.T)
    assert alike[0, 1] == pytest.approx(1, abs=1e-4)
    assert np.median(alike) == pytest.approx(np.exp(-4), rel=0.3)


def test_scale_place_and_missing_values_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(40, 6)).astype(np.float32)
    np.testing.assert_allclose(likeness(columns), likeness(columns * 1000 + 7), atol=1e-3)
    columns[:, 2] = 5  # constant
    columns[3, 1] = np.nan
    assert np.isfinite(likeness(columns)).all()


def test_all_columns_missing_or_constant_leave_all_alike() -> None:
    assert (likeness(np.full((5, 2), np.nan, np.float32)) == 1).all()
    assert (likeness(np.ones((5, 2), np.float32)) == 1).all()


def test_answers_are_scikit_learns_kernel_ridge() -> None:
    from sklearn.kernel_ridge import KernelRidge

    rng = np.random.default_rng(2)
    alike = likeness(rng.normal(size=(80, 5)).astype(np.float32)).astype(np.float64)
    train, test = np.arange(50), np.arange(50, 80)
    labellings = rng.integers(0, 3, (AT_ONCE + 3, 80))
    given = answers(alike.astype(np.float32), train, test, labellings, 3)
    for labels, said in zip(labellings[::9], given[::9], strict=True):
        one = (labels[train][:, None] == np.arange(3)).astype(float)
        share = one.mean(0)
        model = KernelRidge(alpha=RIDGE, kernel="precomputed")
        model.fit(alike[np.ix_(train, train)], (one - share) / share)
        expected = model.predict(alike[np.ix_(test, train)]).argmax(1)
        assert (said == expected).mean() > 0.99


def test_it_learns_and_a_rare_class_is_not_forgotten() -> None:
    rng = np.random.default_rng(3)
    labels = np.r_[np.zeros(180, int), np.ones(20, int)]
    columns = rng.normal(size=(200, 10)).astype(np.float32)
    columns[labels == 1] += 1.2
    rows = rng.permutation(200)
    (said,) = answers(likeness(columns), rows[:120], rows[120:], labels[None], 2)
    truth = labels[rows[120:]]
    assert (said[truth == 1] == 1).mean() > 0.6
    assert (said[truth == 0] == 0).mean() > 0.8


def test_a_class_that_training_lacks_is_never_answered() -> None:
    columns = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    labels = np.r_[np.arange(15) % 2, np.full(5, 2)]
    (said,) = answers(likeness(columns), np.arange(15), np.arange(15, 20), labels[None], 3)
    assert set(said.tolist()) <= {0, 1}


def test_many_copies_of_a_class_do_not_make_it_rare() -> None:
    """Ten copies teach hardly more than one: with weights, strangers are shared out evenly."""
    rng = np.random.default_rng(0)
    shares = []
    for weighed in (False, True):
        said = []
        for _ in range(40):
            one = rng.normal(size=(40, 30))
            size = np.r_[np.full(20, 10), np.ones(20, int)]
            unit = np.repeat(np.arange(40), size)
            columns = np.r_[one[unit], rng.normal(size=(50, 30))].astype(np.float32)
            labels = np.r_[(unit >= 20).astype(int), np.zeros(50, int)]
            weight = np.r_[1 / size[unit], np.ones(50)] if weighed else None
            train, test = np.arange(len(unit)), np.arange(len(unit), len(columns))
            said.append(answers(likeness(columns), train, test, labels[None], 2, weight).mean())
        shares.append(np.mean(said))
    assert shares[0] > 0.8
    assert abs(shares[1] - 0.5) < 0.15
