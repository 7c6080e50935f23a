"""What the tests of single sections share: a run as results, and tables as plain rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gliaboost.reports.document.blocks import Table
from gliaboost.reports.protocol.results import Results, read_results


@pytest.fixture
def three(make_predictions: Callable[..., Any], make_run: Callable[..., Path]) -> Results:
    """All features, HOG alone, and all but HOG, of falling skill."""
    frames = [
        make_predictions(experiment=name, skill=skill, seed=seed)
        for seed, (name, skill) in enumerate(
            [("lightgbm+hog+lbp+glcm", 2.5), ("lightgbm+hog", 1.5), ("lightgbm+lbp+glcm", 0.6)]
        )
    ]
    return read_results(make_run(frames))


@pytest.fixture
def rows() -> Callable[[Table], list[list[str]]]:
    """Return a function that gives a table's cells as shown."""
    return lambda table: [[cell.text for cell in row] for row in table.rows]
