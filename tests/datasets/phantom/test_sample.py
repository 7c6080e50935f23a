"""The simulated sample: same seed, same bytes; sound masks; neither trivial nor hopeless."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.phantom.sample import VERSION, make_phantom
from gliaboost.errors import UsageError
from gliaboost.progress import Silent

# The head takes seconds to build, once a process.
pytestmark = pytest.mark.xdist_group("phantom")

SMALL: dict[str, Any] = {"patients": 8, "slices": 1, "size": 64}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return make_phantom(tmp_path_factory.mktemp("phantom") / "sample", seed=3, **SMALL)


def content(manifest: Manifest) -> dict[str, bytes]:
    folder = manifest.paths[0].parents[1]
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.suffix == ".png"
    }


@pytest.mark.integration
def test_same_seed_same_bytes_whatever_the_threads(small: Manifest, tmp_path: Path) -> None:
    again = make_phantom(tmp_path / "again", seed=3, jobs=1, **SMALL)
    assert content(again) == content(small)
    other = make_phantom(tmp_path / "other", seed=4, **SMALL)
    assert content(other) != content(small)


@pytest.mark.integration
def test_every_class_patient_and_plane(small: Manifest) -> None:
    table = small.table
    assert small.faults() == []
    assert table.groupby("label")["patient"].nunique().to_dict() == {
        "glioma": 2, "meningioma": 2, "no_tumor": 2, "pituitary": 2
    }  # fmt: skip
    assert table.groupby("patient")["label"].nunique().eq(1).all()
    assert table.groupby("patient")["plane"].nunique().eq(3).all()
    assert set(table["modality"]) == {"MRI"}
    assert set(table["source"]) == {"phantom"}


@pytest.mark.integration
def test_masks_fit_their_images_and_healthy_heads_have_none(small: Manifest) -> None:
    for image, mask, label in zip(small.paths, small.masks, small.table["label"], strict=True):
        assert (mask is None) or label != "no_tumor"
        if mask is None:
            continue
        pixels, drawn = cv2.imread(str(image), -1), cv2.imread(str(mask), -1)
        assert pixels is not None and drawn is not None
        assert pixels.dtype == np.uint8 and pixels.shape == drawn.shape == (64, 64)
        assert set(np.unique(drawn)) <= {0, 255}
        assert 0 < (drawn > 0).mean() < 0.25
    assert small.table["mask"].notna().sum() >= 0.9 * (small.table["label"] != "no_tumor").sum()


def test_the_same_folder_is_reused_and_a_harmed_one_drawn_again(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    first = make_phantom(folder, patients=4, slices=1, size=32)
    stamp = first.paths[0].stat().st_mtime_ns
    assert make_phantom(folder, patients=4, slices=1, size=32).paths[0].stat().st_mtime_ns == stamp
    good = first.paths[0].read_bytes()
    first.paths[0].write_bytes(good[:-20])
    assert make_phantom(folder, patients=4, slices=1, size=32).paths[0].read_bytes() == good
    assert json.loads((folder / "phantom.json").read_text())["phantom"] == VERSION
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


@pytest.mark.integration
def test_says_that_it_is_simulated(small: Manifest) -> None:
    text = (small.paths[0].parents[1] / "README.txt").read_text()
    assert text.startswith("SIMULATED IMAGES")
    assert "Copyright (C) 1993-2004 Louis Collins" in text


def test_a_strangers_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="nothing there was touched"):
        make_phantom(tmp_path, **SMALL)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"patients": 3}, "patients = 3"), ({"slices": 0}, "slices = 0"), ({"size": 33}, "size = 33"),
     ({"size": 16}, "size = 16"), ({"seed": -1}, "seed = -1")],
)  # fmt: skip
def test_refuses_what_cannot_be_drawn(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_phantom(tmp_path / "p", **wrong)
    assert not (tmp_path / "p").exists()


def test_an_interrupted_drawing_leaves_nothing(tmp_path: Path) -> None:
    class Stop(Silent):
        def step(self, stage: str, done: int, total: int | None) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_phantom(tmp_path / "p", patients=4, slices=1, size=32, progress=Stop())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_boosters_on_classical_features_are_neither_hopeless_nor_perfect(tmp_path: Path) -> None:
    from gliaboost.datasets.audit.audit import audit
    from gliaboost.datasets.decode import decode
    from gliaboost.datasets.splits import patient_folds
    from gliaboost.features import create
    from gliaboost.models.registry import create_model

    manifest = make_phantom(tmp_path / "phantom")
    assert audit(manifest).links.empty
    images = np.stack([decode(p) for p in manifest.paths])
    columns = np.hstack([create(name).transform(images) for name in ("hog", "lbp", "glcm")])
    labels = manifest.table["label"].to_numpy(dtype=object)
    patients = np.asarray(manifest.groups, dtype=object)
    for name in ("lightgbm", "xgboost"):
        right = np.zeros(len(labels), bool)
        for fold in patient_folds(manifest, 5, seed=0):
            model = create_model(name, device="cpu", seed=0)
            model.fit(columns[fold.train], labels[fold.train], groups=patients[fold.train])
            right[fold.test] = model.predict(columns[fold.test]) == labels[fold.test]
        assert 0.80 <= right.mean() <= 0.98, name
