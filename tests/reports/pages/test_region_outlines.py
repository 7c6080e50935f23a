from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import BundleError
from gliaboost.features import FittedExtractor, create
from gliaboost.features.fitted import Outline
from gliaboost.models import bundle
from gliaboost.reports.pages.region_outlines import SIDE, draw_outlines

SIZE = 64


class Bright(FittedExtractor):
    """Looks at what is bright."""

    name = "bright"

    def outline(self, image: Any) -> Outline:
        return Outline(image > 128, np.ones(1, bool), "What is bright.")

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None: ...

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Any) -> None: ...

    def _extract(self, images: Any) -> Any:
        return images.mean(axis=(1, 2))[:, None]

    def _names(self, height: int, width: int) -> list[str]:
        return ["bright__mean"]


@pytest.fixture
def run(make_predictions: Any, make_run: Any) -> Path:
    """Return a run of two folds."""
    folder: Path = make_run([make_predictions(images=24, patients=12, folds=2)])
    return folder


@pytest.fixture
def manifest(run: Path, tmp_path: Path) -> Manifest:
    """Bright squares, the further to the right of the true one the later the slice."""
    table = pd.read_parquet(run / "predictions.parquet")
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    masks: list[Any] = []
    for n, (path, label) in enumerate(zip(table["path"], table["label"], strict=True)):
        image, true = np.zeros((2, SIZE, SIZE), np.uint8)
        image[4:60, 4:60] = 60
        image[20:40, 10 + n : 30 + n] = 200
        cv2.imwrite(str(tmp_path / path), image)
        masks.append(None if label == "no_tumor" else f"masks/{n}.png")
        true[20:40, 10:30] = 255
        if masks[-1] is not None:
            cv2.imwrite(str(tmp_path / masks[-1]), true)
    return Manifest.of(table[["path", "label", "patient"]].assign(mask=masks), tmp_path)


def opens(monkeypatch: pytest.MonkeyPatch, *extractors: Any) -> list[str]:
    """Let every bundle hold these extractors; return the names of those that are opened."""
    opened: list[str] = []

    def load(path: Path) -> Any:
        opened.append(path.name)
        return SimpleNamespace(
            preparation_=Preparation(size=SIZE), extractors=lambda: list(extractors)
        )

    monkeypatch.setattr(bundle, "load", load)
    return opened


def test_best_median_and_worst_of_a_folds_test_slices_are_drawn(
    run: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = opens(monkeypatch, create("lbp"), Bright())
    drawn = draw_outlines(run, manifest)
    tested = pd.read_parquet(run / "predictions.parquet")
    ill = tested[(tested["fold"] == "1") & (tested["label"] != "no_tumor")]
    assert opened == ["lightgbm+hog+lbp+glcm-fold-1.joblib"]
    assert [d.kind for d in drawn] == ["best", "median", "worst"]
    assert drawn[0].image == ill["path"].iloc[0]
    assert drawn[-1].image in set(ill["path"][ill.index >= 20])
    assert drawn[0].dice > drawn[1].dice > drawn[2].dice == 0
    for one in drawn:
        assert one.path == run / f"outline-{one.kind}.png"
        assert one.label == ill.set_index("path")["label"][one.image]
        assert one.image in set(ill["path"])
    with Image.open(drawn[-1].path) as picture:
        pixels = np.asarray(picture).reshape(-1, 3).astype(int)
        assert picture.size == (SIDE, SIDE)
    # All else is grey; 80 pixels of the slice are each outline's length.
    bluer = pixels[:, 2] - pixels[:, 0]
    assert (bluer > 60).sum() > SIDE / 2 and (bluer < -60).sum() > SIDE / 2


def test_nothing_is_drawn_where_nothing_is_looked_at(
    run: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens(monkeypatch, create("lbp"))
    assert draw_outlines(run, manifest) == []
    opens(monkeypatch, Bright())
    blind = Manifest.of(manifest.table.assign(mask=None), manifest.root)
    assert draw_outlines(run, blind) == []
    assert not list(run.glob("outline-*"))


def test_bundles_that_are_gone_are_passed_over(
    run: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: Path) -> Any:
        raise BundleError(f"{path} is gone")

    monkeypatch.setattr(bundle, "load", gone)
    assert draw_outlines(run, manifest) == []
