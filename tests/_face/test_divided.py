from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost._face.divided import Division, divide, read_labelled
from gliaboost._face.faults import Faults
from gliaboost.datasets.manifest import Manifest
from tests.conftest import Heard

MakeImages = Callable[..., Path]


def table(path: Path, **columns: Any) -> Manifest:
    rows = pd.read_csv(path).assign(**columns)
    return Manifest.of(rows, path.parent, str(path))


def parts(rows: int, test: int) -> list[str]:
    """Whole patients: three images each, the last for the test."""
    return ["train"] * (rows - test) + ["test"] * test


def test_the_datas_own_test_part_is_taken_and_said(make_images: MakeImages, heard: Heard) -> None:
    path, faults = make_images(patients=24), Faults()
    data = table(path, split=parts(72, 30))
    found = divide(faults, data, None, Division(), ["lightgbm"], progress=heard)
    assert found is not None and [f.name for f in found.folds] == ["test"]
    assert heard.lines[-1].startswith("folds: the data's own test part, 30 of 72 images")
    assert "--folds 5" in heard.lines[-1]


def test_a_test_part_that_cuts_groups_gives_way_to_five_folds(
    make_images: MakeImages, heard: Heard
) -> None:
    path = make_images(patients=12)
    data = table(path, split=parts(36, 6), patient=None, group=[f"g{n % 18}" for n in range(36)])
    found = divide(Faults(), data, None, Division(), ["lightgbm"], progress=heard)
    assert found is not None and len(found.folds) == 5
    assert "not its own test part: " in heard.lines[-1]
    assert "group" in heard.lines[-1]


@pytest.mark.parametrize("split", [None, "train", "test"])
def test_without_two_parts_there_are_five_folds(split: str | None, make_images: MakeImages) -> None:
    data = table(make_images(patients=12), split=split)
    found = divide(Faults(), data, None, Division(folds="Auto"), ["lightgbm"])
    assert found is not None and len(found.folds) == 5


def test_all_faults_of_folds_and_data_are_noted(make_images: MakeImages, tmp_path: Path) -> None:
    path, faults = make_images(patients=12), Faults()
    division = Division(folds="3", only="9")
    assert divide(faults, table(path), tmp_path / "gone.csv", division, ["lightgbm"]) is None
    assert [str(e)[:11] for e in faults.errors] == ["no manifest", "no fold 9; "]


@pytest.mark.parametrize(
    ("only", "fault"),
    [
        ("svm=1", "--only svm=1: the models are lightgbm, xgboost"),
        ("lightgbm=7", "no fold 7; the folds are 1, 2, 3"),
        ("lightgb=1", "did you mean lightgbm?"),
    ],
)
def test_only_must_name_models_and_folds(only: str, fault: str, make_images: MakeImages) -> None:
    faults = Faults()
    data, division = table(make_images(patients=12)), Division(folds="3", only=only)
    assert divide(faults, data, None, division, ["lightgbm", "xgboost"]) is None
    assert fault in str(faults.errors[0])


def test_only_takes_models_in_any_case_and_blanks_between_folds(make_images: MakeImages) -> None:
    data = table(make_images(patients=12))
    division = Division(folds="3", only=["1 2", "LightGBM=2"])
    found = divide(Faults(), data, None, division, ["lightgbm"])
    assert found is not None
    assert ([f.name for f in found.folds], found.for_one) == (["1", "2"], {"lightgbm": ["2"]})
    assert [f.name for f in found.all_folds] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"label": "glioma"}, "a single class"),
        ({"label": None}, "no labels"),
        ({"label": [str(n / 7) for n in range(36)]}, "does no regression"),
    ],
)
def test_labels_that_cannot_be_learned(
    columns: dict[str, Any], fault: str, make_images: MakeImages
) -> None:
    faults = Faults()
    data = table(make_images(patients=12), **columns)
    assert read_labelled(faults, data, "label", "both") is None
    assert fault in str(faults.errors[0])


def test_a_target_of_one_class_is_refused(make_images: MakeImages) -> None:
    faults = Faults()
    data = table(make_images(patients=12), presence="tumor")
    assert read_labelled(faults, data, "presence", "both") is None
    assert "a single class ('tumor')" in str(faults.errors[0])


def test_another_column_is_a_target_and_ordered_grades_are_remarked(
    make_images: MakeImages, heard: Heard
) -> None:
    data = table(make_images(patients=12), grade=[n % 3 + 1 for n in range(36)])
    read = read_labelled(Faults(), data, "Grade", "both", progress=heard)
    assert read is not None and read[1].classes == ["1", "2", "3"]
    assert "look like ordered grades" in heard.lines[-1]


def test_another_set_without_a_common_class_is_refused(make_images: MakeImages) -> None:
    data, other = make_images(patients=12), make_images(patients=4, name="o", classes=("a", "b"))
    faults = Faults()
    divide(faults, data, other, Division(), ["lightgbm"])
    assert "has none of the classes coarse, fine; its own are a, b" in str(faults.errors[0])


def test_an_archive_is_not_unpacked_for_a_wrong_call(tmp_path: Path) -> None:
    faults = Faults()
    faults.add("hog", ["wrong"])
    (tmp_path / "a.zip").write_bytes(b"broken")
    assert read_labelled(faults, tmp_path / "a.zip", "label", "both") is None
    assert len(faults.errors) == 1


def test_a_manifest_without_patients_names_the_command_that_adds_them(
    make_images: MakeImages, heard: Heard
) -> None:
    path = make_images(patients=4)
    read_labelled(Faults(), path, "label", "both", progress=heard)
    assert not any("patients unknown" in line for line in heard.lines)
    pd.read_csv(path).drop(columns="patient").to_csv(path, index=False)
    read_labelled(Faults(), path, "label", "both", progress=heard)
    (said,) = [line for line in heard.lines if "patients unknown" in line]
    assert f"gliaboost manifest edit {path} --patients FILE.csv --out " in said
