from __future__ import annotations

from pathlib import Path

import pytest

import gliaboost
from gliaboost.errors import UsageError


def test_no_run_and_runs_without_a_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no results\.json"):
        gliaboost.report(tmp_path)
    with pytest.raises(UsageError, match="2 runs make one page; name its folder"):
        gliaboost.report([tmp_path / "a", tmp_path / "b"])


def test_info_names_what_there_is() -> None:
    facts = gliaboost.info()
    assert {"xgboost", "lightgbm"} <= set(facts["models"])
    assert {"folder", "csv"} <= set(facts["sources"])
