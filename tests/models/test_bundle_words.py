from __future__ import annotations

import pytest

from gliaboost.models.bundle_words import estimate_in_words, trained_on


def test_training_is_told_as_far_as_it_is_known() -> None:
    assert trained_on({}, "", 12) == "trained; 12 bytes"
    assert trained_on({"images": 3, "patients": None}, "", 1000) == (
        "trained on 3 images; 1,000 bytes"
    )
    assert trained_on({"images": "many", "patients": True}, "", 0) == "trained; 0 bytes"


@pytest.mark.parametrize("odd", [None, "x", {}, {"accuracy": "1"}, {"accuracy": None}, [1.0]])
def test_an_estimate_that_is_none_is_silence(odd: object) -> None:
    assert estimate_in_words({"estimate": odd}) == ""


@pytest.mark.parametrize("odd", [None, "ab", [1.0], ["a", "b"], {"a": 1.0, "b": 2.0}])
def test_an_interval_that_is_none_is_left_out(odd: object) -> None:
    known = {"accuracy": 0.5, "ci95": odd, "folds": 3, "unit": "image"}
    assert estimate_in_words({"estimate": known}) == "accuracy 0.500, 3 inner folds by image"
