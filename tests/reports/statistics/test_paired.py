from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, chi2

from gliaboost.reports.statistics.paired import Comparison, _p_of, compare, holm, mcnemar

MakePredictions = Callable[..., pd.DataFrame]


def test_mcnemar_of_agrestis_approval_ratings() -> None:
    """Agresti, Categorical Data Analysis, 10.1.1: 150 against 86, z squared = 17.36."""
    p = mcnemar([1] * 150 + [-1] * 86 + [0] * 1364)
    assert chi2.isf(p, 1) == pytest.approx(17.36, abs=0.005)


def test_mcnemar_of_blands_colds() -> None:
    """Bland, An Introduction to Medical Statistics: 256 against 144, chi-square 31.36."""
    p = mcnemar([1] * 256 + [-1] * 144)
    assert chi2.isf(p, 1) == pytest.approx(31.36, abs=0.005)


def test_mcnemar_agrees_with_the_exact_mid_p_test_on_large_samples() -> None:
    for b, c in ((300, 260), (520, 480), (90, 140)):
        mid_p = binomtest(b, b + c).pvalue - binom.pmf(b, b + c, 0.5)
        assert mcnemar([1] * b + [-1] * c) == pytest.approx(mid_p, rel=0.05)


def test_patients_as_witnesses_keep_the_level_where_images_do_not() -> None:
    """Two equal models; each patient's images favour one of the two together."""
    rng = np.random.default_rng(0)
    plain, grouped, rounds = 0, 0, 600
    codes = np.repeat(np.arange(50), 8)
    for _ in range(rounds):
        lean = np.repeat(rng.normal(0, 1, 50), 8) + rng.normal(0, 0.5, 400)
        better = np.where(np.abs(lean) > 1, np.sign(lean), 0)
        plain += mcnemar(better) < 0.05
        grouped += mcnemar(better, codes) < 0.05
    assert plain / rounds > 0.25
    assert abs(grouped / rounds - 0.05) < 0.025


def test_nothing_differs() -> None:
    assert mcnemar([0, 0, 0]) == 1.0


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.01, 0.02, 0.022, 0.09], [0.04, 0.06, 0.06, 0.09]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([], []),
    ],
)
def test_holm_by_hand(p: list[float], corrected: list[float]) -> None:
    np.testing.assert_allclose(holm(p), corrected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_nothing_and_bonferroni(p: list[float]) -> None:
    corrected = holm(p)
    assert (corrected >= np.asarray(p)).all()
    assert (corrected <= np.minimum(np.asarray(p) * len(p), 1) + 1e-12).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(corrected[order]) >= 0).all()


@pytest.mark.integration
def test_the_interval_is_that_of_both_drawn_together(make_predictions: MakePredictions) -> None:
    a, b = (make_predictions(images=200, patients=30, seed=s) for s in (1, 2))
    found = compare([a, b.sample(frac=1, random_state=0)], seed=7, n_boot=300)
    assert len(found) == 1
    patients = sorted(a["patient"].unique())
    counts = np.random.default_rng(7).multinomial(30, np.full(30, 1 / 30), size=300)
    gain = (a["label"] == a["predicted"]).astype(int) - (b["label"] == b["predicted"]).astype(int)
    drawn = []
    for count in counts:
        rows = np.concatenate(
            [
                np.tile(gain[a["patient"] == name], n)
                for name, n in zip(patients, count, strict=True)
            ]
        )
        drawn.append(rows.mean())
    np.testing.assert_allclose(found[0].ci95 or [], np.quantile(drawn, [0.025, 0.975]))
    assert found[0].difference == pytest.approx(gain.mean())
    assert found[0].only_first == (gain > 0).sum()
    assert found[0].only_second == (gain < 0).sum()


def test_experiments_are_compared_on_the_images_of_both(make_predictions: MakePredictions) -> None:
    a, b, c = (make_predictions(seed=s) for s in (1, 2, 3))
    found = compare([a, b.iloc[:200], c.iloc[200:]], n_boot=100)
    assert [(x.first, x.second, x.images) for x in found] == [(0, 1, 200), (0, 2, 100)]


