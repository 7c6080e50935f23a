from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.statistics.evaluation import evaluate
from gliaboost.reports.statistics.units import units_of

NAN = float("nan")


def found(**columns: Sequence[object]) -> tuple[list[int], int, str, int]:
    units = units_of(pd.DataFrame(columns, dtype=object))
    return units.codes.tolist(), units.count, units.kind, units.others


def test_patients_go_before_groups_and_groups_before_images() -> None:
    table = {"patient": ["b", "a", "b", "a"], "group": ["1", "2", "3", "4"]}
    assert found(**table) == ([1, 0, 1, 0], 2, "patient", 0)
    assert found(group=["x", "x", "y"]) == ([0, 0, 1], 2, "group", 0)
    assert found(path=["x", "x", "y"]) == ([0, 1, 2], 3, "image", 0)


@pytest.mark.parametrize("missing", [None, NAN, "", pd.NA])
def test_a_row_without_a_patient_falls_back_on_its_group_then_on_itself(missing: object) -> None:
    codes, count, kind, others = found(
        patient=["p", "p", "p", "p", missing, missing, missing, missing],
        group=[missing, missing, missing, missing, "g", "g", missing, missing],
    )
    assert codes == [0, 0, 0, 0, 1, 1, 2, 3]
    assert (count, kind, others) == (4, "patient", 3)


def test_a_copy_without_a_patient_is_of_the_patient_of_its_group() -> None:
    assert found(patient=["p", None, "q"], group=["g", "g", None])[0] == [0, 0, 1]
    # Two patients in one group: whose the third is, nobody knows.
    assert found(patient=["p", None, "q"], group=["g", "g", "g"])[0] == [0, 2, 1]


def test_a_patient_and_a_group_of_one_name_are_two_units() -> None:
    assert found(patient=["1", None], group=[None, "1"])[:2] == ([0, 1], 2)


def test_the_kind_is_that_of_most_images() -> None:
    assert found(patient=["p", None, None, None])[2:] == ("image", 1)
    assert found(patient=["p", None, None, None], group=[None, "g", "g", "g"])[2:] == ("group", 1)


def test_numbers_name_patients_too() -> None:
    assert found(patient=[7, 7, 12])[:2] == ([1, 1, 0], 2)


def test_no_row_has_no_unit() -> None:
    assert found(patient=[]) == ([], 0, "image", 0)


def test_groups_of_copies_widen_the_interval(make_predictions: Callable[..., pd.DataFrame]) -> None:
    """Each picture three times: the images say nothing that a third of them does not."""
    frame = make_predictions(images=150, patients=150)
    thrice = pd.concat([frame.assign(path=frame["path"] + str(n)) for n in range(3)])
    thrice = thrice.assign(patient=None)
    classes = sorted(frame["label"].unique())

    def width(table: pd.DataFrame) -> float:
        limits = evaluate(table, classes, n_boot=1000).accuracy.ci95
        assert limits is not None
        return limits[1] - limits[0]

    grouped = width(thrice.assign(group=thrice["key"]))
    assert grouped == pytest.approx(width(frame), rel=0.1)
    assert grouped == pytest.approx(np.sqrt(3) * width(thrice), rel=0.15)
