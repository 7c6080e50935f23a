from __future__ import annotations

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.agreement import agreement

# Peak flow by two meters in l/min, first readings: Bland and Altman (1986), table 1.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_the_published_example() -> None:
    found = agreement(MINI, LARGE)
    assert found.bias == pytest.approx(-2.1, abs=0.05)
    assert found.sd == pytest.approx(38.8, abs=0.05)
    # The paper takes 2 standard deviations for 1.96: -79.7 and 75.5.
    assert found.lower == pytest.approx(-2.1 - 1.96 * 38.8, abs=0.2)
    assert found.upper == pytest.approx(-2.1 + 1.96 * 38.8, abs=0.2)
    assert (found.measured, found.units) == (17, 17)
    assert found.within == pytest.approx(16 / 17)
    # -22.0 to 17.8 by the paper's t; percentiles of a few subjects are a little narrower.
    assert found.bias_ci95 == pytest.approx((-22.0, 17.8), abs=4)


def test_intervals_hold_what_they_are_of() -> None:
    found = agreement(MINI, LARGE)
    for value, span in (
        (found.bias, found.bias_ci95),
        (found.lower, found.lower_ci95),
        (found.upper, found.upper_ci95),
    ):
        assert span is not None
        assert span[0] < value < span[1]


def test_repeats_of_a_patient_are_no_new_witnesses() -> None:
    once = agreement(MINI, LARGE)
    codes = np.repeat(np.arange(17), 4)
    again = agreement(np.repeat(MINI, 4), np.repeat(LARGE, 4), codes)
    assert again.bias_ci95 == pytest.approx(once.bias_ci95)
    careless = agreement(np.repeat(MINI, 4), np.repeat(LARGE, 4))
    assert careless.bias_ci95 is not None
    assert once.bias_ci95 is not None
    assert np.ptp(careless.bias_ci95) < 0.6 * np.ptp(once.bias_ci95)


def test_resampled_limits_are_those_of_the_repeated_rows() -> None:
    """A whole-number weight is as many copies of the rows."""
    rng = np.random.default_rng(0)
    first, second, codes = rng.normal(size=9), rng.normal(size=9), np.repeat([0, 1, 2], 3)
    drawn = np.random.default_rng(5).multinomial(3, np.full(3, 1 / 3), size=200)
    bias, lower = [], []
    for weights in drawn:
        rows = np.repeat(np.arange(9), weights[codes])
        apart = second[rows] - first[rows]
        bias.append(apart.mean())
        lower.append(apart.mean() - 1.96 * apart.std(ddof=1))
    found = agreement(first, second, codes, seed=5, n_boot=200)
    assert found.bias_ci95 == pytest.approx(tuple(np.quantile(bias, [0.025, 0.975])))
    assert found.lower_ci95 == pytest.approx(tuple(np.quantile(lower, [0.025, 0.975])))


def test_a_single_patient_has_no_interval() -> None:
    found = agreement([1, 2, 3], [2, 2, 5], np.zeros(3, np.int64))
    assert (found.bias, found.bias_ci95, found.upper_ci95) == (1, None, None)


def test_large_numbers_keep_their_spread() -> None:
    apart = np.array([1.0, 2.0, 3.0, 4.0]) + 1e9
    assert agreement(np.zeros(4), apart).sd == pytest.approx(np.std([1, 2, 3, 4], ddof=1))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([1.0], [1.0], "2 or more"),
        ([1.0, 2.0], [1.0], "one length"),
        ([1.0, np.nan], [1.0, 2.0], "not finite"),
        ([1.0, 2.0], [1.0, np.inf], "not finite"),
    ],
)
def test_what_cannot_be_compared(first: list[float], second: list[float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        agreement(first, second)