def test_images_that_only_one_has_right_are_counted_by_hand() -> None:
    label = list("aaaabbbb")
    first, second = list("aaabbbba"), list("abbbbaaa")  # right: 11101110 and 10001000
    frames = [
        pd.DataFrame({"path": range(8), "label": label, "predicted": called})
        for called in (first, second)
    ]
    (found,) = compare(frames, n_boot=50)
    assert (found.only_first, found.only_second, found.difference) == (4, 0, 0.5)
    (turned,) = compare(frames[::-1], n_boot=50)
    assert (turned.only_first, turned.only_second, turned.difference) == (0, 4, -0.5)
    assert turned.p == found.p == pytest.approx(chi2.sf(4, 1))


def test_two_without_a_common_image_do_not_end_the_comparing(
    make_predictions: MakePredictions,
) -> None:
    a, b, c = (make_predictions(seed=s) for s in (1, 2, 3))
    found = compare([a.iloc[:200], b.iloc[200:], c], n_boot=50)
    assert [(x.first, x.second, x.images) for x in found] == [(0, 2, 200), (1, 2, 100)]
    assert found == compare([a.iloc[:200], b.iloc[200:], c], seed=0, n_boot=50)
    assert found != compare([a.iloc[:200], b.iloc[200:], c], seed=1, n_boot=50)


@pytest.mark.parametrize(("p_holm", "certain"), [(0.0499, True), (0.05, False)])
def test_certain_is_below_five_percent_after_holm(p_holm: float, certain: bool) -> None:
    found = Comparison(0, 1, 9, 9, "image", 0.1, None, 1, 0, 0.01, 0.01, p_holm)
    assert found.certain == certain


def test_a_model_is_no_better_than_itself(make_predictions: MakePredictions) -> None:
    a = make_predictions()
    (same,) = compare([a, a], n_boot=100)
    assert (same.difference, same.p, same.certain) == (0.0, 1.0, False)
    assert same.p_bootstrap == 1.0


def test_a_much_better_model_is_found_out(make_predictions: MakePredictions) -> None:
    good, bad = make_predictions(skill=4.0), make_predictions(skill=0.2, seed=1)
    (found,) = compare([good, bad], n_boot=500)
    assert found.certain
    assert found.ci95 is not None
    assert found.ci95[0] > 0


def test_a_single_patient_proves_nothing(make_predictions: MakePredictions) -> None:
    good, bad = (make_predictions(skill=s).assign(patient="P") for s in (4.0, 0.2))
    (found,) = compare([good, bad], n_boot=100)
    assert found.ci95 is None
    assert not found.certain


def test_a_bootstraps_p_counts_the_differences_on_the_other_side() -> None:
    """(r + 1) / (n + 1) on either side, Davison and Hinkley 1997, 4.2; never 0, never above 1."""
    boot = np.r_[np.full(96, 0.1), np.full(3, -0.1)]
    assert _p_of(boot) == pytest.approx(2 * 4 / 100)
    assert _p_of(-boot) == _p_of(boot)
    assert _p_of(np.full(99, 0.1)) == pytest.approx(2 / 100)
    assert _p_of(np.zeros(99)) == 1.0


def test_one_patient_alone_can_show_no_difference(make_predictions: MakePredictions) -> None:
    better, worse = (make_predictions(seed=s, skill=k) for s, k in ((0, 3.0), (1, 0.0)))
    (found,) = compare([better.assign(patient="p"), worse.assign(patient="p")])
    assert (found.units, found.unit) == (1, "patient")
    assert found.difference > 0.2
    assert found.ci95 is None
    assert found.p_bootstrap == 1.0


def test_a_clear_difference_is_far_from_chance(make_predictions: MakePredictions) -> None:
    better, worse = (make_predictions(seed=s, skill=k) for s, k in ((0, 3.0), (1, 0.0)))
    (found,) = compare([better, worse])
    assert found.p_bootstrap < 0.01
    assert found.ci95 is not None
    assert 0 < found.ci95[0] < found.difference < found.ci95[1]
    assert found.p_holm == found.p < 0.01


def test_groups_are_the_witnesses_where_patients_are_not_known(
    make_predictions: MakePredictions,
) -> None:
    """The same numbers as by patient, where groups are what patients were."""
    frames = [make_predictions(seed=s, skill=k) for s, k in ((0, 3.0), (1, 1.0))]
    (known,) = compare(frames)
    (grouped,) = compare([f.assign(group=f["patient"], patient=None) for f in frames])
    (alone,) = compare([f.assign(patient=None) for f in frames])
    assert (known.unit, grouped.unit, alone.unit) == ("patient", "group", "image")
    assert (grouped.units, grouped.ci95, grouped.p) == (known.units, known.ci95, known.p)
    assert alone.units == 300
    assert alone.p != known.p
