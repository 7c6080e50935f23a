"""Settings are chosen inside each fold's training part, which its own test rows never enter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

# No part of the package.
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks.inner_choice import accuracies, cheapest_as_good, choices, right_inside

FOLDS: NDArray[Any] = np.repeat(["1", "2", "3"], 8)
PATIENTS = np.repeat(np.arange(12), 2)
LABELS = np.tile(["a", "b"], 12)


def test_an_outer_folds_rows_take_no_part_in_its_choice() -> None:
    asked: list[tuple[list[str], list[str]]] = []

    def judge(train: NDArray[np.bool_], test: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
        asked.append((sorted(set(FOLDS[train])), sorted(set(FOLDS[test]))))
        named = np.where(FOLDS[test] == "1", "wrong", LABELS[test])
        return {"h": named, "all wrong": np.full(len(named), "wrong")}

    both = right_inside(judge, LABELS, FOLDS, jobs=1)
    assert not any(rows.any() for rows in both["all wrong"].values())
    right = both["h"]
    # Each pair once: what it leaves serves both of its folds.
    assert asked == [(["3"], ["1", "2"]), (["2"], ["1", "3"]), (["1"], ["2", "3"])]
    assert [right[f].sum() for f in "123"] == [16, 8, 8]
    for fold, rows in right.items():
        assert not rows[fold == FOLDS].any()
    assert accuracies({"h": right}, FOLDS) == {"h": {"1": 1.0, "2": 0.5, "3": 0.5}}


@pytest.mark.parametrize(("wrong", "chosen"), [(2, 1), (8, 0)])
def test_the_cheaper_is_chosen_unless_it_is_worse_than_chance_explains(
    wrong: int, chosen: int
) -> None:
    best, cheaper = np.ones(24), np.ones(24)
    best[-1], cheaper[:wrong] = 0, 0
    assert cheapest_as_good([best, cheaper], PATIENTS, [2, 1]) == chosen


def test_errors_of_one_patient_are_one_error() -> None:
    # Six slices of one patient, or one slice each of six: only the latter speaks of other patients.
    best, patients = np.ones(60), np.repeat(np.arange(10), 6)
    together, apart = best.copy(), best.copy()
    together[:6] = 0
    apart[::10] = 0
    assert cheapest_as_good([best, together], patients, [2, 1]) == 1
    assert cheapest_as_good([best, apart], patients, [2, 1]) == 0


def test_each_fold_chooses_without_its_own_rows() -> None:
    good: dict[str, NDArray[np.bool_]] = {f: np.array(f != FOLDS, bool) for f in "123"}
    # Names nothing rightly but fold 1, which may not say so in its own choice.
    odd: dict[str, NDArray[np.bool_]] = {f: (f != FOLDS) & (FOLDS == "1") for f in "123"}
    assert choices([{"h": good}, {"h": odd}], FOLDS, PATIENTS, [2, 1]) == dict.fromkeys("123", 0)
    assert choices([{"h": odd}, {"h": good}], FOLDS, PATIENTS, [2, 1]) == dict.fromkeys("123", 1)
