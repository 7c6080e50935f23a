from __future__ import annotations

import re
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.sources.layout import Layout, read_layout


def layout(*files: str, sizes: dict[str, int] | None = None) -> Layout:
    return read_layout(map(PurePath, files), lambda f: (sizes or {}).get(f.as_posix(), 0))


def places(found: Layout) -> dict[str, tuple[str | None, str | None]]:
    return {f.as_posix(): (p.label, p.split) for f, p in found.places.items()}


TWO = ("Training/a/1.png", "Training/b/1.png", "Testing/a/2.png", "Testing/b/2.png")


@pytest.mark.parametrize(
    "stray", ["README.png", "extra/1.png", "notes/x/1.png", "Training/logo.png", "Testing/0.png"]
)
@pytest.mark.parametrize("around", ["", "archive/", "archive/data/"])
def test_a_stray_image_changes_no_layout_and_is_named(stray: str, around: str) -> None:
    found = layout(*(around + f for f in (*TWO, stray)))
    assert places(found) == {
        around + f: (f.split("/")[1], "train" if f.startswith("Training") else "test") for f in TWO
    }
    assert sum("passed over: 1 image" in n and around + stray in n for n in found.notes) == 1


def test_a_stray_image_beside_classes_is_passed_over() -> None:
    found = layout("a/1.png", "b/1.png", "logo.png")
    assert places(found) == {"a/1.png": ("a", None), "b/1.png": ("b", None)}
    assert found.notes == ["passed over: 1 image beside the folders: logo.png"]


def test_images_that_are_most_stay_without_a_class() -> None:
    found = layout("1.png", "2.png", "3.png", "a/1.png")
    assert places(found)["1.png"] == (None, None)
    assert len(found.places) == 4


@pytest.mark.parametrize(
    ("name", "split"),
    [
        *((n, "train") for n in ("train", "Train_set", "training-data", "TrainImages", "1_train")),
        *((n, "val") for n in ("val", "valid", "Validation", "dev", "val_split", "validset")),
        *(
            (n, "test")
            for n in ("test", "Testing", "testing_data", "holdout", "hold-out", "test set")
        ),
    ],
)
def test_spellings_of_splits(name: str, split: str) -> None:
    found = layout(f"{name}/a/1.png", f"{name}/b/1.png")
    assert places(found) == {f"{name}/a/1.png": ("a", split), f"{name}/b/1.png": ("b", split)}


@pytest.mark.parametrize("inner", ["brain_tumor_dataset", "archive/again", "yes_no"])
def test_a_tree_repeated_inside_itself_is_no_class(inner: str) -> None:
    outer = ("yes/1.png", "yes/2.png", "no/1.png")
    found = layout(*outer, *(f"{inner}/{f}" for f in outer))
    assert places(found) == {f: (f.split("/")[0], None) for f in outer}
    assert "passed over: 3 images" in found.notes[0]
    assert "the same files once more" in found.notes[0]


def test_a_repeated_tree_of_splits_in_a_folder_of_its_own_name() -> None:
    found = layout(*(f"brain/{f}" for f in TWO), *(f"brain/brain/{f}" for f in TWO))
    assert set(places(found)) == {f"brain/{f}" for f in TWO}
    assert {p.split for p in found.places.values()} == {"train", "test"}


def test_other_images_in_a_repeated_tree_are_taken_into_its_classes() -> None:
    files = ("yes/1.png", "no/1.png", "more/Yes/1.png", "more/no/1.png", "more/no/2.png")
    found = layout(*files, sizes={"more/Yes/1.png": 7})
    assert places(found) == {
        "yes/1.png": ("yes", None),
        "no/1.png": ("no", None),
        "more/Yes/1.png": ("yes", None),
        "more/no/2.png": ("no", None),
    }
    assert any("2 images of it are others" in note for note in found.notes)


@pytest.mark.parametrize("around", ["data/", "archive/data/set/", "images/", "a/a/"])
def test_wrappers_are_no_classes(around: str) -> None:
    found = layout(f"{around}yes/1.png", f"{around}no/2.png")
    assert [p.label for p in found.places.values()] == ["no", "yes"]


