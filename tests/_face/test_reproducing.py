"""A saved run done again: the data checked, the settings as they were, and what moved told."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

import gliaboost
from gliaboost.errors import GliaboostError, UsageError
from gliaboost.json_file import write_json
from tests.reports.protocol.test_segmentation import cohort

MakeImages = Callable[..., Path]
QUICK: dict[str, Any] = {
    "features": "glcm,lbp",
    "models": "lightgbm,logistic",
    "folds": 2,
    "settings": {"lightgbm": {"rounds": 5, "inner_folds": 0}, "glcm": {"levels": 16}},
    "prepare": "size=64",
    "audit": False,
}


def made(make_images: MakeImages, folder: Path, **given: Any) -> Path:
    """A run, in ``run``, whose store lies beside it."""
    path = make_images(patients=12)
    named = {**QUICK, **given}
    gliaboost.benchmark(path, out=folder / "run", store=folder / "s", **named)
    return path


def edited(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads(file.read_text("utf-8"))
    change(record)
    write_json(json.dumps(record, indent=1), file)


@pytest.mark.integration
def test_a_run_done_again_is_the_same(make_images: MakeImages, tmp_path: Path) -> None:
    made(make_images, tmp_path)
    found = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "other")
    assert found.same and not found.moved and not found.causes and not found.unchecked
    assert found.again == tmp_path / "run-again"
    assert found.compared > 1000
    kept = json.loads((found.again / "reproduction.json").read_text("utf-8"))
    assert kept["same"] is True and kept["moved"] == []
    # The next one has a folder of its own, and takes nothing from the first.
    assert gliaboost.reproduce(tmp_path / "run" / "results.json", store=tmp_path / "s").again == (
        tmp_path / "run-again-2"
    )


@pytest.mark.integration
def test_a_run_of_some_folds_with_other_flags_is_done_again_alike(
    make_images: MakeImages, tmp_path: Path
) -> None:
    made(
        make_images,
        tmp_path,
        only=["1", "logistic=1"],
        folds=3,
        ablation=True,
        controls=False,
        seed=7,
        modality="both",
        models=["logistic"],
        settings={"logistic": {"C": 0.5}},
    )
    found = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s", out=tmp_path / "new")
    assert found.same and found.again == tmp_path / "new"
    a, b = (
        json.loads((f / "results.json").read_text("utf-8")) for f in (tmp_path / "run", found.again)
    )
    assert [e["name"] for e in a["experiments"]] == [e["name"] for e in b["experiments"]]
    assert len(a["experiments"]) == 3
    assert b["protocol"]["seed"] == 7 and b["experiments"][0]["counts"]["folds"] == 1


@pytest.mark.integration
def test_numbers_that_moved_are_named_with_what_may_have_moved_them(
    make_images: MakeImages, tmp_path: Path
) -> None:
    made(make_images, tmp_path, controls=False)

    def change(record: dict[str, Any]) -> None:
        record["experiments"][1]["accuracy"]["pooled"] += 0.01
        record["experiments"][0]["confusion"][0][0] += 1
        record["experiments"][0]["seconds"]["fit"] = 1e6
        record["environment"]["versions"]["lightgbm"] = "1.2.3"
        record["environment"]["python"] = "2.7"

    edited(tmp_path / "run" / "results.json", change)
    table: Any = pd.read_parquet(tmp_path / "run" / "predictions.parquet")
    column = next(c for c in map(str, table) if c.startswith("proba_"))
    table.loc[0, column] += 0.25
    table.to_parquet(tmp_path / "run" / "predictions.parquet")
    found = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")
    first, second = (
        e["name"]
        for e in json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))["experiments"]
    )
    assert [(m.experiment, m.measure) for m in found.moved] == [
        (first, "confusion[0][0]"),
        (second, "accuracy.pooled"),
        (first, f"{column} (1 of 36 rows; the farthest)"),
    ]
    moved = found.moved[1]
    assert isinstance(moved.then, float) and moved.then - 0.01 == pytest.approx(moved.now)
    assert found.causes[0].startswith("lightgbm 1.2.3 then, ")
    assert any(c.startswith("Python 2.7 then, ") for c in found.causes)
    assert len(found.to_frame()) == 3
    near = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s", within=0.02)
    assert [m.measure for m in near.moved] == ["confusion[0][0]", found.moved[2].measure]


@pytest.mark.integration
def test_data_that_are_not_the_same_are_refused_with_all_that_differs(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path = made(make_images, tmp_path, controls=False)
    table = pd.read_csv(path)
    (path.parent / table["path"][0]).unlink()
    rng = np.random.default_rng(1)
    altered = path.parent / table["path"][1]
    cv2.imwrite(str(altered), rng.integers(0, 255, (64, 64), np.uint8))
    table.drop(index=2).to_csv(path, index=False)
    with pytest.raises(UsageError) as caught:
        gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s", device="abacus", jobs=0)
    said = str(caught.value)
    for what in (
        f"pictures not in the data any more: {table['path'][2]}",
        f"pictures missing, or not to be opened: {table['path'][0]}",
        f"pictures of other bytes than then: {table['path'][1]}",
        "no device 'abacus'",
        "jobs=0",
    ):
        assert what in said
    assert not (tmp_path / "run-again").exists()


@pytest.mark.integration
def test_another_label_of_the_same_picture_is_named(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path = made(make_images, tmp_path, controls=False)
    table = pd.read_csv(path)
    labels = sorted(set(table["label"]))
    table.loc[3, "label"] = next(v for v in labels if v != table["label"][3])
    table.to_csv(path, index=False)
    with pytest.raises(UsageError, match=f"another label than then: {table['path'][3]}"):
        gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")


@pytest.mark.integration
def test_data_that_moved_are_found_where_the_call_says(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_images(patients=12)
    monkeypatch.chdir(path.parent)
    given = {**QUICK, "controls": False}
    gliaboost.benchmark(path.name, out="run", store=tmp_path / "s", **given)
    monkeypatch.chdir(tmp_path)
    assert gliaboost.reproduce(path.parent / "run", store=tmp_path / "s").same
    shutil.move(path.parent / "run", tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=f"no manifest, folder or archive {path.name}"):
        gliaboost.reproduce(tmp_path / "elsewhere", store=tmp_path / "s")
    assert gliaboost.reproduce(tmp_path / "elsewhere", path, store=tmp_path / "s").same


@pytest.mark.integration
def test_a_table_in_memory_has_to_be_given_again(make_images: MakeImages, tmp_path: Path) -> None:
    path = make_images(patients=12)
    table = pd.read_csv(path)
    table["path"] = [str(path.parent / p) for p in table["path"]]
    given = {**QUICK, "controls": False}
    results = gliaboost.benchmark(table, out=tmp_path / "run", store=tmp_path / "s", **given)
    with pytest.raises(UsageError, match="a table in memory; say where the data lie"):
        gliaboost.reproduce(results, store=tmp_path / "s")
    assert gliaboost.reproduce(results, table, store=tmp_path / "s").same


def older(run: Path) -> None:
    """Make a run one of a version that kept neither its call nor its inputs."""

    def change(record: dict[str, Any]) -> None:
        del record["call"], record["dataset"]["inputs"]

    edited(run / "results.json", change)
    (run / "inputs.parquet").unlink()


@pytest.mark.integration
def test_of_an_older_run_it_is_said_what_cannot_be_checked(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path = made(make_images, tmp_path, controls=False, command="gliaboost benchmark m.csv")
    older(tmp_path / "run")
    with pytest.raises(UsageError, match=r"older version.*\(it was: gliaboost benchmark m\.csv\)"):
        gliaboost.reproduce(tmp_path / "run", path, store=tmp_path / "s")
    asked = {**QUICK, "controls": False}
    found = gliaboost.reproduce(tmp_path / "run", path, asked=asked, store=tmp_path / "s")
    assert found.same
    assert found.unchecked == ("the bytes of masks: these results do not have them",)
    (tmp_path / "run" / "predictions.parquet").unlink()
    found = gliaboost.reproduce(tmp_path / "run", path, asked=asked, store=tmp_path / "s")
    assert found.same
    assert any(s.startswith("the bytes of pictures and masks") for s in found.unchecked)
    assert any(s.startswith("single answers") for s in found.unchecked)


@pytest.mark.integration
def test_a_place_with_something_in_it_is_refused_and_a_killed_one_goes_on(
    make_images: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gliaboost._face import reproducing

    made(make_images, tmp_path, controls=False)
    with pytest.raises(UsageError, match="has something in it; name a new folder"):
        gliaboost.reproduce(tmp_path / "run", out=tmp_path / "run", store=tmp_path / "s")

    @functools.wraps(gliaboost.benchmark)
    def killed(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(reproducing, "benchmark", killed)
        with pytest.raises(KeyboardInterrupt):
            gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")
    found = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")
    assert found.again == tmp_path / "run-again" and found.same


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(UsageError, match=r"expected its folder, its results\.json"):
        gliaboost.reproduce(tmp_path / "other.json")
    with pytest.raises(GliaboostError, match=r"no results\.json"):
        gliaboost.reproduce(tmp_path)


@pytest.mark.integration
def test_a_file_in_the_place_of_the_new_folder_is_told_with_all_else(
    make_images: MakeImages, tmp_path: Path
) -> None:
    made(make_images, tmp_path, controls=False)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        gliaboost.reproduce(tmp_path / "run", out=tmp_path / "file", within=-1)
    assert "file" in str(caught.value) and "within=-1" in str(caught.value)
    # A file beside the run takes a name, as a folder does.
    (tmp_path / "run-again").touch()
    assert gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s").again.name == "run-again-2"


@pytest.mark.integration
def test_a_test_on_another_data_set_is_done_again_with_it(
    make_images: MakeImages, tmp_path: Path
) -> None:
    rng = np.random.default_rng(99)
    for label, grain in (("coarse", 8), ("fine", 1)):
        (tmp_path / "folder" / label).mkdir(parents=True)
        for n in range(4):
            noise = rng.integers(0, 255, (64 // grain, 64 // grain), np.uint8)
            picture = noise.repeat(grain, axis=0).repeat(grain, axis=1)
            cv2.imwrite(str(tmp_path / "folder" / label / f"{n}.png"), picture)
    given = {"controls": False, "models": "lightgbm"}
    made(make_images, tmp_path, test_on=tmp_path / "folder", **given)
    found = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")
    assert found.same
    edited(tmp_path / "run" / "results.json", lambda r: r["call"].update(test_on=""))
    with pytest.raises(UsageError, match="tested on a table in memory too"):
        gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")


@pytest.mark.integration
def test_arguments_that_no_run_takes_are_told(make_images: MakeImages, tmp_path: Path) -> None:
    path = made(make_images, tmp_path, controls=False)
    older(tmp_path / "run")
    with pytest.raises(UsageError, match=r"asked: 'feature', 'seed'; expected arguments of bench"):
        gliaboost.reproduce(tmp_path / "run", path, asked={"feature": "glcm", "seed": 3})


def test_segmenters_of_one_modality_need_no_labels(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = cohort(tmp_path / "data", modality="MRI")
    table.table["label"] = None
    path = table.write(tmp_path / "data" / "m.csv")
    given: dict[str, Any] = {"models": "otsu", "prepare": "size=64", "folds": 2, "jobs": 1}
    gliaboost.segment_benchmark(path, modality="MRI", out=tmp_path / "run", **given)
    assert gliaboost.reproduce(tmp_path / "run").same


@pytest.mark.integration
def test_a_comparison_of_segmenters_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = cohort(tmp_path / "data")
    path = table.write(tmp_path / "data" / "m.csv")
    given: dict[str, Any] = {"models": "otsu", "prepare": "size=64", "folds": 2, "jobs": 1}
    gliaboost.segment_benchmark(path, out=tmp_path / "run", **given)
    found = gliaboost.reproduce(tmp_path / "run")
    assert found.same and found.compared > 50 and not found.unchecked
    slices = pd.read_parquet(tmp_path / "run" / "slices.parquet")
    slices.loc[slices["dice"].idxmax(), "dice"] = 0.0
    slices.to_parquet(tmp_path / "run" / "slices.parquet")
    found = gliaboost.reproduce(tmp_path / "run" / "segmentation.json")
    assert [m.experiment for m in found.moved] == ["otsu"]
    assert found.moved[0].measure.startswith("dice (1 of ")
    mask = next((tmp_path / "data").rglob("*mask*.png"))
    inside = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    assert inside is not None
    cv2.imwrite(str(mask), np.uint8(255) - inside)
    with pytest.raises(UsageError, match=r"masks of other bytes than then: .*mask"):
        gliaboost.reproduce(tmp_path / "run")
