from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from typing import Any, get_args

import pandas as pd
import pytest

from gliaboost.reports.statistics import measures
from gliaboost.reports.statistics.evaluation import evaluate
from gliaboost.reports.statistics.measures import MetricName


def test_every_metric_is_found_by_its_name(make_predictions: Callable[..., pd.DataFrame]) -> None:
    frame = make_predictions()
    measured = evaluate(frame, sorted(frame["label"].unique()), n_boot=20)
    assert measured.metric("accuracy") == measured.accuracy
    found = [measured.metric(name) for name in get_args(MetricName)]
    assert len(found) == 7
    assert len(set(found)) == 7


ALIKE = [
    measures.ClassMeasures,
    measures.FoldMeasures,
    measures.Measures,
    measures.PatientMeasures,
    measures.Counts,
    measures.Bootstrap,
    measures.Evaluation,
]


@pytest.mark.parametrize("kind", ALIKE)
def test_numbers_that_look_alike_are_given_by_name(kind: type[Any]) -> None:
    names = [f.name for f in fields(kind)]
    kind(**dict.fromkeys(names))
    with pytest.raises(TypeError, match="positional"):
        kind(None, **dict.fromkeys(names[1:]))


@pytest.mark.parametrize("kind", [measures.ClassMetric, measures.Metric, *ALIKE])
def test_what_was_measured_stays(kind: type[Any]) -> None:
    names = [f.name for f in fields(kind)]
    with pytest.raises(FrozenInstanceError):
        setattr(kind(**dict.fromkeys(names)), names[0], 1)
