from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gliaboost
from gliaboost.errors import GliaboostError, UsageError
from tests.reports.protocol.test_segmentation import cohort

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"


def test_no_run_and_runs_without_a_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GliaboostError, match=r"no results\.json"):
        gliaboost.report(tmp_path)
    with pytest.raises(UsageError, match="2 runs make one page; name its folder"):
        gliaboost.report([tmp_path / "a", tmp_path / "b"])


def test_info_names_what_there_is() -> None:
    facts = gliaboost.info()
    assert {"xgboost", "lightgbm"} <= set(facts["models"])
    assert {"folder", "csv"} <= set(facts["sources"])


def test_a_folder_of_images_that_is_not_there_is_told_before_drawing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        gliaboost.report(FIGSHARE, tmp_path / "file", images=tmp_path / "gone")
    assert "--images" in str(caught.value) and "--out" in str(caught.value)


@pytest.mark.integration
def test_a_comparison_of_segmenters_is_drawn_again(tmp_path: Path) -> None:
    table = cohort(tmp_path)
    given: dict[str, Any] = {"models": "otsu", "prepare": "size=64", "folds": 2, "jobs": 1}
    results = gliaboost.segment_benchmark(table, out=tmp_path / "run", **given)
    first = (tmp_path / "run" / "report.md").read_text("utf-8")
    page = gliaboost.report(tmp_path / "run", tmp_path / "pages", images=tmp_path)
    assert page == tmp_path / "pages" / "report.html"
    assert page.with_name("report.md").read_text("utf-8") == first
    assert "data:image/" in page.read_text("utf-8")
    assert gliaboost.report(results).read_text("utf-8").count("Pictures are not shown") == 1
    with pytest.raises(UsageError, match="compares segmenters, whose page is drawn alone"):
        gliaboost.report([results, FIGSHARE], tmp_path / "pages")
    with pytest.raises(UsageError, match="--images"):
        gliaboost.report(results, images=tmp_path / "gone")
    (tmp_path / "run" / "segmentation.json").write_text("{")
    with pytest.raises(GliaboostError, match="cannot be read"):
        gliaboost.report(tmp_path / "run")
