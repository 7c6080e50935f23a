"""The commands below `segment`: what is parsed, called and shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gliaboost.models.segmentation.bundle import SegmenterBundle

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
