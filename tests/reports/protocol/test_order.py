from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.reports.protocol.order import in_order
from gliaboost.reports.protocol.record_file import read_record

Ordered = Callable[..., tuple[list[int], list[bool]]]


@pytest.fixture
def ordered(make_run: Callable[..., Path]) -> Ordered:
    """Order experiments by their predictions, in the order that they are given."""

    def order(frames: list[pd.DataFrame], saved: bool = True) -> tuple[list[int], list[bool]]:
        frames = [f.assign(experiment=f"model{i}").reset_index(drop=True)
                  for i, f in enumerate(frames)]  # fmt: skip
        records = read_record(make_run(frames, n_boot=20)).experiments
        return in_order(records, frames if saved else [f.iloc[:0] for f in frames], 0)

    return order


def test_all_on_everything_stand_by_their_accuracy(ordered: Ordered, make_predictions: Any) -> None:
    frames = [make_predictions(skill=s, seed=i) for i, s in enumerate((0.5, 3.0, 1.5))]
    assert ordered(frames) == ([1, 2, 0], [False] * 3)
    assert ordered([frames[0]]) == ([0], [False])
    assert ordered([frames[0], frames[0]]) == ([0, 1], [False, False])


def test_a_part_is_first_where_it_is_better_and_last_where_not(
    ordered: Ordered, make_predictions: Any
) -> None:
    good, poor = make_predictions(skill=1.5), make_predictions(skill=0.5, seed=1)
    better = make_predictions(skill=4.0, seed=2).query("fold in ('1', '2')")
    worse = make_predictions(skill=0.1, seed=3).query("fold in ('1', '2')")
    assert ordered([poor, better, good, worse]) == ([1, 2, 0, 3], [False, True, False, True])


def test_parts_that_share_no_image_are_parts(ordered: Ordered, make_predictions: Any) -> None:
    frame = make_predictions(skill=1.5)
    halves = [frame[frame["fold"] <= "2"], frame[frame["fold"] > "2"]]
    order, partial = ordered(halves)
    assert sorted(order) == [0, 1]
    assert partial == [True, True]


def test_without_predictions_the_number_of_images_tells_a_part(
    ordered: Ordered, make_predictions: Any
) -> None:
    whole = make_predictions(skill=0.5)
    part = make_predictions(skill=4.0, seed=1).query("fold == '1'")
    assert ordered([part, whole], saved=False) == ([1, 0], [True, False])
