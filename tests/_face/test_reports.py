from __future__ import annotations

from pathlib import Path

import pytest

import gliaboost
from gliaboost.errors import GliaboostError, UsageError

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
