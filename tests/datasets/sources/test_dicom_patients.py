from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from gliaboost.datasets.sources.dicom_patients import name_patients
from gliaboost.datasets.sources.dicom_tree import DicomHeader
from gliaboost.errors import UsageError


def header(path: str, patient: str = "", study: str = "") -> DicomHeader:
    levels = PurePath(path).parent.parts
    return DicomHeader(Path(path), PurePath(path), patient, study, "", "", ("t1",), levels=levels)


def groups(*headers: DicomHeader, choice: str | None = None) -> list[int]:
    """The files' patients as numbers, in the order of their first file; -1 for unknown."""
    names, _ = name_patients(headers, choice)
    order = [n for n in dict.fromkeys(names) if n is not None]
    return [-1 if n is None else order.index(n) for n in names]


def notes(*headers: DicomHeader) -> str:
    return " ".join(name_patients(headers)[1])


def test_ids_tell_patients_apart_whatever_the_folders() -> None:
    files = [header("a/1", "P1", "1"), header("b/1", "P1", "2"), header("b/2", "P2", "3")]
    assert groups(*files) == [0, 0, 1]
    assert notes(*files) == ""


@pytest.mark.parametrize(
    "blank",
    ["", "ANON", "anonymous", "Anonymized", "ANONYMISED", "anon^patient", "unknown", "N/A", "0",
     "0000", "XXXX", "-", "none", "No ID", "de-identified", "Patient", "REMOVED"],
)  # fmt: skip
def test_words_of_anonymisers_are_no_ids(blank: str) -> None:
    files = [header("a/1", blank, "1"), header("a/2", blank, "2"), header("b/1", blank, "3")]
    assert groups(*files) == [0, 0, 1]
    assert "3 of 3 files" in notes(*files)
    assert "2 patients: 3 by folder" in notes(*files)
    assert "--patient-from: tag (PatientID), study, folder:N" in notes(*files)


@pytest.mark.parametrize("real", ["ANON0001", "anon-7", "X12", "patient 3", "100", "TCGA-02-0003"])
def test_ids_that_look_alike_are_ids(real: str) -> None:
    assert groups(header("a/1", real, "1"), header("b/1", "Q", "2"), header("c/1", real)) == [
        0,
        1,
        0,
    ]


def test_one_id_for_several_studies_is_none() -> None:
    files = [header("a/1", "4711", "1"), header("a/2", "4711", "1"), header("b/1", "4711", "2")]
    assert groups(*files) == [0, 0, 1]
    assert "the same in all, though there are several studies or folders" in notes(*files)
    assert "4711" not in notes(*files)
    # One patient's study in several folders, and folders without studies.
    assert groups(header("t1/1", "4711", "1"), header("t2/1", "4711", "1")) == [0, 0]
    assert groups(header("a/1", "4711"), header("b/1", "4711")) == [0, 1]
    assert groups(header("a/1", "4711"), header("a/2", "4711")) == [0, 0]


def test_a_study_that_lies_in_two_folders_tells_that_folders_are_no_patients() -> None:
    files = [header("t1/1", "", "1"), header("t2/1", "", "1"), header("t1/2", "", "2")]
    assert groups(*files) == [0, 0, 1]
    assert "3 by study" in notes(*files)


def test_one_study_for_all_is_a_patients_or_an_anonymisers() -> None:
    for names in (("P1", "P2"), ("patient_01", "patient_02"), ("TCGA-02-0003", "TCGA-02-0006")):
        assert groups(*(header(f"{n}/1", "", "9") for n in names)) == [0, 1]
    for names in (("t1", "flair"), ("SE000001", "SE000002"), ("1", "2")):
        assert groups(*(header(f"{n}/1", "", "9") for n in names)) == [0, 0]


def test_without_folders_the_study_and_without_it_the_file() -> None:
    files = [header("1", "", "1"), header("2", "", "1"), header("3"), header("4")]
    assert groups(*files) == [0, 0, 1, 2]
    assert "2 by study (StudyInstanceUID), 2 each by itself" in notes(*files)


def test_files_without_an_id_among_others() -> None:
    files = [header("a/1", "P1"), header("b/1", "P2"), header("c/1"), header("c/2"), header("d/1")]
    assert groups(*files) == [0, 1, 2, 2, 3]
    assert "3 of 5 files" in notes(*files)


def test_a_choice_goes_before_the_rule() -> None:
    files = [
        header("x/P1/1", "4711", "1"),
        header("x/P2/1", "4711", "2"),
        header("y/P1/1", "", "2"),
    ]
    assert groups(*files, choice="tag") == [0, 0, -1]
    assert groups(*files, choice="study") == [0, 1, 1]
    assert groups(*files, choice="folder:1") == [0, 0, 1]
    assert groups(*files, choice="folder:2") == [0, 1, 2]
    assert groups(*files, choice="none") == [-1, -1, -1]
    assert name_patients(files, "tag")[1] == []


@pytest.mark.parametrize("choice", ["file", "folder", "folder:0", "", "4711"])
def test_choices_that_there_are_not(choice: str) -> None:
    with pytest.raises(UsageError, match=r"expected tag \(PatientID\), study, folder:N"):
        name_patients([header("a/1", "P1")], choice)


def test_a_level_that_files_lack() -> None:
    with pytest.raises(UsageError, match=r"folder:2: 1 files lie less deep, such as a/1"):
        name_patients([header("a/1", "P1"), header("a/b/1", "P1")], "folder:2")
