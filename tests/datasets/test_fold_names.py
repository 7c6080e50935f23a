from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.fold_names import FEWEST, named_folds, some_folds, usual_folds
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


def parted(test: dict[str, int], *, patients: bool = True, train: int = 8) -> Manifest:
    """Two images a patient; so many patients of each class in the test part."""
    rows = [
        {"label": label, "patient": f"{label}{split}{n}" if patients else None, "split": split}
        for split, counts in (("train", dict.fromkeys("ab", train)), ("test", test))
        for label, count in counts.items()
        for n in range(count)
        for _ in range(2)
    ]
    table = pd.DataFrame(rows).assign(path=[f"{i}.png" for i in range(len(rows))])
    return Manifest.of(table, ".", "parted.csv")


def test_the_datas_own_test_part_is_usual_where_it_has_enough_of_every_class() -> None:
    folds, description, reason = usual_folds(parted({"a": FEWEST, "b": FEWEST}))
    assert [f.name for f in folds] == ["test"] and "own test part" in description
    assert reason.startswith(f"the data's own test part, {4 * FEWEST} of ")


@pytest.mark.parametrize(
    ("manifest", "fault", "takes"),
    [
        (parted({"a": 9, "b": 1}), "it has 1 patient of b", True),
        (parted({"a": 9, "b": FEWEST - 1}), "it has 4 patients of b", True),
        (parted({"a": 9}), "it has no patients of b", True),
        (parted({"a": 2, "b": 9}, patients=False), "it has 4 images of a", True),
        (parted({"a": 9, "c": 9}), "c only in the test part", False),
    ],
)
def test_a_test_part_that_tells_little_gives_way_and_says_why(
    manifest: Manifest, fault: str, takes: bool
) -> None:
    folds, description, reason = usual_folds(manifest)
    assert len(folds) == 5
    assert "not its own test part: " in description and fault in description
    assert reason.endswith("; --folds split takes it") is takes


def test_images_in_no_part_are_counted_and_folds_made() -> None:
    manifest = parted({"a": 9, "b": 9})
    manifest.table.loc[:2, "split"] = None
    folds, description, _ = usual_folds(manifest)
    assert len(folds) == 5 and "3 images are in no part" in description


def test_a_small_test_part_is_better_than_none() -> None:
    manifest = parted({"a": 2, "b": 1}, train=1)
    folds, description, _ = usual_folds(manifest)
    assert [f.name for f in folds] == ["test"]
    assert description.endswith("though it has 2 patients of a, 1 patient of b")


@pytest.mark.parametrize("split", [None, "train", "test"])
def test_without_two_parts_nothing_is_said_of_one(split: str | None) -> None:
    manifest = parted({"a": 9, "b": 9})
    manifest.table["split"] = split
    assert "part" not in usual_folds(manifest)[1]
