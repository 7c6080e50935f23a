"""Regions of test rows are compared with their masks, found by what never saw the row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.features import FittedExtractor, create, register
from gliaboost.features.fitted import Outline
from gliaboost.features.registry import EXTRACTORS
from gliaboost.features.store import FeatureStore
from gliaboost.models.segmentation.region import Region
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.pages.render import render
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.protocol import Protocol
from gliaboost.reports.protocol.region_masks import (
    looks_at_regions,
    measure_regions,
    write_regions,
)
from gliaboost.reports.protocol.results import REGIONS, read_results
from gliaboost.reports.statistics.mask_cost import COLUMNS

SIZE = 32
PREPARATION = Preparation(size=SIZE)
QUICK = {"lightgbm": {"rounds": 5, "inner_folds": 0}}


class Taught(FittedExtractor):
    """Looks at all of a picture that it was taught, and else at its brightest part."""

    name = "taught"
    takes_masks = True
    asked: ClassVar[list[bytes]] = []

    def outline(self, image: Any) -> Outline:
        self.asked.append(image.tobytes())
        bright = image > 200
        known = image.tobytes().hex() in self.known_
        mask = np.ones_like(bright) if known else bright
        return Outline(mask, np.ones(1, bool), "", bool(bright.any()))

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        self.known_ = sorted(image.tobytes().hex() for image in images)

    def _state(self) -> dict[str, Any]:
        return {"known": self.known_}

    def _restore(self, state: Any) -> None:
        self.known_ = list(state["known"])

    def _extract(self, images: Any) -> Any:
        return images.mean(axis=(1, 2))[:, None].astype(np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return ["taught__mean"]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    Taught.asked.clear()
    register(Taught)
    yield
    del EXTRACTORS["taught"]


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Six patients of two slices: a bright square with its mask, or neither; one is not known."""
    rng, rows = np.random.default_rng(0), []
    (tmp_path / "data").mkdir()
    for patient in range(6):
        for z in range(2):
            image = rng.integers(40, 120, (SIZE, SIZE)).astype(np.uint8)
            mask, ill = np.zeros((SIZE, SIZE), np.uint8), patient < 4
            if ill:
                image[8:16, 8:16] = 255
                mask[8:16, 8 + 2 * z : 16 + 2 * z] = 255
            name = f"{patient}-{z}"
            cv2.imwrite(str(tmp_path / "data" / f"{name}.png"), image)
            cv2.imwrite(str(tmp_path / "data" / f"{name}m.png"), mask)
            known = f"{name}m.png" if ill and name != "3-1" else None
            label = "glioma" if ill else "no_tumor"
            row = {"path": f"{name}.png", "mask": known, "label": label, "patient": f"p{patient}"}
            rows.append(row)
    return Manifest.of(pd.DataFrame(rows), tmp_path / "data")


def data_of(manifest: Manifest, folder: Path, *extractors: Any) -> TrainingData:
    return TrainingData(manifest, extractors, PREPARATION, FeatureStore(folder / "store"), jobs=1)


def test_each_known_test_row_has_the_region_of_its_fold(manifest: Manifest, tmp_path: Path) -> None:
    data, folds = data_of(manifest, tmp_path, Taught()), patient_folds(manifest, 2)
    found = measure_regions(data, [(Taught(), folds)], tmp_path / "out")
    assert set(COLUMNS) | {"patient"} == set(found)
    own = found.set_index("path")
    assert sorted(own.index) == sorted(set(manifest.table["path"]) - {"3-1.png"})
    # Of pictures that it had seen it would look at everything.
    assert set(own["area_region"]) == {0, 64}
    assert own.loc["0-0.png", "dice"] == 1
    assert own.loc["0-1.png", "dice"] == pytest.approx(6 / 8)
    assert not own.loc["5-0.png", "believed"] and own.loc["5-0.png", "area_true"] == 0
    tested = {manifest.table["path"].iloc[r]: f.name for f in folds for r in f.test}
    assert own["fold"].to_dict() == {path: str(tested[path]) for path in own.index}
    assert set(own["features"]) == {"taught"} and not own["elsewhere"].any()


