from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.reports.protocol.search import FitOptions, search_in_fold

Rows = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]


@pytest.fixture
def rows() -> Rows:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 4)
    labels = np.array(["fine", "coarse"])[groups % 2]
    columns = rng.normal(size=(48, 5)) + (groups % 2)[:, None]
    return columns.astype(np.float32), labels, groups


def test_a_search_keeps_what_was_given_and_notes_what_it_chose(
    rows: Rows, tmp_path: Path, heard: Any
) -> None:
    options = FitOptions({"device": "cpu", "jobs": 1, "seed": 0}, {"rounds": 5}, 2)
    parameters, search = search_in_fold(
        "lightgbm", *rows, options, tmp_path / "study", heard, "lightgbm, fold 2", "2"
    )
    assert search is not None
    assert parameters["rounds"] == 5
    assert "rounds" not in search.parameters
    assert {**search.parameters, "rounds": 5}.items() <= parameters.items()
    assert (search.fold, len(search.trials)) == ("2", 2)
    finished = [t.score for t in search.trials if t.score is not None]
    assert search.score == min(finished)
    assert search.seconds > 0
    assert all(line.startswith("lightgbm, fold 2, ") for line in heard.lines)
    assert len(heard.lines) == 2


def test_without_trials_nothing_is_searched(rows: Rows, tmp_path: Path, heard: Any) -> None:
    options = FitOptions({}, {"rounds": 5}, 0)
    found = search_in_fold("lightgbm", *rows, options, tmp_path / "study", heard, "x", "1")
    assert found == ({"rounds": 5}, None)
    assert heard.lines == []
    assert not list(tmp_path.iterdir())
