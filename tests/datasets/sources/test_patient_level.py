"""When the first level of folders is the patients', and when that must not be guessed."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from gliaboost.datasets.nifti_file import stem
from gliaboost.datasets.sources.patient_level import check_level
from gliaboost.errors import UsageError


def check(*paths: str, class_folders: bool = False) -> set[PurePath]:
    placed = [(PurePath(p), PurePath(p).parent.parts, stem(p)) for p in paths]
    return check_level(Path("/data"), placed, class_folders=class_folders)


def tree(*levels: str) -> list[str]:
    """All paths of one name of each level: ``tree("P1 P2", "a b")``."""
    paths = [""]
    for names in levels:
        paths = [f"{path}/{name}".strip("/") for path in paths for name in names.split()]
    return [f"{path}.nii.gz" for path in paths]


@pytest.mark.parametrize(
    "paths",
    [
        tree("P1 P2 P10", "t1 t2"),
        tree("P1 P2", "ses-1 ses-2", "t1"),
        tree("anna bob", "first second", "t1"),
        tree("anna bob", "2019-01-01 2020-02-02", "scan"),
        ["anna/x/t1.nii", "bob/y/t1.nii"],
        ["P1/xa/t1.nii", "P1/xb/t1.nii", "P2/xc/t1.nii"],
        ["anna/20190101/a.nii", "anna/20200101/a.nii", "bob/20180101/a.nii"],
        ["anna/anna_1.nii", "anna/anna_2.nii", "bob/bob_1.nii"],
        tree("002_S_0295 002_S_0413", "MPRAGE_a MPRAGE_b", "2006-04-18", "scan"),
        tree("anna", "t1 t2 flair"),
        tree("anna bob", "xa xb", "t1"),
        tree("1 2", "2019-01-01 2020-01-01", "t1"),
        tree("P1 P2", "P1_a P2_a", "t1"),
        ["case7-000/case7-000-t1.nii", "case7-000/case7-t1.nii"],
        ["UC-4_nifti/UC-4_T1.nii", "UC-4_nifti/UC-4_T2.nii"],
        tree("P1 P2 P3"),
        [],
    ],
)
def test_clear(paths: list[str]) -> None:
    assert check(*paths) == set() or not any("/" in p for p in paths)


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (tree("hgg lgg", "a1 a2", "t1"), "hgg, lgg look like classes; with --class-folders"),
        (tree("Glioma healthy", "P1"), "Glioma, healthy look like classes"),
        (tree("P1 control", "t1"), "control look like classes"),
        (tree("site1 site2", "P1 P2", "t1"), "site1, site2 look like parts of a study"),
        (tree("BraTS2020", "P1 P2 P3", "t1"), "BraTS2020 may be patients, or P1, P2, P3 in them"),
        (["A/an1.nii", "A/be2.nii", "B/ce3.nii"], "A, B may be patients, or an1, be2, ce3 in"),
        (tree("foo bar", "P1 P2", "t1"), "bar, foo may be patients, or P1, P2 in them"),
        (
            ["setTrain20/B001/t1.nii", "setTrain20/B002/t1.nii", "setVal/B003/t1.nii"],
            "setTrain20, setVal may be patients",
        ),
        (tree("0 1", "B001", "t1"), "0, 1 may be patients, or B001 in them"),
        (tree("2019 2020", "P1", "t1"), "2019, 2020 may be patients, or P1 in them"),
        (["P1/t1.nii", "a.nii", "b.nii"], r"2 scan\(s\) lie in no folder, 1 in folders"),
    ],
)
def test_unclear(paths: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=rf"{why}.*--patient-from: folder:1 \(") as caught:
        check(*paths)
    assert "unclear who is a patient" in str(caught.value)


def test_the_choices_are_shown_on_an_example() -> None:
    with pytest.raises(
        UsageError, match=r"folder:1 \(hgg\), folder:2 \(a1\), file \(P7\), or none"
    ):
        check("hgg/a1/P7_t1.nii")


def test_classes_that_are_taken_off_are_no_objection() -> None:
    assert check(*tree("P1 P2", "t1"), class_folders=True) == set()
    with pytest.raises(UsageError, match="lgg look like parts of a study"):
        check(*tree("lgg", "P1", "t1"), class_folders=True)


def test_a_few_scans_outside_are_told() -> None:
    assert check(*tree("P1 P2", "t1"), "stray.nii") == {PurePath("stray.nii")}
