from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.datasets.fold_names import named_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.splits import (
    Fold,
    assert_disjoint,
    column_folds,
    holdout,
    image_folds,
    patient_folds,
    published_split,
)
from gliaboost.errors import ManifestError, UsageError

Folds = Callable[[Manifest], list[Fold]]


def cohort(patients: int = 24, slices: int = 4, **columns: Sequence[object]) -> Manifest:
    """Make a manifest of three classes of unequal size, without files."""
    owners = np.repeat(np.arange(patients), slices)
    classes = np.array(["a", "a", "b", "c"])[owners % 4]
    return Manifest.of(
        pd.DataFrame(
            {
                "path": [f"{i}.png" for i in range(len(owners))],
                "label": classes,
                "patient": [f"p{o}" for o in owners],
                **columns,
            }
        ),
        Path(),
        "cohort.csv",
    )


def assert_partition(manifest: Manifest, folds: list[Fold]) -> None:
    rows = np.arange(len(manifest))
    np.testing.assert_array_equal(np.sort(np.concatenate([f.test for f in folds])), rows)
    for fold in folds:
        np.testing.assert_array_equal(np.sort(np.r_[fold.train, fold.test]), rows)


def sides(manifest: Manifest, fold: Fold, column: str) -> tuple[set[str], set[str]]:
    values = manifest.table[column].to_numpy(dtype=object)
    return set(values[fold.train]), set(values[fold.test])


def test_patient_folds_cut_no_patient_and_keep_the_classes() -> None:
    m = cohort()
    folds = patient_folds(m, 3)
    assert [f.name for f in folds] == ["1", "2", "3"]
    assert_partition(m, folds)
    for fold in folds:
        train, test = sides(m, fold, "patient")
        assert not train & test
        counts = m.table["label"].iloc[fold.test].value_counts()
        assert counts.to_dict() == {"a": 16, "b": 8, "c": 8}


def test_seed_chooses_the_division() -> None:
    m = cohort()
    first, again, other = (patient_folds(m, 3, seed=s) for s in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.test, b.test)
    assert any(not np.array_equal(a.test, b.test) for a, b in zip(first, other, strict=True))
    for make in (holdout, image_folds):
        one, two = (make(m, seed=s)[0].test.tolist() for s in (1, 2))
        assert make(m, seed=1)[0].test.tolist() == one != two


def test_groups_join_patients() -> None:
    owners = np.repeat(np.arange(24), 4)
    m = cohort(group=[f"g{o // 2}" for o in owners])
    for fold in patient_folds(m, 3):
        train, test = sides(m, fold, "group")
        assert not train & test


def test_without_patients_each_image_is_alone() -> None:
    m = cohort(patient=[None] * 96)
    assert_partition(m, patient_folds(m, 5))


@pytest.mark.parametrize("n_folds", [-1, 0, 1])
def test_too_few_folds(n_folds: int) -> None:
    with pytest.raises(UsageError, match=f"{n_folds} fold"):
        patient_folds(cohort(), n_folds)


def test_a_class_with_fewer_patients_than_folds() -> None:
    with pytest.raises(UsageError, match="too few patients for 7 folds: b has 6, c has 6; each"):
        patient_folds(cohort(), 7)
    with pytest.raises(UsageError, match="too few images for 30 folds: b has 24, c has 24"):
        patient_folds(cohort(patient=[None] * 96), 30)


@pytest.mark.parametrize("make", [patient_folds, holdout, image_folds])
def test_rows_without_a_label(make: Folds) -> None:
    with pytest.raises(UsageError, match="1 of 96 rows have no label"):
        make(cohort(label=[None, *"ab" * 47, "c"]))


