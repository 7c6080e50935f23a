from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.document.blocks import Paragraph, Section, Table
from gliaboost.reports.pages.region_cost import region_cost
from gliaboost.reports.pages.render import render
from gliaboost.reports.protocol.results import REGIONS, Results, read_results


@pytest.fixture
def folder(make_predictions: Any, make_run: Any) -> Path:
    """Return a run whose columns looked at regions, the better the region the surer the answer."""
    frame = make_predictions(images=120, patients=40, experiment="lightgbm+hog+region", folds=4)
    rng = np.random.default_rng(0)
    ill = (frame["label"] != "no_tumor").to_numpy()
    dice = np.where(ill, rng.uniform(0.1, 0.9, len(frame)), 0.0)
    right = frame["label"].where((dice > 0.4) | ~ill, "no_tumor")
    frame = frame.assign(predicted=right)
    place: Path = make_run([frame])
    regions = frame[["path", "patient", "label", "fold"]].assign(
        features="region",
        area_true=np.where(ill, 50, 0),
        area_region=40,
        dice=dice,
        believed=(dice > 0.2) | ~ill,
        elsewhere=False,
    )
    regions.to_parquet(place / REGIONS)
    return place


def tables(section: Section) -> dict[str, Table]:
    return {b.name: b for b in section.blocks if isinstance(b, Table)}


def said(section: Section) -> str:
    return " ".join(b.text for b in section.blocks if isinstance(b, Paragraph))


def drawn(results: Results) -> Section:
    section = region_cost(results)
    assert section is not None
    return section


def test_accuracy_stands_by_how_good_the_region_is(
    folder: Path, rows: Callable[[Table], list[list[str]]]
) -> None:
    section = drawn(read_results(folder))
    found = rows(tables(section)["accuracy-by-region"])
    kinds = [row[2] for row in found]
    assert kinds == ["worst third", "middle third", "best third", "tumour missed", "false alarm"]
    accuracy = [float(row[5]) for row in found]
    assert accuracy[0] < 0.5 and accuracy[2] == 1 and accuracy[3] == 0
    regions = pd.read_parquet(folder / REGIONS)
    ill = regions[regions["area_true"] > 0]
    assert sum(int(row[4]) for row in found[:3]) == len(ill)
    own = rows(tables(section)["regions"])[0]
    assert own[2] == f"{ill['dice'].mean():.3f}"
    missed = int((~ill["believed"]).sum())
    assert f"{missed} of {len(ill)} slices ({100 * missed / len(ill):.1f} %) are missed" in said(
        section
    )
    assert "is right on" in said(section) and "(100.0 %) without a tumour" in said(section)
    assert "on another data set" not in said(section)
    caption = tables(section)["regions"].caption
    assert "learned from the training rows of the fold" in caption
    results = read_results(folder)
    assert results.regions is not None
    foreign = drawn(replace(results, regions=results.regions.assign(elsewhere=True)))
    assert "on another data set" in said(foreign)
    assert "training rows" not in tables(foreign)["regions"].caption


def test_it_is_on_the_page_and_on_no_page_of_a_run_without_regions(folder: Path) -> None:
    text = render(folder)["markdown"].read_text("utf-8")
    assert "What a wrong region costs" in text and "nan" not in text.lower()
    (folder / REGIONS).unlink()
    assert region_cost(read_results(folder)) is None
    assert "wrong region" not in render(folder)["markdown"].read_text("utf-8")


@pytest.mark.parametrize("part", ["healthy", "one", "ill"])
def test_little_to_measure_is_said_too(folder: Path, part: str) -> None:
    results = read_results(folder)
    assert results.regions is not None
    ill = results.regions["area_true"] > 0
    kept = {"healthy": ~ill, "one": ill & (ill.cumsum() == 1), "ill": ill}[part]
    section = drawn(replace(results, regions=results.regions[kept]))
    assert "nan" not in said(section).lower()
    assert ("Dice" in said(section)) == (part != "healthy")
    assert ("alarm" in said(section).lower()) == (part == "healthy")


def test_of_several_regions_it_is_told_which(
    folder: Path, rows: Callable[[Table], list[list[str]]]
) -> None:
    results = read_results(folder)
    (own,) = results.experiments
    both = replace(own, record=replace(own.record, features=("region", "region:otsu")))
    assert results.regions is not None
    other = results.regions.assign(features="region:otsu")
    regions = pd.concat([results.regions, other])
    section = drawn(replace(results, experiments=[both], regions=regions))
    found = rows(tables(section)["accuracy-by-region"])
    assert {row[2] for row in found} == {"region", "region:otsu"}
    assert len(rows(tables(section)["regions"])) == 2


def test_without_predictions_the_regions_alone_are_told(folder: Path) -> None:
    (folder / "predictions.parquet").unlink()
    assert set(tables(drawn(read_results(folder)))) == {"regions"}
