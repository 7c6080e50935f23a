"""Masks are compared at the pictures' own size, and can be read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gliaboost.datasets.prepare import Preparation
from gliaboost.models.segmentation.otsu import Otsu
from gliaboost.models.segmentation.training import read_masked_images
from gliaboost.reports.protocol.segmentation import run_segmentation
from gliaboost.reports.protocol.segmented_slices import found_masks, measured_slices
from gliaboost.reports.statistics.overlap import overlap
from tests.reports.protocol.test_segmentation import cohort, picture, protocol


def test_slices_are_measured_at_their_own_size_with_what_is_told_of_them(tmp_path: Path) -> None:
    table = cohort(tmp_path)
    table.table["group"] = [f"g{k // 4}" for k in range(8)]
    preparation = Preparation(size=64)
    data = read_masked_images(table, preparation, jobs=1)
    model = Otsu().fit(data.images, data.masks)
    steps: list[Any] = []

    class Heard:
        def line(self, text: str) -> None: ...

        def step(self, stage: str, done: int, total: int | None) -> None:
            steps.append((stage, done, total))

    places = np.array([1, 5])
    found = measured_slices(
        table, data, places, model, preparation,
        experiment="Otsu", fold="a", jobs=1, progress=Heard(),
    )  # fmt: skip
    assert found["path"].tolist() == ["1.png", "5.png"]
    assert found["group"].tolist() == ["g0", "g1"]
    assert set(found["fold"]) == {"a"} and set(found["experiment"]) == {"Otsu"}
    true = picture(1) > 200
    assert found["area_true"][0] == true.sum() == 400
    assert steps == [("Otsu, fold a", 1, 2), ("Otsu, fold a", 2, 2)]


def test_the_masks_of_a_run_are_those_that_were_measured(tmp_path: Path) -> None:
    table = cohort(tmp_path)
    results = run_segmentation(table, protocol(table), tmp_path / "run")
    masks = found_masks(tmp_path / "run", "otsu", ["1", "2"])
    for row in results.slices.to_dict("records"):
        true = picture(int(row["path"][0])) > 200
        found = overlap(true, masks[row["path"]])
        assert (found.dice, found.hd95, found.area_predicted) == (
            *(row["dice"], row["hd95"], row["area_predicted"]),
        )
    (tmp_path / "run" / "parts" / "otsu-fold-2.parquet").unlink()
    assert sorted(found_masks(tmp_path / "run", "otsu", ["1", "2"])) == [
        f"{k}.png" for k in range(4, 8)
    ]
