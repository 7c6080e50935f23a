from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.editing import edit, join_labels
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.errors import UsageError


def cohort(**columns: list[Any]) -> Manifest:
    rows = {
        "path": ["1.png", "2.png", "3.png", "4.png"],
        "label": ["glioma", "menin", "healthy", "a,b"],
        "patient": ["007", "7", "p", "q"],
        "split": ["train", "train", "test", "test"],
        "presence": ["tumor", "tumor", "no_tumor", None],
    }
    return Manifest.of(pd.DataFrame({**rows, **columns}), "/data", "m.csv", ("as read",))


def labels(m: Manifest) -> list[str]:
    return [str(v) for v in m.table["label"]]


@pytest.mark.parametrize(
    ("rename", "expected"),
    [
        ({"glioma": "tumor", "menin": "tumor"}, ["tumor", "tumor", "healthy", "a,b"]),
        (["glioma=tumor", "menin = tumor"], ["tumor", "tumor", "healthy", "a,b"]),
        (["glioma,menin=tumor"], ["tumor", "tumor", "healthy", "a,b"]),
        (["a,b=c"], ["glioma", "menin", "healthy", "c"]),
        (["glioma=menin", "menin=glioma"], ["menin", "glioma", "healthy", "a,b"]),
    ],
)
def test_classes_are_renamed_and_merged(rename: Any, expected: list[str]) -> None:
    before = cohort()
    assert labels(edit(before, rename=rename)) == expected
    assert labels(before) == ["glioma", "menin", "healthy", "a,b"]


def test_each_step_says_what_it_did() -> None:
    edited = edit(cohort(), rename=["glioma,menin=tumor"], keep="tumor,healthy", forget="split")
    assert edited.notes == (
        "as read",
        "before: 4 images, a,b 1, glioma 1, healthy 1, menin 1",
        "renamed: 1 glioma are tumor, 1 menin are tumor",
        "kept: tumor, healthy; 1 images of others were left out",
        "forgotten: split",
        "after: 3 images, healthy 1, tumor 2",
    )
    assert edited.table["split"].isna().all()
    assert edited.table.index.tolist() == [0, 1, 2]


def test_a_target_becomes_the_label() -> None:
    edited = edit(cohort(), keep=["glioma", "healthy", "a,b"], target="presence")
    assert labels(edited) == ["tumor", "no_tumor"]
    assert "label is now presence" in edited.notes
    assert "left out: 1 rows without 'presence'" in edited.notes


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            {"rename": ["Glioma=x"]},
            r"no class 'Glioma'; the classes are a,b, glioma, .*; did you mean glioma\?",
        ),
        ({"rename": ["glioma"]}, "expected OLD=NEW, or OLD,OLD=NEW to merge"),
        ({"rename": ["glioma="]}, "expected OLD=NEW"),
        ({"rename": ["glioma=x", "glioma=y"]}, "gives 'glioma' two names, 'x' and 'y'"),
        ({"keep": "glioma,tumor"}, "no class 'tumor'; the classes are"),
        ({"target": "grade"}, "no target 'grade'; targets are label, presence, type"),
        ({"forget": "path"}, "no column path to forget; there are label, patient, .*presence"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        edit(cohort(), **how)


def table(folder: Path, text: str) -> Path:
    (folder / "l.csv").write_text(text, "utf-8")
    return folder / "l.csv"


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n1,NA\n2.png,pituitary\n",
        "Patient;Diagnosis\n007;NA\n7;pituitary\n",
        "id,label\n007,NA\n7,pituitary\n",
    ],
)
def test_labels_are_joined_by_image_or_by_patient(tmp_path: Path, text: str) -> None:
    joined = join_labels(cohort(), table(tmp_path, text))
    assert labels(joined) == ["NA", "pituitary", "healthy", "a,b"]
    rows = joined.table[["presence", "type"]].to_numpy()
    told = [[v if isinstance(v, str) else None for v in row] for row in rows]
    assert told == [[None, None], ["tumor", "pituitary"], ["no_tumor", None], [None, None]]
    assert joined.notes[1] == f"labels from {tmp_path / 'l.csv'}: for 2 of 4 images"


def test_labels_of_nobody_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names none of the patients"):
        join_labels(cohort(), table(tmp_path, "patient,label\nx,y\n"))
    with pytest.raises(UsageError, match=r"'07' for '0?0?7': the zeros in front differ"):
        join_labels(cohort(), table(tmp_path, "patient,label\n07,y\n"))
    alone = cohort(patient=[None] * 4)
    with pytest.raises(UsageError, match="names patients, and the manifest knows none"):
        join_labels(alone, table(tmp_path, "patient,label\n7,y\n"))


def test_patients_come_first_as_labels_may_need_them(tmp_path: Path) -> None:
    path = table(tmp_path, "patient,label\n1,x\n2,y\n3,x\n4,y\n")
    edited = edit(cohort(), patient_regex=r"(?P<patient>\d)", labels=path)
    assert labels(edited) == ["x", "y", "x", "y"]


def test_a_manifest_is_read_and_changed_and_stays(tmp_path: Path) -> None:
    text = "path,label\na/P1.png,x\nb/P2.png,y\nc/P3.png,z\n"
    (tmp_path / "m.csv").write_text(text, "utf-8")
    m = read_source(
        "edit",
        tmp_path / "m.csv",
        rename=["x,y=w"],
        keep="w",
        patient_regex=r"(?P<patient>P\d)",
    )
    assert m.table[["label", "patient"]].to_numpy().tolist() == [["w", "P1"], ["w", "P2"]]
    assert m.root == tmp_path
    assert (tmp_path / "m.csv").read_text("utf-8") == text


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder, a manifest file was expected"):
        read_source("edit", tmp_path)