def test_column_folds_are_those_of_the_column() -> None:
    owners = np.repeat(np.arange(24), 4)
    m = cohort(fold=[str(o // 4 * 2 + 2) for o in owners])
    folds = column_folds(m)
    assert [f.name for f in folds] == ["2", "4", "6", "8", "10", "12"]
    assert_partition(m, folds)
    for fold in folds:
        assert (m.table["fold"].iloc[fold.test] == fold.name).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([None] * 96, "no folds in column 'fold'; expected a number of folds, holdout.* patient"),
        (["1"] * 95 + [None], "1 of 96 rows have no 'fold'"),
        (["1"] * 96, r"names one fold alone \(1\)"),
        (["1"] * 2 + ["2"] * 94, r"fold 1: 1 patient\(s\) on both sides \(p0\)"),
    ],
)
def test_columns_that_name_no_folds(values: list[object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        column_folds(cohort(fold=values))


def test_no_such_column() -> None:
    with pytest.raises(UsageError, match="no folds in column 'site'"):
        column_folds(cohort(), "site")


def test_leave_one_site_out() -> None:
    owners = np.repeat(np.arange(24), 4)
    m = cohort(site=[["Oslo", "Lund", "Turku"][o // 8] for o in owners])
    folds = column_folds(m, "site")
    assert [f.name for f in folds] == ["Lund", "Oslo", "Turku"]
    assert_partition(m, folds)
    assert not set.intersection(*sides(m, folds[0], "patient"))


def test_a_class_of_a_single_site_cannot_be_left_out() -> None:
    m = cohort(site=["x" if label == "c" else "y" for label in cohort().table["label"]])
    with pytest.raises(
        UsageError, match="c only in the test part of fold x; a, b only in the test"
    ):
        column_folds(m, "site")


def test_published_split() -> None:
    owners = np.repeat(np.arange(24), 4)
    m = cohort(split=[["dev", "val", "test"][o // 8] for o in owners])
    (fold,) = published_split(m)
    assert (len(fold.train), len(fold.test)) == (64, 32)
    assert (m.table["split"].iloc[fold.test] == "test").all()
    with pytest.raises(UsageError, match="0 test rows of 96"):
        published_split(cohort(split=["train"] * 96))
    with pytest.raises(ManifestError, match=r"1 patient\(s\) on both sides"):
        published_split(cohort(split=["train"] * 30 + ["test"] * 66))


def test_holdout() -> None:
    m = cohort()
    (fold,) = holdout(m, 0.25, seed=3)
    assert_disjoint(m, [fold])
    assert sides(m, fold, "label") == ({"a", "b", "c"}, {"a", "b", "c"})
    assert 0.15 < len(fold.test) / len(m) < 0.35
    assert len(holdout(m, 0.5)[0].test) == len(m) // 2
    lone = cohort(patients=4)
    with pytest.raises(
        UsageError, match=r"no division leaves every class.*fewest patients: b has 1, c"
    ):
        holdout(lone)


def test_image_folds_leak_and_are_refused_as_disjoint() -> None:
    m = cohort()
    folds = image_folds(m, 4)
    assert_partition(m, folds)
    with pytest.raises(ManifestError, match=r"fold image 1: \d+ patient\(s\) on both sides"):
        assert_disjoint(m, folds)
    with pytest.raises(UsageError, match="25 folds; expected 2 to 24, the images of the rarest"):
        image_folds(m, 25)
    with pytest.raises(UsageError, match="1 folds; expected 2 to 24"):
        image_folds(m, 1)


def test_assert_disjoint_lists_every_fault() -> None:
    m = cohort(patients=4, slices=2, group=["g", "h", "i", "j", "k", "l", "m", "g"])
    rows = np.arange(8)
    folds = [
        Fold("one", rows[:7], rows[7:]),
        Fold("two", rows[:5], rows[4:]),
        Fold("three", rows, rows[:0]),
    ]
    with pytest.raises(ManifestError) as caught:
        assert_disjoint(m, folds)
    for fault in (
        "fold one: 1 patient(s) on both sides (p3)",
        "fold one: 1 group(s) on both sides (g)",
        "fold two: images on both sides",
        "fold three: an empty side",
        "images in the test part of more than one fold",
    ):
        assert any(fault in f for f in caught.value.faults), fault


def test_a_patient_straddling_two_groups_is_not_cut() -> None:
    groups = [f"g{i}" for i in range(96)]
    for fold in patient_folds(cohort(group=groups), 3):
        train, test = sides(cohort(group=groups), fold, "patient")
        assert not train & test


def audited() -> Manifest:
    """Make a cohort whose duplicate clusters join patients across every kind of division."""
    owners = np.repeat(np.arange(24), 4)
    # Patients 0 and 4, 1 and 5 ... hold a picture in common; all are of one class.
    group = [f"g{o // 8 * 4 + o % 4}" for o in owners]
    return cohort(
        group=group,
        fold=[str(o // 8) for o in owners],
        site=["north" if o < 8 else "south" for o in owners],
        split=["test" if o >= 16 else "train" for o in owners],
    )


EVERY: dict[str, Folds] = {
    "folds": lambda m: patient_folds(m, 3),
    "holdout": lambda m: holdout(m, 0.3),
    "column": column_folds,
    "site": lambda m: column_folds(m, "site"),
    "split": published_split,
    "named": lambda m: named_folds(m, "3")[0],
}


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_no_split_cuts_a_group_or_a_patient(make: Folds) -> None:
    m = audited()
    folds = make(m)
    assert_disjoint(m, folds)
    for fold in folds:
        for column in ("group", "patient"):
            train, test = sides(m, fold, column)
            assert train
            assert test
            assert not train & test


@pytest.mark.parametrize("name", ["column", "site", "split"])
@pytest.mark.parametrize("what", ["group", "patient"])
def test_a_division_that_is_given_and_cuts_one_is_refused(name: str, what: str) -> None:
    m = audited()
    # One row goes over to the other side, in all columns that divide.
    values = {"fold": "0", "site": "north", "split": "train"}
    last = len(m) - 1
    table = m.table.copy()
    for column, value in values.items():
        table.loc[last, column] = value
    table.loc[last, "group" if what == "patient" else "patient"] = "alone"
    with pytest.raises(ManifestError, match=rf"1 {what}\(s\) on both sides"):
        EVERY[name](Manifest.of(table, Path(), "cut.csv"))


def test_groups_without_patients_hold_too() -> None:
    m = audited()
    alone = Manifest.of(m.table.assign(patient=None), Path(), "alone.csv")
    for make in EVERY.values():
        for fold in make(alone):
            train, test = sides(alone, fold, "group")
            assert not train & test


def test_the_reason_names_groups_where_duplicates_leave_too_few() -> None:
    m = cohort(group=["all" if o % 4 == 2 else f"g{o}" for o in np.repeat(np.arange(24), 4)])
    with pytest.raises(UsageError, match=r"too few groups \(patients joined .*3 folds: b has 1;"):
        patient_folds(m, 3)
    with pytest.raises(UsageError, match=r"every class on both sides; fewest groups .*: b has 1\."):
        holdout(m)


@pytest.mark.integration
@settings(deadline=None, max_examples=60)
@given(
    joined=st.lists(st.integers(0, 7), min_size=24, max_size=24),
    seed=st.integers(0, 3),
    share=st.sampled_from([0.2, 0.35, 0.5]),
)
def test_whatever_is_joined_stays_on_one_side(joined: list[int], seed: int, share: float) -> None:
    # Some patients keep to themselves, others share a cluster with patients of any class.
    owners = np.repeat(np.arange(24), 4)
    m = cohort(group=[f"c{joined[o]}" if joined[o] < 3 else f"p{o}" for o in owners])
    makers: list[Callable[[], list[Fold]]] = [
        lambda: patient_folds(m, 2, seed=seed),
        lambda: holdout(m, share, seed=seed),
    ]
    for make in makers:
        try:
            folds = make()
        except UsageError:
            continue
        for fold in folds:
            for column in ("group", "patient"):
                train, test = sides(m, fold, column)
                assert not train & test


def test_two_folds_are_enough() -> None:
    folds = patient_folds(cohort(), 2)
    assert len(folds) == 2
    assert len(image_folds(cohort(), 2)) == 2


def test_what_is_not_said_is_five_folds_or_a_fifth_of_seed_0() -> None:
    manifest = cohort()
    for make in (patient_folds, image_folds):
        named = make(manifest, 5, seed=0)
        assert [f.test.tolist() for f in make(manifest)] == [f.test.tolist() for f in named]
    held_out, named_one = holdout(manifest), holdout(manifest, 0.2, seed=0)
    assert held_out[0].test.tolist() == named_one[0].test.tolist()
    assert holdout(manifest, seed=1)[0].test.tolist() != held_out[0].test.tolist()


def test_five_of_many_patients_on_both_sides_are_named() -> None:
    manifest = cohort(patients=8, slices=2)
    rows = np.arange(16)
    with pytest.raises(ManifestError) as refused:
        assert_disjoint(manifest, [Fold("1", rows[::2], rows[1::2])])
    (fault,) = (line for line in str(refused.value).splitlines() if "on both sides" in line)
    assert "8 patient(s) on both sides" in fault
    named = fault.partition("(")[2].partition("); all")[0].rpartition("(")[2].split(", ")
    assert len(named) == 5


def test_the_rarest_class_bounds_the_folds_by_image() -> None:
    label = ["a"] * 3 + ["b"] * 40 + ["c"] * 53
    assert len(image_folds(cohort(label=label), 3)) == 3
    with pytest.raises(UsageError, match="4 folds; expected 2 to 3, the images of the rarest"):
        image_folds(cohort(label=label), 4)


def test_numbers_name_folds_in_their_order_and_words_after_them() -> None:
    names = ["x", "100000000", "90000000", "7"]
    m = cohort(fold=[names[o // 4 % 4] for o in np.repeat(np.arange(24), 4)])
    assert [f.name for f in column_folds(m)] == ["7", "90000000", "100000000", "x"]


def test_a_large_set_is_divided_too() -> None:
    m = cohort(patients=160, slices=2)
    assert_partition(m, patient_folds(m, 5))


def test_a_fold_is_itself_alone_and_stays_as_it_is() -> None:
    one, two = patient_folds(cohort(), 2)
    assert len({one, two, one}) == 2
    with pytest.raises(FrozenInstanceError):
        one.name = "two"  # type: ignore[misc]