def test_a_class_alone_is_no_wrapper() -> None:
    assert places(layout("glioma/p1/1.png", "glioma/p2/1.png")) == {
        "glioma/p1/1.png": ("glioma", None),
        "glioma/p2/1.png": ("glioma", None),
    }
    assert places(layout("train/b/x/1.png", "test/c/y/1.png")) == {
        "train/b/x/1.png": ("b", "train"),
        "test/c/y/1.png": ("c", "test"),
    }


def test_folders_that_repeat_their_split() -> None:
    found = layout("Training/Training/a/1.png", "Training/Training/b/1.png")
    assert set(places(found).values()) == {("a", "train"), ("b", "train")}


def test_splits_below_classes() -> None:
    found = layout("yes/train/1.png", "yes/Test/2.png", "no/train/1.png")
    assert set(places(found).values()) == {("yes", "train"), ("yes", "test"), ("no", "train")}


def test_layers_above_usual_classes_are_none() -> None:
    found = layout("CT/Healthy/1.png", "CT/Tumor/1.png", "MRI/Healthy/1.png", "MRI/Tumor/1.png")
    assert {p.label for p in found.places.values()} == {"Healthy", "Tumor"}
    assert found.above == {"CT", "MRI"}
    planes = layout("glioma/axial/1.png", "glioma/coronal/1.png", "healthy/axial/1.png")
    assert {p.label for p in planes.places.values()} == {"glioma", "healthy"}


def test_folders_that_name_no_class_are_passed_over() -> None:
    odd = ("pred/2.png", "Figures/roc.png", "rcnn/TRAIN/1.png", "test/3.png")
    found = layout("yes/1.png", "no/1.png", *odd)
    assert set(places(found)) == {"yes/1.png", "no/1.png"}
    assert ["pred/2.png" in "".join(found.notes), "rcnn" in "".join(found.notes)] == [True, True]
    assert any("test/, which names a split and no class" in note for note in found.notes)


def test_a_test_set_without_classes_stays() -> None:
    found = layout("train/a/1.png", "train/b/1.png", "test/1.png", "test/2.png")
    assert places(found)["test/1.png"] == (None, "test")


def test_folders_below_a_class_are_kept_apart() -> None:
    found = layout("a/p1/x/1.png", "b/2.png")
    assert [p.below for p in found.places.values()] == [("p1", "x"), ()]


NAMES = ("train", "Test", "val", "yes", "no", "Yes", "glioma", "p1", "p2", "data", "images", "pred")
TREES = st.sets(
    st.tuples(st.lists(st.sampled_from(NAMES), max_size=4), st.sampled_from("123")).map(
        lambda t: "/".join([*t[0], f"{t[1]}.png"])
    ),
    max_size=12,
)


@given(files=TREES, sizes=st.dictionaries(st.sampled_from("123"), st.integers(0, 1)))
def test_every_image_is_placed_or_named_as_passed_over(
    files: set[str], sizes: dict[str, int]
) -> None:
    found = read_layout(map(PurePath, files), lambda f: sizes.get(f.stem, 0))
    counts = [re.match(r"passed over: (\d+) image", note) for note in found.notes]
    passed = sum(int(count[1]) for count in counts if count)
    assert {f.as_posix() for f in found.places} <= files
    assert len(found.places) + passed == len(files)
    # Names of layers that say nothing are never classes.
    assert not {p.label for p in found.places.values()} & {"images"}


def test_as_many_images_beside_as_in_the_folders_are_stray() -> None:
    assert places(layout("a/1.png", "x.png")) == {"a/1.png": ("a", None)}


def test_a_folder_that_has_most_of_its_own_is_no_repetition() -> None:
    other = [f"other/{name}/1.png" for name in ("yes", "no", "x", "y", "z")]
    found = layout("yes/1.png", "no/1.png", *other)
    assert {p.label for p in found.places.values()} == {"yes", "no", "other"}
