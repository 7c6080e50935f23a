"""The commands below `segment`: what is parsed, called and shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gliaboost.models.segmentation.bundle import SegmenterBundle
from gliaboost.models.segmentation.measurements import measure
from gliaboost.models.segmentation.segmentations import Segmentations, SegmentedPicture
from gliaboost.reports.protocol.segmentation_record import SegmentationResults
from tests.reports.protocol.test_segmentation_record import record

DECISION = {"least": 0.5, "share": 0.5, "others": 0.9}


def bundle() -> SegmenterBundle:
    return SegmenterBundle(
        "otsu", b"x", "", ["tumor"], DECISION, 256, metrics={"images": 12, "with_tumour": 7}
    )


def test_train(replace: Any, ask: Any) -> None:
    calls = replace("segment_train", bundle())
    words = ["m.csv", "--model", "otsu", "--out", "s.joblib", "--modality", "CT", "--device", "cpu"]
    words += ["--set", "unet.epochs=2", "--prepare", "size=64", "--jobs", "2", "--seed", "3"]
    assert ask("segment", "train", *words, "--store", "s") == (
        0,
        "",
        "s.joblib: otsu of 12 slices, 7 with a tumour, fitted on cpu\n"
        "next: gliaboost segment predict s.joblib NEW_IMAGES --out masks\n",
    )
    ((positional, named),) = calls
    named.pop("progress")
    assert positional == (Path("m.csv"),)
    assert named == {
        "model": "otsu", "out": Path("s.joblib"), "modality": "CT", "device": "cpu",
        "settings": ["unet.epochs=2"], "prepare": "size=64", "jobs": 2, "seed": 3,
        "store": Path("s"),
    }  # fmt: skip


def test_train_as_json_and_beside_an_earlier_one(
    replace: Any, ask: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seg.joblib").touch()
    calls = replace("segment_train", bundle())
    code, out, err = ask("segment", "train", "m.csv", "--json", "--quiet")
    assert code == 0 and json.loads(out)["segmenter"] == "otsu"
    assert calls[0][1]["out"] == Path("seg-2.joblib")
    assert err == "gliaboost: seg.joblib is there from before; this goes to seg-2.joblib\n"


def test_the_group_is_helped_as_the_rest(ask: Any) -> None:
    code, out, _ = ask("segment", "--help")
    assert code == 0 and "Fit a segmenter on images with masks." in out
    out = ask("segment", "train", "--help")[1]
    panels = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert panels == [f"{p}:" for p in (
        "Arguments", "Data", "Features and models", "Where and how", "Shown"
    )]  # fmt: skip


def picture(name: str, side: int, **more: Any) -> SegmentedPicture:
    mask = np.zeros((20, 20), bool)
    mask[:side, :side] = True
    return SegmentedPicture(name, measure(mask, spacing=(0.5, 0.5)), packed=b"", **more)


def found(folder: Path) -> Segmentations:
    rows = (picture("a.png", 4), picture("b.png", 0), SegmentedPicture("c.png", error="is empty"))
    volumes = [
        {"scan": "s", "slices": 3, "volume_ml": 1.25, "volume_slices": 2},
        {"scan": "t", "slices": 3, "note": "slices lie unevenly apart: no volume"},
        {"scan": "u", "slices": 2, "error": "has no StudyInstanceUID"},
    ]
    return Segmentations(rows, bundle().summary(), volumes)


def test_predict(replace: Any, ask: Any, tmp_path: Path) -> None:
    calls = replace("segment_predict", found(tmp_path))
    words = ["s.joblib", "a.png", "b.png", "c.png", "--out", tmp_path / "m", "--spacing", "0.5"]
    words += ["--slice", "3", "--axis", "coronal", "--window", "bone", "--dicom-seg"]
    code, out, err = ask("segment", "predict", *words, "--device", "cpu", "--jobs", "2")
    assert code == 1
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "path area longest x across",
        "a.png 4.0 mm2 2.5 x 2.5 mm",
        "b.png no tumour",
        "s: 1.25 ml on 2 of 3 slices",
        "t: slices lie unevenly apart: no volume",
        f"masks, overlays and measurements.csv: {tmp_path / 'm'}",
    ]
    assert err == "gliaboost: c.png: is empty\ngliaboost: u: has no StudyInstanceUID\n"
    ((positional, named),) = calls
    named.pop("progress")
    assert positional == (Path("s.joblib"), [Path("a.png"), Path("b.png"), Path("c.png")])
    assert named == {
        "out": tmp_path / "m", "position": 3, "plane": "coronal", "window": "bone",
        "spacing": "0.5", "dicom_seg": True, "device": "cpu", "jobs": 2,
    }  # fmt: skip


def test_predict_numbers_its_folder_where_one_is_there(
    replace: Any, ask: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "masks").mkdir()
    calls = replace("segment_predict", Segmentations((picture("a.png", 4),), bundle().summary()))
    code, _, err = ask("segment", "predict", "s.joblib", "a.png", "--quiet")
    assert (code, calls[0][1]["out"]) == (0, Path("masks-2"))
    assert err == "gliaboost: masks is there from before; this goes to masks-2\n"


def compared(folder: Path) -> SegmentationResults:
    slices = pd.DataFrame(
        {
            "experiment": ["otsu"] * 3,
            "area_true": [9, 4, 0],
            "area_predicted": [9, 0, 2],
            "dice": [1.0, 0.0, 0.0],
            "seconds": [0.1] * 3,
        }
    )
    return SegmentationResults(record(), slices, folder)


def test_benchmark(replace: Any, ask: Any, tmp_path: Path) -> None:
    calls = replace("segment_benchmark", compared(tmp_path))
    words = ["m.csv", "--models", "otsu,unet", "--folds", "fold", "--only", "1,2", "--out", "r"]
    words += ["--modality", "CT", "--set", "unet.epochs=2", "--prepare", "size=64"]
    code, out, err = ask("segment", "benchmark", *words, "--seed", "3", "--jobs", "2")
    assert code == 1 and err == (
        "next: gliaboost segment train m.csv --model otsu\ngliaboost: a.png: is empty\n"
    )
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "segmenter Dice median missed false alarms fit s slices/s",
        "otsu 0.500 0.500 1 of 2 1 of 1 1.5 10.0",
        f"report: {tmp_path / 'report.html'}",
    ]
    ((positional, named),) = calls
    named.pop("progress")
    assert positional == (Path("m.csv"),) and named.pop("command").startswith("gliaboost")
    assert named == {
        "models": ["otsu,unet"], "folds": "fold", "only": ["1,2"], "out": Path("r"),
        "modality": "CT", "settings": ["unet.epochs=2"], "prepare": "size=64", "seed": 3,
        "jobs": 2, "device": "auto", "store": None,
    }  # fmt: skip


def test_benchmark_as_json(replace: Any, ask: Any, tmp_path: Path) -> None:
    replace("segment_benchmark", compared(tmp_path))
    _, out, _ = ask("segment", "benchmark", "m.csv", "--json", "--quiet")
    assert json.loads(out)["segmenters"][0]["name"] == "otsu"


def test_an_interrupted_comparison_says_that_it_goes_on(replace: Any, ask: Any) -> None:
    def interrupted(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    replace("segment_benchmark", interrupted)
    code, _, err = ask("segment", "benchmark", "m.csv", "--quiet")
    assert code == 130 and "goes on where it stopped: gliaboost segment benchmark m.csv" in err
    replace("segment_train", interrupted)
    assert "begins anew" in ask("segment", "train", "m.csv", "--out", "s", "--quiet")[2]
