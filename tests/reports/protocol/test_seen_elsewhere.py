"""Pictures that features were taught on elsewhere are found, copies too, and set apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.features.fitted import FittedExtractor
from gliaboost.features.store import FeatureStore
from gliaboost.models.familiarity.familiarity import DESCRIPTION, learn
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.document.blocks import Paragraph
from gliaboost.reports.pages.honesty import honesty
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.protocol import Protocol
from gliaboost.reports.protocol.seen_elsewhere import pictures_seen, taught_elsewhere

PREPARATION = Preparation(size=64)
QUICK = {"lightgbm": {"rounds": 5, "inner_folds": 0}}


class Taught(FittedExtractor):
    """Was taught a grey level on some pictures, which it knows."""

    name = "taught"

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        self.level_ = float(images.mean())

    def _state(self) -> dict[str, Any]:
        return {"level": self.level_}

    def _restore(self, state: Any) -> None:
        self.level_ = state["level"]

    def _extract(self, images: Any) -> Any:
        return (images.std(axis=(1, 2)) - self.level_)[:, None].astype(np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return ["taught__grey"]


@pytest.fixture
def manifest(make_images: Callable[..., Path]) -> Manifest:
    return Manifest.read(make_images(patients=10, per_patient=2, size=64))


def taught_on(paths: list[Path], keys: list[str]) -> Taught:
    images = np.stack([PREPARATION(decode(path)) for path in paths])
    own = Taught().fit(images)
    own.familiarity = learn(DESCRIPTION.transform(images), keys, np.arange(len(paths)))
    return own


def test_files_and_copies_are_told_from_strangers(manifest: Manifest, tmp_path: Path) -> None:
    copied = tmp_path / "copy.jpg"
    cv2.imwrite(str(copied), np.ascontiguousarray(decode(manifest.paths[5])[:, ::-1]))
    keys = manifest.with_keys().table["key"].tolist()
    own = taught_on([manifest.paths[0], copied], [keys[0], "f" * 64])
    assert taught_elsewhere([own, Taught()]) == [own]
    data = TrainingData(
        manifest, [own], PREPARATION, FeatureStore(tmp_path / "s"), beside=[DESCRIPTION], jobs=1
    )
    found = pictures_seen(data, [own])["taught"]
    assert [found[keys[k]] for k in (0, 5, 9)] == ["file", "copy", ""]


@pytest.mark.integration
@pytest.mark.parametrize("all_seen", [False, True])
def test_a_benchmark_sets_them_apart(manifest: Manifest, tmp_path: Path, all_seen: bool) -> None:
    keys = manifest.with_keys().table["key"].tolist()
    known = len(manifest) if all_seen else 6
    own = taught_on(manifest.paths[:known], keys[:known])
    protocol = Protocol(
        competitors(["lightgbm"], [own]), patient_folds(manifest, 5), "folds",
        preparation=PREPARATION, parameters=QUICK, jobs=1, controls=False,
    )  # fmt: skip
    results = run(manifest, protocol, FeatureStore(tmp_path / "s"), tmp_path / "out")
    (record,) = results.record.experiments
    frame, seen = results.predictions, record.seen_elsewhere
    assert seen is not None
    assert (seen.files, seen.copies, seen.others) == (known, 0, len(manifest) - known)
    marks = frame.set_index("key")["seen_elsewhere"]
    assert marks[keys[:known]].eq("file").all() and marks[keys[known:]].eq("").all()
    said = " ".join(b.text for b in honesty(results).blocks if isinstance(b, Paragraph))
    if all_seen:
        assert seen.accuracy_of_others is None and "no other is left" in said
        return
    others = frame[frame["seen_elsewhere"] == ""]
    right = float((others["label"] == others["predicted"]).mean())
    assert seen.accuracy_of_others == pytest.approx(right)
    assert "of 20 images 6 were in the training set" in said and "on the 14 others" in said


def test_a_benchmark_of_features_taught_here_has_no_marks(
    manifest: Manifest, tmp_path: Path
) -> None:
    own = Taught().fit(np.zeros((2, 64, 64), np.uint8))
    protocol = Protocol(
        competitors(["lightgbm"], [own]), patient_folds(manifest, 5), "folds",
        preparation=PREPARATION, parameters=QUICK, jobs=1, controls=False,
    )  # fmt: skip
    results = run(manifest, protocol, FeatureStore(tmp_path / "s"), tmp_path / "out")
    assert results.record.experiments[0].seen_elsewhere is None
    assert isinstance(results.predictions, pd.DataFrame)
    assert "seen_elsewhere" not in results.predictions
