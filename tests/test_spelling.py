from __future__ import annotations

import pytest

from gliaboost.spelling import did_you_mean, near, plain, spelled

KNOWN = ["cnn-finetune", "cnn-scratch", "lightgbm", "xgboost"]


@pytest.mark.parametrize("given", ["xgboost", "XGBoost", "XG_Boost", " xgboost "])
def test_a_name_is_found_however_it_is_spelled(given: str) -> None:
    assert spelled(given, KNOWN) == "xgboost"


def test_a_name_that_could_be_two_is_none_but_an_exact_one_is_itself() -> None:
    assert spelled("SITE", ["site", "Site"]) is None
    assert spelled("Site", ["site", "Site"]) == "Site"
    assert spelled("catboost", KNOWN) is None


@pytest.mark.parametrize(
    ("given", "first"),
    [("xgbost", "xgboost"), ("lightgm", "lightgbm"), ("cnnfinetune2", "cnn-finetune")],
)
def test_the_likest_name_comes_first(given: str, first: str) -> None:
    assert near(given, KNOWN)[0] == first


def test_the_beginning_of_a_name_is_near() -> None:
    assert near("cnn", KNOWN) == ["cnn-finetune", "cnn-scratch"]
    assert near("x", KNOWN) == []


def test_what_others_call_it_is_the_only_suggestion() -> None:
    other = {"maxdepth": "max_leaves", "gone": "nowhere"}
    assert near("Max-Depth", ["max_bin", "max_leaves"], other) == ["max_leaves"]
    assert near("gone", ["max_bin"], other) == []


def test_the_question_names_all_and_is_empty_without_any() -> None:
    assert did_you_mean("cnn", KNOWN) == "; did you mean cnn-finetune or cnn-scratch?"
    assert did_you_mean("forest", KNOWN) == ""
    assert plain("A b-C_d") == "abcd"
