from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pandas as pd

from gliaboost.reports.statistics.evaluation import evaluate
from gliaboost.reports.statistics.measures import MetricName


def test_every_metric_is_found_by_its_name(make_predictions: Callable[..., pd.DataFrame]) -> None:
    frame = make_predictions()
    measured = evaluate(frame, sorted(frame["label"].unique()), n_boot=20)
    assert measured.metric("accuracy") == measured.accuracy
    found = [measured.metric(name) for name in get_args(MetricName)]
    assert len(found) == 7
    assert len(set(found)) == 7
