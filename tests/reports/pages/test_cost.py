from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.reports.pages.cost import cost, costs, fitting, front, predicting, rate

points = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


@given(drawn=points)
def test_the_front_is_what_none_beats_in_both(drawn: list[tuple[float, float]]) -> None:
    kept = front(drawn)
    assert set(kept) <= set(drawn)
    beaten = {p for p in drawn if any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in drawn)}
    assert set(kept) == set(drawn) - beaten
    assert kept == sorted(kept)


def test_times_are_summed_from_images_on(three: Any) -> None:
    best = three.experiments[0]
    assert (fitting(best), predicting(best)) == (2 + 10, 2 + 0.5)
    assert rate(best) == 300 / 2.5


def test_every_experiment_is_in_the_table_and_the_picture(
    three: Any, rows: Callable[..., Any]
) -> None:
    table = costs(three)
    assert [row[:2] for row in rows(table)] == [[e.letter, e.title] for e in three.experiments]
    assert rows(table)[0][2:8] == ["2.0 s", "10 s", "0.5 s", "120", "–", "cpu"]
    assert rows(table)[0][8:] == ["–", "–"]
    section = cost(three)
    said = " ".join(p.alt for block in section.blocks for p in getattr(block, "pictures", []))
    assert all(e.title in said for e in three.experiments)
    assert np.all([r[1].text != r[0].text for r in table.rows])
