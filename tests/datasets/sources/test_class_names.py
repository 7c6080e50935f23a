from __future__ import annotations

import pytest

from gliaboost.datasets.sources.class_names import describe_joined, same_classes, spelling


@pytest.mark.parametrize(
    "alike",
    [
        (
            "Glioma",
            "glioma",
            "GLIOMA ",
            "glioma_tumor",
            "Glioma Tumour",
            "gliomas",
            "glioma-tumors",
        ),
        ("no_tumor", "No Tumor", "notumor", "NO-TUMOUR", "no"),
        ("Grade 2", "grade2", "GRADE_2", "grade-2"),
        ("ependymoma", "Ependymoma_Tumor"),
        ("\u00d6dem", "o\u0308dem"),
    ],
)
def test_spellings_of_one_class(alike: tuple[str, ...]) -> None:
    assert len({spelling(name) for name in alike}) == 1


@pytest.mark.parametrize(
    "apart",
    [
        ("mri_tumor", "ct_tumor", "tumor", "no_tumor", "brain tumor", "brain"),
        ("1", "-1", "+1", "01", "0.1", "0-1"),
        ("grade 1.5", "grade 15", "grade <2", "grade >2"),
        ("healthy", "no_tumor", "yes", "tumor"),
        ("a", "b"),
    ],
)
def test_classes_that_differ(apart: tuple[str, ...]) -> None:
    assert len({spelling(name) for name in apart}) == len(apart)


def test_the_spelling_of_most_images_is_the_classs() -> None:
    assert same_classes(["Glioma", "glioma", "Glioma", "x"]) == {
        "Glioma": "Glioma",
        "glioma": "Glioma",
        "x": "x",
    }
    assert same_classes(["glioma", "Glioma"])["glioma"] == "Glioma"


def test_only_what_was_joined_is_said() -> None:
    assert describe_joined({"a": "a", "b": "b"}, {"a": 1, "b": 1}) == []
