"""Planted leaks are found, clean sets raise no alarm; `benchmarks/controls.py` tries many more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gliaboost.reports.statistics import dealt_labels
from gliaboost.reports.statistics.dealt_labels import (
    balanced_accuracy,
    dealings,
    dealt_verdict,
    measure_dealt,
)
from gliaboost.reports.statistics.measures import DealtLabels


def made(unit_sizes: Any, classes: int = 2, signal: float = 0.6, seed: int = 0) -> Any:
    """Draw columns of units that are alike within, and of classes that differ by `signal`."""
    rng = np.random.default_rng(seed)
    units = np.repeat(np.arange(len(unit_sizes)), unit_sizes)
    labels = (rng.permutation(len(unit_sizes)) % classes)[units]
    columns = rng.normal(size=(len(unit_sizes), 40))[units]
    columns += 0.5 * rng.normal(size=columns.shape)
    columns += signal * rng.normal(size=(classes, 40))[labels]
    return columns.astype(np.float32), labels, units


def whole(units: Any, labels: Any, folds: int = 5) -> Any:
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    return list(splitter.split(labels, labels, units))


def cut(labels: Any, folds: int = 5) -> Any:
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels))


def found(columns: Any, labels: Any, units: Any, folds: Any, seed: int = 0) -> DealtLabels:
    dealt = dealings(labels, units, folds, seed)
    return measure_dealt(columns, labels, units, folds, dealt, "patient", seed)


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([1] * 90, id="images"),
        pytest.param([3] * 16, id="few patients"),
        pytest.param(list(range(1, 31)) * 2, id="patients of any size"),
        pytest.param([1] * 40 + [2] * 20 + [25] * 3, id="copies, some many times"),
    ],
)
def test_a_clean_set_falls_to_chance(sizes: list[int], seed: int) -> None:
    columns, labels, units = made(sizes, seed=seed)
    folds = whole(units, labels, 4)
    result = found(columns, labels, units, folds, seed)
    assert dealt_verdict(result) == "chance"
    assert result.units == len(sizes)
    assert result.true > 0.7
    assert result.p < 0.05


def test_the_first_dealings_resemble_the_truth_least() -> None:
    _, labels, units = made([3] * 24)
    folds = whole(units, labels, 4)
    dealt = dealings(labels, units, folds, 0)
    off = [np.mean([abs((one[t] == labels[t]).mean() - 0.5) for t, _ in folds]) for one in dealt]
    assert np.mean(off[:10]) < 0.5 * np.mean(off[-100:])


def test_every_patient_with_both_classes_falls_to_chance() -> None:
    """A stack tells its place, and the tumour is in its middle: dealt labels must not follow it."""
    rng = np.random.default_rng(0)
    units, place = np.repeat(np.arange(30), 15), np.tile(np.linspace(-1, 1, 15), 30)
    labels = (np.abs(place) < 0.4).astype(int)
    columns = rng.normal(size=(30, 20))[units] + 0.3 * rng.normal(size=(450, 20))
    columns[:, 0], columns[:, 1] = 3 * place, 3 * place**2
    columns[:, 2] += 2 * labels
    result = found(columns.astype(np.float32), labels, units, whole(units, labels))
    assert dealt_verdict(result) == "chance"
    assert result.true > 0.8


@pytest.mark.integration
def test_labels_without_a_meaning_have_a_p_of_any_size() -> None:
    p = []
    for seed in range(40):
        columns, labels, units = made([2] * 30, signal=0, seed=seed)
        p.append(found(columns, labels, units, whole(units, labels, 3), seed).p)
    assert 0.25 < np.mean(p) < 0.75
    assert np.mean(np.array(p) <= 0.1) < 0.3


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizes", [[5] * 40, [2] * 60, [1] * 30 + [4] * 30])
def test_cut_units_are_a_leak(sizes: list[int], seed: int) -> None:
    """Patients or copies on both sides of folds by image."""
    columns, labels, units = made(sizes, signal=0, seed=seed)
    result = found(columns, labels, units, cut(labels), seed)
    assert dealt_verdict(result) == "leak"
    # Labels that mean nothing are known as well, for the same reason.
    assert result.true > result.chance + 0.1


@pytest.mark.parametrize("seed", range(3))
def test_some_test_rows_in_training_are_a_leak(seed: int) -> None:
    columns, labels, units = made([5] * 60, seed=seed)
    rng = np.random.default_rng(seed)
    folds = [
        (np.union1d(train, rng.permutation(test)[: len(test) // 10]), test)
        for train, test in whole(units, labels)
    ]
    assert dealt_verdict(found(columns, labels, units, folds, seed)) == "leak"


@pytest.mark.parametrize("seed", range(3))
def test_a_mark_that_names_the_patient_is_a_leak_where_folds_cut_patients(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, labels, units = made([6] * 50, seed=seed)
    columns = rng.normal(size=(300, 40)).astype(np.float32)
    columns[:, :4] = rng.normal(size=(50, 4))[units]
    assert dealt_verdict(found(columns, labels, units, cut(labels), seed)) == "leak"
    # Where folds keep patients whole, the mark is of no use.
    assert dealt_verdict(found(columns, labels, units, whole(units, labels), seed)) == "chance"


def test_too_few_units_say_nothing() -> None:
    columns, labels, units = made([6] * 4)
    assert dealt_verdict(found(columns, labels, units, whole(units, labels, 2))) == "few"


def test_large_sets_are_drawn_by_whole_units(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, labels, units = made([4] * 60, classes=3)
    monkeypatch.setattr(dealt_labels, "MOST", 120)
    result = found(columns, labels, units, whole(units, labels))
    assert (result.images, result.units, result.classes) == (120, 30, 3)
    assert dealt_verdict(result) == "chance"
    assert result.true > 0.7
    leak = found(columns, labels, units, cut(labels))
    assert dealt_verdict(leak) == "leak"


def test_the_same_seed_gives_the_same_scores() -> None:
    columns, labels, units = made([3] * 20)
    a, b, c = (found(columns, labels, units, whole(units, labels), seed) for seed in (1, 1, 2))
    assert a == b != c


PLAIN = DealtLabels(
    unit="patient",
    units=60,
    images=300,
    classes=2,
    scores=tuple(0.5 + 0.05 * np.sin(np.arange(199))),
    distinct=199,
    true=0.8,
    luck=0.06,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "chance"),
        ({"own": (0.6,), "own_true": (0.4,)}, "chance"),
        ({"own": (0.7,)}, "leak"),
        ({"own_true": (0.76,)}, "leak"),
        ({"own": (0.63,)}, "doubtful"),
        ({"own": (0.62,)}, "chance"),
        ({"own": (0.62, 0.62, 0.62)}, "leak"),
        ({"own_true": (0.2,)}, "below"),
        ({"scores": tuple(s + 0.03 for s in PLAIN.scores)}, "leak"),
        ({"scores": tuple(s + 0.015 for s in PLAIN.scores)}, "doubtful"),
        ({"scores": tuple(s + 0.005 for s in PLAIN.scores)}, "chance"),
        ({"scores": tuple(s - 0.03 for s in PLAIN.scores)}, "below"),
        ({"distinct": 6}, "few"),
        ({"distinct": 6, "own": (0.9,)}, "leak"),
        ({"scores": (0.9, 0.9), "distinct": 2}, "leak"),
        ({"scores": (0.5,), "distinct": 1}, "few"),
    ],
)
def test_verdicts(changes: dict[str, Any], expected: str) -> None:
    assert dealt_verdict(replace(PLAIN, **changes)) == expected


def test_p_counts_the_dealings_that_do_as_well() -> None:
    assert PLAIN.p == 1 / 200
    assert replace(PLAIN, scores=(0.8, 0.7, 0.9), true=0.8).p == 3 / 4
    assert PLAIN.sd == pytest.approx(np.std(PLAIN.scores, ddof=1))


def test_balanced_accuracy_is_scikit_learns() -> None:
    from sklearn.metrics import balanced_accuracy_score

    rng = np.random.default_rng(0)
    truth, said = rng.integers(0, 3, 50), rng.integers(0, 4, 50)
    with pytest.warns(UserWarning, match="not in y_true"):
        expected = balanced_accuracy_score(truth, said)
    assert balanced_accuracy(truth, said, 4) == pytest.approx(expected)
    assert Counter(truth.tolist())[3] == 0
