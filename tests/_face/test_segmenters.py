"""Segmenters by name: in any case, all that is wrong told at once."""

from __future__ import annotations

import pytest

from gliaboost._face.faults import Faults
from gliaboost._face.segmenters import choose_segmenters
from gliaboost.errors import UsageError


def test_names_and_parameters_are_read_in_any_case() -> None:
    faults = Faults()
    found = choose_segmenters(
        faults,
        "OTSU, Boosted_Pixels",
        settings=["boosted_pixels.Maps=classical"],
        prepare="size=64",
        device="CPU",
    )
    assert not faults
    assert found.segmenters == ["otsu", "boosted-pixels"]
    assert found.parameters == {"boosted-pixels": {"maps": "classical"}}
    assert (found.preparation.size, found.device) == (64, "cpu")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    faults = Faults()
    choose_segmenters(
        faults,
        "otsi,threshold,boosted-pixels",
        settings=["boosted-pixels.round=3"],
        prepare="size=0",
        device="gpu",
    )
    with pytest.raises(UsageError) as caught:
        faults.tell()
    said = str(caught.value)
    assert said.startswith("5 faults in this call")
    assert "no segmenter called 'otsi'; the segmenters are: " in said
    assert "did you mean otsu" in said.lower()
    assert "rounds" in said and "size=0" in said and "'gpu'" in said


def test_a_value_is_checked_before_anything_is_read() -> None:
    faults = Faults()
    choose_segmenters(faults, "boosted-pixels", settings=["boosted-pixels.rounds=0"])
    with pytest.raises(UsageError, match="rounds=0"):
        faults.tell()


def test_a_name_twice_is_refused() -> None:
    faults = Faults()
    choose_segmenters(faults, "otsu,Otsu")
    with pytest.raises(UsageError, match="otsu is named twice"):
        faults.tell()
