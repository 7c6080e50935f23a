from __future__ import annotations

import pytest

from gliaboost.errors import UsageError
from gliaboost.features import create
from gliaboost.models.families import Family, checked_families, families_of


def test_extractors_say_whether_their_columns_tell_something_alone() -> None:
    extractors = [create("hog"), create("embedding", weights="random"), create("lbp", grid=1)]
    extractors.append(create("fisher"))
    assert families_of(extractors, [324, 2560, 54, 9]) == [
        Family("hog", 324, joint=False),
        Family(extractors[1].label, 2560, joint=True),
        Family(extractors[2].label, 54, joint=False),
        Family("fisher", 9, joint=True),
    ]


def test_nobody_named_any() -> None:
    assert checked_families(None, 7) == [Family("columns", 7, joint=False)]


def test_plain_tuples_will_do() -> None:
    told = [("hog", 3), ("fisher", 4, True)]
    assert checked_families(told, 7) == [Family("hog", 3), Family("fisher", 4, True)]  # type: ignore[arg-type]


@pytest.mark.parametrize("widths", [(3, 3), (3, 5), (7, 0), (8, -1), ()])
def test_families_of_other_columns_are_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="expected 7 in all, 1 or more each"):
        checked_families([Family(f"f{i}", w) for i, w in enumerate(widths)], 7)
