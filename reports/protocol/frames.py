"""The record as tables: what a notebook asks of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from gliaboost.reports.protocol.record import ExperimentRecord
from gliaboost.reports.statistics.measures import MetricName

if TYPE_CHECKING:
    import pandas as pd

METRICS: tuple[MetricName, ...] = get_args(MetricName)
Row = dict[str, Any]


def experiments_frame(experiments: Sequence[tuple[str, str, ExperimentRecord]]) -> pd.DataFrame:
    """Set experiments in a table, one row each.

    Parameters
    ----------
    experiments : sequence of (letter, title, record)
        In the order of the rows.
    """
    import pandas as pd

    rows: list[Row] = []
    for letter, title, e in experiments:
        low, high = e.accuracy.ci95 or (None, None)
        rows.append(
            {
                "letter": letter,
                "name": e.name,
                "title": title,
                "model": e.model,
                "library": e.library,
                "takes": e.takes,
                "features": " + ".join(e.features),
                "images": e.counts.images,
                "folds": e.counts.folds,
                "accuracy": e.accuracy.pooled,
                "accuracy_low": low,
                "accuracy_high": high,
                **_pooled(e),
                "feature_seconds": e.seconds.features,
                "fit_seconds": e.seconds.fit,
                "predict_seconds": e.seconds.predict,
                "training_images_per_second": e.training_images_per_second,
                "model_bytes": e.model_bytes,
                "peak_memory": e.peak_memory,
                "device": e.device,
                "control": e.control,
                "of": e.of,
                "test_on": e.test_on,
            }
        )
    return pd.DataFrame(rows)


def _pooled(e: ExperimentRecord) -> Row:
    return {m: e.metric(m).pooled for m in METRICS if m != "accuracy"}


def folds_frame(experiments: Sequence[ExperimentRecord]) -> pd.DataFrame:
    """Set experiments in a table, one row an experiment and fold."""
    import pandas as pd

    rows: list[Row] = []
    for e in experiments:
        for fold in e.folds:
            measured = e.by_fold.get(fold.fold)
            rows.append(
                {
                    "name": e.name,
                    "fold": fold.fold,
                    "train_images": fold.train,
                    "test_images": fold.test,
                    **({} if measured is None else asdict(measured)),
                    "fit_seconds": fold.fit,
                    "predict_seconds": fold.predict,
                }
            )
    return pd.DataFrame(rows)
