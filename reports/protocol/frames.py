"""The record as tables: what a notebook asks of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.statistics.measures import MetricName

if TYPE_CHECKING:
    import pandas as pd

METRICS: tuple[MetricName, ...] = get_args(MetricName)
# Nullable, as a size may be unknown and is whole where it is known.
WHOLE = "Int64"
# Column -> type; none is guessed from values, so that tables of two runs can be joined.
EXPERIMENT_COLUMNS = {
    **dict.fromkeys(["letter", "name", "title", "model", "library", "takes", "features"], "object"),
    **dict.fromkeys(["images", "folds"], "int64"),
    **dict.fromkeys(["accuracy", "accuracy_low", "accuracy_high", *METRICS[1:]], "float64"),
    **dict.fromkeys(["feature_seconds", "fit_seconds", "predict_seconds"], "float64"),
    "training_images_per_second": "float64",
    **dict.fromkeys(["model_bytes", "peak_memory"], WHOLE),
    **dict.fromkeys(["device", "control", "of", "test_on"], "object"),
}
FOLD_COLUMNS = {
    **dict.fromkeys(["name", "fold"], "object"),
    **dict.fromkeys(["train_images", "test_images"], "int64"),
    **dict.fromkeys([*METRICS, "fit_seconds", "predict_seconds"], "float64"),
}


def experiments_frame(experiments: Sequence[tuple[str, str, ExperimentRecord]]) -> pd.DataFrame:
    """Set experiments in a table, one row each.

    Parameters
    ----------
    experiments : sequence of (letter, title, record)
        In the order of the rows.

    Returns
    -------
    pandas.DataFrame
        Columns and types as `EXPERIMENT_COLUMNS`; missing where undefined.
    """
    rows: list[dict[str, Any]] = []
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
                **{str(name): e.metric(name).pooled for name in METRICS},
                "accuracy_low": low,
                "accuracy_high": high,
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
    return _typed(rows, EXPERIMENT_COLUMNS)


def folds_frame(experiments: Sequence[ExperimentRecord]) -> pd.DataFrame:
    """Set experiments in a table, one row an experiment and fold.

    Parameters
    ----------
    experiments : sequence of ExperimentRecord
        In the order of the rows.

    Returns
    -------
    pandas.DataFrame
        Columns and types as `FOLD_COLUMNS`; missing where undefined.
    """
    rows: list[dict[str, Any]] = []
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
    return _typed(rows, FOLD_COLUMNS)


def _typed(rows: Sequence[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {c: pd.Series([row.get(c) for row in rows], dtype=kind) for c, kind in columns.items()}
    )
