"""Whose files are, by where they lie; no file is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gliaboost.datasets.sources.nifti_layout import ScanTree, find_scans, without_lone_split
from gliaboost.errors import UsageError

ROOT = Path("/data/study")


def find(*names: str, **options: Any) -> ScanTree:
    return find_scans(ROOT, [ROOT / name for name in names], **options)


def patients(layout: ScanTree) -> dict[str, str | None]:
    return {scan.path.as_posix().split(".")[0]: scan.patient for scan in layout.scans}


def test_six_people_scanned_three_times_are_six() -> None:
    for visits in ("s1 s2 s3", "2019-01-01 2020-01-01 2021-01-01", "first second third"):
        found = find(*(f"P{p}/{s}/scan.nii.gz" for p in range(6) for s in visits.split()))
        assert {scan.patient for scan in found.scans} == {f"P{p}" for p in range(6)}
        assert {scan.session for scan in found.scans} == set(visits.split())


def test_bids() -> None:
    found = find(
        "sub-01/ses-1/anat/sub-01_ses-1_T1w.nii.gz",
        "sub-01/ses-2/anat/sub-01_ses-2_T1w.nii.gz",
        "sub-02/anat/sub-02_FLAIR.nii.gz",
        "derivatives/drawn/sub-01/ses-1/anat/sub-01_ses-1_desc-lesion_mask.nii.gz",
        "derivatives/prep/sub-01/ses-1/anat/sub-01_ses-1_desc-brain_mask.nii.gz",
        "derivatives/prep/sub-02/anat/sub-02_desc-preproc_FLAIR.nii.gz",
        "derivatives/prep/sub-03/anat/sub-03_desc-preproc_FLAIR.nii.gz",
        "template.nii.gz",
        "sub-01/anat/sub-02_T2w.nii.gz",
    )
    assert [(s.patient, s.session) for s in found.scans] == [
        ("sub-03", None),
        ("sub-01", "ses-1"),
        ("sub-01", "ses-2"),
        ("sub-02", None),
    ]
    assert [(m.patient, m.unit) for m in found.masks] == [("sub-01", ("sub-01", "ses-1"))]
    assert {reason: len(names) for reason, names in found.passed.items()} == {
        "a map that is neither scan nor mask of a tumour, by its name": 1,
        "of another subject or session by its folder than by its name": 1,
        "without sub- in folder or name, in a BIDS data set": 1,
        "computed from scans that are there (derivatives)": 1,
    }


def test_the_medical_segmentation_decathlon() -> None:
    for above in ("", "Task01_BrainTumour/"):
        found = find(
            *(f"{above}imagesTr/BRATS_00{k}.nii.gz" for k in (1, 2)),
            *(f"{above}labelsTr/BRATS_00{k}.nii.gz" for k in (1, 2)),
            f"{above}imagesTs/BRATS_009.nii.gz",
        )
        assert [s.patient for s in found.scans] == ["BRATS_001", "BRATS_002", "BRATS_009"]
        assert [s.split for s in found.scans] == ["train", "train", "test"]
        assert [m.path.name for m in found.masks] == ["BRATS_001.nii.gz", "BRATS_002.nii.gz"]


def test_channels_of_nnu_net() -> None:
    images = [f"imagesTr/c_{case}_000{k}.nii.gz" for case in ("01", "02") for k in (0, 1)]
    found = find(*images, "labelsTr/c_01.nii.gz", "labelsTr/c_02.nii.gz")
    assert [(s.patient, s.channel) for s in found.scans] == [
        ("c_01", 0),
        ("c_01", 1),
        ("c_02", 0),
        ("c_02", 1),
    ]
    # Numbers of four digits that labels have too are a case's.
    cases = [f"{kind}Tr/c_000{k}.nii.gz" for kind in ("images", "labels") for k in (0, 1)]
    assert [(s.patient, s.channel) for s in find(*cases).scans] == [
        ("c_0000", None),
        ("c_0001", None),
    ]


def test_brats() -> None:
    flat = find(
        *(f"BraTS-GLI-00005-{v}-{q}.nii.gz" for v in ("000", "100") for q in ("t1c", "seg"))
    )
    assert [(s.patient, s.session) for s in flat.scans] == [
        ("BraTS-GLI-00005", "000"),
        ("BraTS-GLI-00005", "100"),
    ]
    deep = find(
        *(f"BraTS-GLI-0000{p}-{v}/BraTS-GLI-0000{p}-{v}-t1c.nii.gz" for p in (5, 6) for v in "01")
    )
    assert len({s.patient for s in deep.scans}) == 4
    folders = find(*(f"BraTS-GLI-00005-{v}/BraTS-GLI-00005-{v}-t1c.nii.gz" for v in ("000", "100")))
    assert {s.patient for s in folders.scans} == {"BraTS-GLI-00005"}


def test_flat_files_of_one_patient_each_or_of_one() -> None:
    assert patients(find("P1_t1.nii", "P1_t2.nii", "P2_visit1_t1.nii")) == {
        "P1_t1": "P1",
        "P1_t2": "P1",
        "P2_visit1_t1": "P2",
    }
    assert set(patients(find("t1.nii", "flair.nii", "T2_tse_tra.nii")).values()) == {"study"}


def test_kinds_of_picture_and_splits_are_no_patients() -> None:
    found = find(
        *(f"{split}/images/{split}{k}.nii" for split in ("train", "test") for k in (1, 2)),
        *(f"{split}/masks/{split}{k}.nii" for split in ("train", "test") for k in (1, 2)),
    )
    assert [(s.patient, s.split) for s in found.scans] == [
        ("test1", "test"),
        ("test2", "test"),
        ("train1", "train"),
        ("train2", "train"),
    ]
    assert len(found.masks) == 4
    assert {s.split for s in without_lone_split(found.scans)} == {"train", "test"}
    assert {s.split for s in without_lone_split(found.scans[:2])} == {None}
    drawn = find("images/P1.nii", "lesions/P1.nii")
    assert [len(drawn.scans), len(drawn.masks)] == [1, 1]
    assert set(patients(find("T1/P1.nii", "T2/P1.nii")).values()) == {"P1"}
    assert set(patients(find("baseline/P1.nii", "followup/P1.nii")).values()) == {"P1"}


def test_folders_of_classes() -> None:
    names = [f"{label}/P{k}{label}/t1.nii" for label in ("hgg", "lgg") for k in (1, 2)]
    with pytest.raises(UsageError, match="--class-folders"):
        find(*names)
    found = find(*names, "stray.nii", class_folders=True)
    assert [(s.label, s.patient) for s in found.scans] == [
        ("hgg", "P1hgg"),
        ("hgg", "P2hgg"),
        ("lgg", "P1lgg"),
        ("lgg", "P2lgg"),
    ]
    assert found.passed == {"in no folder of a class": ["stray.nii"]}
    with pytest.raises(UsageError, match=r"a class, BraTS, and in it HGG, LGG.*directly"):
        find("BraTS/HGG/P1/t1.nii", "BraTS/LGG/P2/t1.nii", class_folders=True)
    both = find("train/hgg/P1.nii", "hgg/test/P2.nii", class_folders=True).scans
    assert {(s.label, s.split, s.patient) for s in both} == {
        ("hgg", "train", "P1"),
        ("hgg", "test", "P2"),
    }


def test_who_is_a_patient_can_be_said() -> None:
    names = ["site1/P1/ses-1/x1_t1.nii", "site2/P2/ses-1/x2_t1.nii"]
    with pytest.raises(UsageError, match="--patient-from"):
        find(*names)

    def told(choice: str) -> list[str | None]:
        return [s.patient for s in find(*names, patient_from=choice).scans]

    assert told("folder:1") == told("folder") == told(" Folder1 ") == ["site1", "site2"]
    assert told("folder:2") == told("2") == ["P1", "P2"]
    assert told("file") == ["x1", "x2"]
    assert told("none") == [None, None]
    deep = find(*names, patient_from="folder:4")
    assert deep.scans == []
    assert dict(deep.passed) == {"less than 4 folder(s) deep": names}
    assert [s.patient for s in find("a/sub-7_T1w.nii", patient_from="bids").scans] == ["sub-7"]
    for wrong in ("folder:0", "level", "", "folder:x"):
        with pytest.raises(UsageError, match=r"expected folder:N .* file, bids or none"):
            find(*names, patient_from=wrong)


def test_what_lies_there_twice_is_taken_once() -> None:
    found = find("P1.nii", "P1.nii.gz", "P2.nii.gz")
    assert [s.path.name for s in found.scans] == ["P1.nii", "P2.nii.gz"]
    assert found.passed == {"there twice, compressed and not": ["P1.nii.gz"]}
