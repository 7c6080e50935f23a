from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.patients import join_patients, patients_by_regex, with_patients
from gliaboost.errors import ManifestError, UsageError


def cohort(**columns: list[str | None]) -> Manifest:
    paths = ["glioma/P1-1.png", "glioma/P1-2.png", "healthy/P2-1.png", "healthy/x.png"]
    labels = [p.split("/")[0] for p in paths]
    return Manifest.of(pd.DataFrame({"path": paths, "label": labels, **columns}), "/data")


def patients(m: Manifest) -> list[str | None]:
    return [v if isinstance(v, str) else None for v in m.table["patient"]]


def table(folder: Path, text: str) -> Path:
    (folder / "p.csv").write_text(text, "utf-8")
    return folder / "p.csv"


@pytest.mark.parametrize(
    "text",
    [
        "path,patient\nglioma/P1-1.png,007\nglioma/P1-2.png,007\nhealthy/P2-1.png,7\n",
        "Patient ID;File Name\n007;P1-1.png\n007;P1-2.png\n7;P2-1.png\n",
        "subject\tslice\n007\tP1-1\n007\tP1-2\n7\tP2-1\n",
        "what,pid\nglioma\\P1-1.png,007\nglioma\\P1-2.png,007\nhealthy\\P2-1.png,7\n",
        "image,who\nP1-1,007\nP1-2,007\nP2-1,7\n",
        "id,patient_id,age\nP1-1,007,60\nP1-2,007,60\nP2-1,7,8\n",
    ],
)
def test_a_table_names_patients_in_any_usual_way(tmp_path: Path, text: str) -> None:
    known = join_patients(cohort(), table(tmp_path, text))
    assert patients(known) == ["007", "007", "7", None]
    path = tmp_path / "p.csv"
    assert f"patients from {path}: 2 (007, 7) for 3 of 4 images" in known.notes
    assert "patients that differ in zeros in front alone: 007 and 7" in known.notes
    assert f"{path} says nothing of 1 of 4 images (healthy/x.png)" in known.notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,age\na,1\n", None),  # two columns, one known: the other is the patient
        ("path,age,sex\na,1,f\n", "has columns path, age, sex; expected one of patients"),
        ("age,sex,site\n1,f,x\n", "expected one of patients .* and one of images"),
        ("path,patient\nother.png,p\n", "names none of the images"),
    ],
)
def test_tables_that_name_no_patients(tmp_path: Path, text: str, message: str | None) -> None:
    with pytest.raises(UsageError, match=message or "names none of the images"):
        join_patients(cohort(), table(tmp_path, text))


def test_one_image_has_one_patient(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="P1-1 has two values, p and q"):
        join_patients(cohort(), table(tmp_path, "path,patient\nP1-1.png,p\nP1-1,q\n"))


def test_a_path_tells_the_patient() -> None:
    known = patients_by_regex(cohort(), r"/(?P<patient>P\d+)-")
    assert patients(known) == ["P1", "P1", "P2", None]
    assert known.notes == (
        r"patients by '/(?P<patient>P\d+)-': 2 (P1, P2) for 3 of 4 images",
        r"1 of 4 paths do not match '/(?P<patient>P\d+)-': healthy/x.png",
    )


@pytest.mark.parametrize(
    ("regex", "message"),
    [
        (r"P(\d+)", r"'P\(\\d\+\)' has no group called patient; put \(\?P<patient>"),
        (r"(?P<pat>P\d+)", "has no group called patient"),
        (r"(?P<patient>P\d+", "is no regular expression"),
        (r"(?P<patient>Q\d+)", "matches none of the 4 paths, such as glioma/P1-1.png"),
        (r"(?P<patient>Q*)", "matches none of the 4 paths"),
        (r"^(?P<patient>[^/]+)/", "finds the classes glioma, healthy as patients"),
    ],
)
def test_expressions_that_tell_no_patient(regex: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        patients_by_regex(cohort(), regex)


def test_what_is_perhaps_not_meant_is_asked() -> None:
    each = patients_by_regex(cohort(), r"(?P<patient>[^/]+)\.png")
    assert "each of these images has a patient of its own: is that what was meant?" in each.notes
    one = patients_by_regex(cohort(), r"(?P<patient>png)")
    assert "all these images are of one patient, png: is that what was meant?" in one.notes


def test_the_table_goes_before_the_path_and_both_before_what_was_known(tmp_path: Path) -> None:
    before = cohort(patient=["old", "old", "old", "old"])
    both = with_patients(before, table(tmp_path, "path,patient\nP1-2,T\n"), r"(?P<patient>P\d+)")
    assert patients(both) == ["P1", "T", "P2", "old"]
    assert "3 of which had another one" in both.notes[0]
    assert with_patients(before) is before


def test_notes_that_asked_for_patients_are_answered() -> None:
    asked = replace(cohort(), notes=("not taken: 1 .txt", "are these patients: --patient-regex"))
    notes = patients_by_regex(asked, r"(?P<patient>P\d+)").notes
    assert notes[0] == "not taken: 1 .txt" and "are these" not in "".join(notes)