def test_what_was_measured_is_not_measured_again(manifest: Manifest, tmp_path: Path) -> None:
    folds, out = patient_folds(manifest, 2), tmp_path / "out"

    def measure(of: Manifest) -> pd.DataFrame:
        return measure_regions(data_of(of, tmp_path, Taught()), [(Taught(), folds)], out)

    first = measure(manifest)
    assert len(Taught.asked) == 11
    again = measure(manifest)
    pd.testing.assert_frame_equal(first, again)
    assert len(Taught.asked) == 11
    cv2.imwrite(str(manifest.masks[0]), np.eye(SIZE, dtype=np.uint8) * 255)
    changed = measure(manifest)
    assert changed.set_index("path").loc["0-0.png", "area_true"] == SIZE
    assert len(Taught.asked) == 22  # taught one fold, is tested in the other
    moved = manifest.table.assign(patient=manifest.table["patient"].replace("p0", "else"))
    assert "else" in set(measure(Manifest.of(moved, manifest.root))["patient"])


def test_what_was_taught_elsewhere_is_asked_as_it_is(manifest: Manifest, tmp_path: Path) -> None:
    foreign = Taught().restore({"known": []})
    data, folds = data_of(manifest, tmp_path, foreign), patient_folds(manifest, 2)
    found = measure_regions(data, [(foreign, folds)], tmp_path / "out")
    assert len(found) == 11 and found["elsewhere"].all()


def test_only_what_looks_somewhere_is_measured_and_each_label_once(
    manifest: Manifest, tmp_path: Path
) -> None:
    folds = patient_folds(manifest, 2)
    assert looks_at_regions(Taught()) and not looks_at_regions(create("lbp"))
    data = data_of(manifest, tmp_path, create("lbp"), Taught())
    asked = [(create("lbp"), folds), (Taught(), folds[:1]), (Taught(), folds)]
    assert len(measure_regions(data, asked, tmp_path / "out")) == 11
    blind = Manifest.of(manifest.table.assign(mask=None), manifest.root)
    plain = data_of(blind, tmp_path, create("lbp"))
    assert not len(measure_regions(plain, asked, tmp_path / "out"))


def test_a_table_of_no_rows_is_no_file(tmp_path: Path) -> None:
    write_regions(tmp_path, pd.DataFrame({"path": ["a.png"]}))
    assert (tmp_path / REGIONS).is_file()
    write_regions(tmp_path, pd.DataFrame({"path": []}))
    assert not (tmp_path / REGIONS).exists()


@pytest.mark.integration
def test_a_benchmark_says_what_a_wrong_region_costs(tmp_path: Path, heard: Any) -> None:
    phantom = make_phantom(tmp_path / "phantom", patients=16, slices=2, size=64)
    region = Region(segmenter="otsu", maps="classical")
    protocol = Protocol(
        competitors(["lightgbm"], [create("lbp"), region]), patient_folds(phantom, 2), "two",
        preparation=Preparation(size=64), parameters=QUICK, controls=False, jobs=1,
    )  # fmt: skip
    out, store = tmp_path / "out", FeatureStore(tmp_path / "store")
    results = run(phantom, protocol, store, out, progress=heard)
    assert results.regions is not None
    assert len(results.regions) == len(results.predictions) == len(phantom)
    ill = results.regions["area_true"] > 0
    assert ill.sum() == (phantom.table["label"] != "no_tumor").sum()
    assert any("regions cover the tumour of" in line for line in heard.lines)
    text = render(out)["markdown"].read_text("utf-8")
    assert "What a wrong region costs" in text
    assert "worst third" in text and "best third" in text
    again = run(phantom, protocol, store, out, progress=heard)
    assert again.regions is not None
    pd.testing.assert_frame_equal(again.regions, results.regions)
    # Another comparison in the same folder leaves no regions of this one behind.
    plain = replace(protocol, experiments=competitors(["lightgbm"], [create("lbp")]))
    assert run(phantom, plain, store, out).regions is None
    assert read_results(out).regions is None
