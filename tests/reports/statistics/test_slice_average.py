from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.statistics.slice_average import average, parts_of, thirds


def test_patients_are_resampled_whole() -> None:
    values = np.repeat([0.2, 0.4, 0.9, 0.7, 0.5], 20)
    rows = pd.DataFrame({"patient": np.repeat(list("abcde"), 20)})
    whole, loose = average(rows, values), average(rows.drop(columns="patient"), values)
    assert whole.value == loose.value == pytest.approx(0.54)
    assert whole.ci95 is not None
    assert loose.ci95 is not None
    assert np.ptp(whole.ci95) > 3 * np.ptp(loose.ci95)
    assert (whole.units, loose.units) == (5, 100)
    assert average(rows[:20], values[:20]).ci95 is None


def test_a_median_is_that_of_the_repeated_rows() -> None:
    rng = np.random.default_rng(1)
    values, patient = rng.normal(size=15), np.repeat(list("abcde"), 3)
    drawn = np.random.default_rng(0).multinomial(5, np.full(5, 0.2), size=100)
    medians = [np.sort(np.repeat(values, np.repeat(w, 3)))[7] for w in drawn]
    found = average(pd.DataFrame({"patient": patient}), values, n_boot=100, median=True)
    assert found.value == np.median(values)
    assert found.ci95 == tuple(np.quantile(medians, [0.025, 0.975], method="inverted_cdf"))


def test_a_third_that_cannot_be_told_is_none() -> None:
    assert thirds(np.array([1.0, 2.0])) is None
    assert thirds(np.array([1.0, 1.0, 1.0, 2.0])) is None
    assert thirds(np.array([3.0, 1.0, 2.0])) == (1.0, 2.0)


def test_each_value_is_in_one_third() -> None:
    values = np.array([5.0, 1.0, 3.0, 3.0, 4.0, 2.0])
    cuts = thirds(values)
    assert cuts == (2.0, 3.0)
    low, middle, high = parts_of(values, cuts)
    assert np.flatnonzero(low).tolist() == [1, 5]
    assert np.flatnonzero(middle).tolist() == [2, 3]
    assert np.flatnonzero(high).tolist() == [0, 4]
