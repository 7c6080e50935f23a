from __future__ import annotations

import pytest

from gliaboost._face.faults import Faults
from gliaboost.errors import ManifestError, UsageError, WeightsError


def test_one_fault_is_raised_as_it_was() -> None:
    faults = Faults()
    with faults.noted():
        raise ManifestError("m.csv", ["no rows"])
    with pytest.raises(ManifestError, match="no rows"):
        faults.tell()


def test_several_are_told_at_once_as_a_wrong_call() -> None:
    faults = Faults()
    with faults.noted():
        raise WeightsError("damaged")
    with faults.noted():
        raise ManifestError("m.csv", ["no rows", "no labels"])
    faults.add("hog", ["orientations='a'"])
    assert faults
    with pytest.raises(UsageError) as caught:
        faults.tell()
    assert str(caught.value).splitlines() == [
        "3 faults in this call; nothing was started",
        "  - damaged",
        "  - m.csv: 2 faults",
        "    - no rows",
        "    - no labels",
        "  - hog: orientations='a'",
    ]


def test_the_same_fault_twice_is_one() -> None:
    faults = Faults()
    faults.add("hog", ["a", "a"])
    assert len(faults.errors) == 1


def test_nothing_is_raised_without_a_fault() -> None:
    faults = Faults()
    with faults.noted():
        pass
    faults.tell()
    assert not faults


def test_an_error_that_is_no_ones_fault_goes_through() -> None:
    with pytest.raises(KeyError), Faults().noted():
        raise KeyError("a bug")
