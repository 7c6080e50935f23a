"""Segmenters on folds: measured at the pictures' size, by patient, and gone on with when killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gliaboost.datasets.fold_names import named_folds
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.plane.inference import named_plane, plane_probabilities
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold
from gliaboost.errors import ManifestError, UsageError
from gliaboost.models.segmentation.bundle import load_segmenter
from gliaboost.models.segmentation.otsu import Otsu
from gliaboost.reports.protocol.segmentation import (
    SegmentationProtocol,
    run_segmentation,
)
from gliaboost.reports.protocol.segmentation_record import read_segmentation
from gliaboost.reports.statistics.segmentation import COLUMNS

SHAPE = (100, 80)


def picture(k: int) -> np.ndarray[Any, Any]:
    image = np.zeros(SHAPE, np.uint8)
    image[8:-8, 8:-8] = np.linspace(60, 90, SHAPE[0]).astype(np.uint8)[8:-8, None]
    if k % 3:
        image[40 + k : 60 + k, 30:50] = 220
    return image


def cohort(folder: Path, count: int = 8, **more: Any) -> Manifest:
    rows = []
    for k in range(count):
        Image.fromarray(picture(k)).save(folder / f"{k}.png")
        mask = (picture(k) > 200).astype(np.uint8) * 255
        row = {"path": f"{k}.png", "mask": None, "label": "no_tumor", "patient": f"p{k // 2}"}
        if k % 3:
            Image.fromarray(mask).save(folder / f"{k}-mask.png")
            row |= {"mask": f"{k}-mask.png", "label": "glioma" if k % 2 else "meningioma"}
        rows.append(row)
    return Manifest.of(pd.DataFrame(rows).assign(**more), folder, "cohort.csv")


def protocol(table: Manifest, **more: Any) -> SegmentationProtocol:
    half = len(table) // 2
    sides = np.arange(half), np.arange(half, len(table))
    folds = [Fold("1", *sides), Fold("2", *sides[::-1])]
    given = {"preparation": Preparation(size=128), "jobs": 1, **more}
    return SegmentationProtocol(["otsu"], folds, "two halves", **given)


class Lines:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def step(self, stage: str, done: int, total: int | None) -> None:
        pass


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[str]]]:
    """Note each fit: its rows, and its patients."""
    noted: list[tuple[int, list[str]]] = []
    fit = Otsu._fit

    def noting(self: Any, images: Any, masks: Any, labels: Any, groups: Any) -> None:
        noted.append((len(images), sorted(set(groups))))
        fit(self, images, masks, labels, groups)

    monkeypatch.setattr(Otsu, "_fit", noting)
    return noted


def test_each_slice_is_measured_once_at_its_own_size(tmp_path: Path, fits: Any) -> None:
    table = cohort(tmp_path)
    results = run_segmentation(table, protocol(table), tmp_path / "run", command="typed")
    slices = results.slices
    assert set(COLUMNS) | {"patient", "fold", "plane", "true_mask"} == set(slices)
    assert sorted(slices["path"]) == sorted(table.table["path"])
    assert slices["fold"].tolist() == ["1"] * 4 + ["2"] * 4
    assert fits == [(4, ["p0", "p1"]), (4, ["p2", "p3"])]
    assert slices.set_index("path").loc["1.png", "area_true"] == 400
    assert slices.set_index("path").loc["1.png", "true_mask"] == "1-mask.png"
    record = results.record
    assert (record.images, record.with_tumour, record.patients, record.left_out) == (8, 5, 4, 0)
    assert (record.command, record.division, record.simulated) == ("typed", "two halves", False)
    assert [(f.fold, f.train, f.test) for f in record.segmenters[0].folds] == [
        *(("1", 4, 4), ("2", 4, 4))
    ]
    assert results.dice()["otsu"] > 0.8
    assert load_segmenter(tmp_path / "run" / "models" / "otsu-fold-1.joblib").image_size == 128


def test_a_killed_run_goes_on_and_other_data_begin_anew(tmp_path: Path, fits: Any) -> None:
    table, out = cohort(tmp_path), tmp_path / "run"
    first = run_segmentation(table, protocol(table), out)
    (out / "segmentation.json").unlink()
    (out / "parts" / "otsu-fold-2.parquet").write_bytes(b"cut short")
    again = run_segmentation(table, protocol(table, jobs=2), out)
    assert len(fits) == 3
    kept = [c for c in first.slices if c != "seconds"]
    pd.testing.assert_frame_equal(first.slices[kept], again.slices[kept])
    mask = Image.open(tmp_path / "1-mask.png").transpose(Image.Transpose.ROTATE_180)
    mask.save(tmp_path / "1-mask.png")
    run_segmentation(table, protocol(table), out)
    assert len(fits) == 5  # in the training of one fold, in the test of the other
    run_segmentation(table, protocol(table, preparation=Preparation(size=64)), out)
    assert len(fits) == 7


def test_another_segmenter_and_other_patients_are_no_part_of_an_earlier_run(
    tmp_path: Path, fits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, out = cohort(tmp_path), tmp_path / "run"
    run_segmentation(table, protocol(table), out)
    table.table.loc[7, "patient"] = "p9"  # trains one fold, is tested in the other
    again = run_segmentation(table, protocol(table), out)
    assert len(fits) == 4 and "p9" in set(again.slices["patient"])
    monkeypatch.setattr(Otsu, "version", 2)
    run_segmentation(table, protocol(table), out)
    assert len(fits) == 6


@pytest.mark.integration
def test_a_network_tells_its_epochs_and_goes_on_from_the_one_it_was_ended_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    tiny = {
        "backbone": "mobilenetv3_small_050", "weights": "random", "size": 32, "width": 2,
        "epochs": 3, "head_epochs": 0, "device": "cpu", "validation_fraction": 0,
    }  # fmt: skip
    table, out = cohort(tmp_path), tmp_path / "run"
    plan = replace(protocol(table), segmenters=["unet"], parameters={"unet": tiny})

    class Ended(Lines):
        def line(self, text: str) -> None:
            super().line(text)
            if "epoch 2" in text:
                raise KeyboardInterrupt

    first, second = Ended(), Lines()
    with pytest.raises(KeyboardInterrupt):
        run_segmentation(table, plan, out, progress=first)
    assert first.lines[-1].startswith("unet, fold 1, epoch 2 of 3: loss ")
    assert [f.name for f in (out / "parts").iterdir()] == ["unet-fold-1.checkpoint"]
    run_segmentation(table, plan, out, progress=second)
    epochs = [line.split(":")[0] for line in second.lines if "epoch" in line]
    assert epochs == [
        "unet, fold 1, epoch 3 of 3",
        *(f"unet, fold 2, epoch {n} of 3" for n in (1, 2, 3)),
    ]
    assert sorted(f.suffix for f in (out / "parts").iterdir()) == [".parquet", ".parquet"]


@pytest.mark.parametrize("column", ["path", "patient"])
def test_what_is_told_of_a_slice_is_part_of_its_fold(tmp_path: Path, column: str) -> None:
    # A group that stays keeps what is whole whole: nothing but the table changes.
    table, out = cohort(tmp_path), tmp_path / "run"
    table.table["group"] = table.table["patient"]
    run_segmentation(table, protocol(table), out)
    name = {"path": "moved.png", "patient": "p9"}[column]
    if column == "path":
        (tmp_path / "7.png").rename(tmp_path / name)
    table.table.loc[7, column] = name
    again = run_segmentation(table, protocol(table), out)
    assert name in set(again.slices[column])


def test_a_tumour_without_a_mask_takes_no_part(tmp_path: Path, fits: Any) -> None:
    table = cohort(tmp_path)
    table.table.loc[1, "mask"] = None
    results = run_segmentation(table, protocol(table), tmp_path / "run")
    assert (results.record.left_out, len(results.slices)) == (1, 7)
    assert "1.png" not in set(results.slices["path"])
    assert [count for count, _ in fits] == [3, 4]


def test_a_tumour_without_a_label_is_tested_and_does_not_teach(tmp_path: Path, fits: Any) -> None:
    table, heard = cohort(tmp_path), Lines()
    table.table.loc[1, "label"] = None
    results = run_segmentation(table, protocol(table), tmp_path / "run", progress=heard)
    assert len(results.slices) == 8
    assert sorted(count for count, _ in fits) == [3, 4]
    assert sum("no label: left out of training" in line for line in heard.lines) == 1


def test_a_fold_without_a_mask_in_its_training_is_left_out(tmp_path: Path) -> None:
    table, heard = cohort(tmp_path), Lines()
    table.table.loc[:3, "mask"] = None
    results = run_segmentation(table, protocol(table), tmp_path / "run", progress=heard)
    assert results.slices["fold"].unique().tolist() == ["2"]
    assert any("fold 1: no masks on one of its sides" in line for line in heard.lines)


def test_folds_of_which_none_has_masks_on_both_sides_are_refused(tmp_path: Path) -> None:
    table = cohort(tmp_path)
    table.table.loc[4:, "mask"] = None
    table.table.loc[4:, "label"] = "glioma"
    with pytest.raises(UsageError, match="in no fold are there masks"):
        run_segmentation(table, protocol(table), tmp_path / "run")


def test_a_patient_on_both_sides_is_refused(tmp_path: Path) -> None:
    table = cohort(tmp_path, patient="one")
    with pytest.raises(ManifestError, match="on both sides"):
        run_segmentation(table, protocol(table), tmp_path / "run")


def test_masks_that_cannot_be_used_are_told_before_any_fit(tmp_path: Path, fits: Any) -> None:
    table = cohort(tmp_path)
    Image.fromarray(np.zeros((5, 5), np.uint8)).save(tmp_path / "1-mask.png")
    with pytest.raises(UsageError, match=r"1 mask of cohort\.csv cannot be used"):
        run_segmentation(table, protocol(table), tmp_path / "run")
    assert not fits and not (tmp_path / "run").exists()


def test_folds_of_a_column_are_taken(tmp_path: Path) -> None:
    table = cohort(tmp_path, fold=["1"] * 4 + ["2"] * 4)
    folds, description = named_folds(table, "fold")
    chosen = SegmentationProtocol(["otsu"], folds, description, jobs=1)
    results = run_segmentation(table, chosen, tmp_path / "run")
    assert read_segmentation(tmp_path / "run").record == results.record
    assert "'fold'" in results.record.division


def test_planes_are_taken_from_the_manifest_else_from_the_picture(tmp_path: Path) -> None:
    table = cohort(tmp_path, plane=["Axial", "cor", *[None] * 6])
    found = run_segmentation(table, protocol(table), tmp_path / "out").slices
    planes = dict(zip(found["path"], found["plane"], strict=True))
    assert planes["0.png"] == "axial" and planes["1.png"] == "coronal"
    image = Preparation(size=128)(picture(4))
    assert planes["4.png"] == named_plane(plane_probabilities(image))
