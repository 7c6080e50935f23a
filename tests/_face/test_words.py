from __future__ import annotations

import pytest

from gliaboost._face.words import fold_choice, names, pairs
from gliaboost.errors import UsageError


def test_names_come_by_comma_or_in_a_list() -> None:
    assert names(" hog ,lbp,") == names(["hog", "lbp"]) == ["hog", "lbp"]


@pytest.mark.parametrize("given", ["", ",", []])
def test_no_name_is_refused(given: str | list[str]) -> None:
    with pytest.raises(UsageError, match="expected names by comma"):
        names(given)


@pytest.mark.parametrize("given", ["hog,lbp,hog", ["hog", "lbp", "hog"]])
def test_a_name_twice_is_refused(given: str | list[str]) -> None:
    with pytest.raises(UsageError, match="hog is named twice in 'hog,lbp,hog'"):
        names(given)


def test_pairs_become_numbers_truths_and_words() -> None:
    given = "crop=foreground,size=128,keep_aspect=TRUE"
    assert pairs(given) == {"crop": "foreground", "size": 128, "keep_aspect": True}
    assert pairs({"size": 128}) == {"size": 128}


def test_a_pair_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError, match="crop in 'crop,size=128' has no value"):
        pairs("crop,size=128")


@pytest.mark.parametrize("given", ["1,2", [1, 2], ["1", "2"]])
def test_folds_of_all_models(given: str | list[int | str]) -> None:
    assert fold_choice(given) == (["1", "2"], {})


def test_folds_of_one_model() -> None:
    assert fold_choice("xgboost=2,3,xgboost=1") == (["3"], {"xgboost": ["2", "1"]})
    assert fold_choice(2) == (["2"], {})
    assert fold_choice("") == fold_choice([]) == ([], {})
