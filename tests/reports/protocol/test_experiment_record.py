from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.protocol.results import read_results

RUN = Path(__file__).parents[3] / "benchmarks" / "results" / "figshare"


def test_what_it_was_stands_before_what_was_measured_and_what_that_cost() -> None:
    """A reader of the file sees the name first."""
    names = [f.name for f in fields(ExperimentRecord)]
    assert names[0] == "name"
    assert names.index("device") < names.index("accuracy") < names.index("seconds")


@pytest.mark.parametrize(
    ("changes", "competes"),
    [({}, True), ({"control": "image folds"}, False), ({"test_on": "kyoto"}, False)],
)
def test_controls_and_tests_elsewhere_do_not_compete(
    changes: dict[str, Any], competes: bool
) -> None:
    record = replace(read_results(RUN).experiments[0].record, **changes)
    assert record.competes is competes
