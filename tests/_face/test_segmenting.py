"""Segmenters from Python: trained on masks, saved, asked."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gliaboost
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import ManifestError, UnreadableWarning, UsageError

HEAD = np.zeros((96, 80), np.uint8)
HEAD[8:88, 8:72] = 60
HEAD[40:52, 30:48] = 220


def masked(folder: Path, count: int = 3, **more: Any) -> Manifest:
    rows = []
    for k in range(count):
        image = np.roll(HEAD, 2 * k, axis=0)
        Image.fromarray(image).save(folder / f"{k}.png")
        Image.fromarray(((image > 200) * 255).astype(np.uint8)).save(folder / f"{k}-mask.png")
        rows.append({"path": f"{k}.png", "mask": f"{k}-mask.png"})
    return Manifest.of(pd.DataFrame(rows).assign(**more), folder, "m.csv")


def test_a_segmenter_is_trained_and_saved(tmp_path: Path) -> None:
    table = masked(tmp_path, modality=["MRI", "MRI", "CT"])
    out = tmp_path / "seg.joblib"
    bundle = gliaboost.segment_train(table, model="Otsu", modality="mri", out=out)
    assert gliaboost.load_segmenter(out) == bundle
    assert (bundle.metrics["images"], bundle.modality) == (2, "MRI")


def test_all_that_is_wrong_with_a_call_is_told_before_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        gliaboost.segment_train(tmp_path / "no.csv", model="otsu,unet", jobs=0, out=tmp_path)
    said = str(caught.value)
    for fault in ("one segmenter is expected", "jobs=0", "is a folder", "no.csv"):
        assert fault in said, fault


def test_faults_of_the_manifest_are_told(tmp_path: Path) -> None:
    table = masked(tmp_path)
    (tmp_path / "1-mask.png").unlink()
    with pytest.raises(ManifestError, match="masks that are not there"):
        gliaboost.segment_train(table, model="otsu")


def test_unreadable_pictures_are_warned_of(tmp_path: Path) -> None:
    table = masked(tmp_path)
    (tmp_path / "1.png").write_bytes(b"no picture")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gliaboost.segment_train(table, model="otsu")
    (warning,) = [w.message for w in caught if isinstance(w.message, UnreadableWarning)]
    assert [Path(p).name for p in warning.failed] == ["1.png"]
