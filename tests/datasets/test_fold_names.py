from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.fold_names import named_folds, some_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError


def cohort(*without: str) -> Manifest:
    owners = np.repeat(np.arange(24), 4)
    table = pd.DataFrame(
        {
            "path": [f"{i}.png" for i in range(96)],
            "label": np.array(["a", "a", "b", "c"])[owners % 4],
            "patient": [f"p{o}" for o in owners],
            "group": [f"g{o}" for o in owners],
            "fold": [str(o // 4) for o in owners],
            "split": ["test" if o < 8 else "train" for o in owners],
        }
    )
    return Manifest.of(table.drop(columns=list(without)), ".", "cohort.csv")


@pytest.mark.parametrize(
    ("text", "count", "words"),
    [
        ("3", 3, "3 folds, stratified by class, grouped by patient and group, seed 7"),
        ("holdout", 1, "one test part of "),
        ("split", 1, "the manifest's own test part"),
        ("fold", 6, "the 6 folds of the manifest's column 'fold'"),
        ("images", 5, "WHICH LEAK"),
    ],
)
def test_folds_by_what_a_user_types(text: str, count: int, words: str) -> None:
    folds, description = named_folds(cohort(), text, seed=7)
    assert len(folds) == count
    assert words in description


def test_description_names_what_is_kept_together() -> None:
    alone = cohort("group", "patient")
    assert "image (no patients known)" in named_folds(alone, "3")[1]
    assert "grouped by patient and group" in named_folds(cohort(), "3")[1]


@pytest.mark.parametrize("text", ["-3", "1", "0"])
def test_numbers_that_are_no_number_of_folds(text: str) -> None:
    with pytest.raises(UsageError, match="expected at least 2"):
        named_folds(cohort(), text)


def test_folds_are_chosen_by_name() -> None:
    folds, _ = named_folds(cohort(), "4")
    assert [f.name for f in some_folds(folds, ["3", "1"])] == ["1", "3"]
    with pytest.raises(UsageError, match="no fold 5, x; the folds are 1, 2, 3, 4"):
        some_folds(folds, ["5", "x", "1"])
