from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from gliaboost.reports.protocol.frames import experiments_frame, folds_frame


def test_a_row_an_experiment(real_run: Any) -> None:
    results = real_run.results
    frame = results.experiments_frame()
    assert list(frame["name"]) == [
        e.name for e in (*results.experiments, *results.controls, *results.transfers)
    ]
    assert frame["letter"].tolist()[:2] == ["A", "B"]
    row = frame.set_index("name").loc["lightgbm+lbp+glcm"]
    (record,) = [e for e in results.record.experiments if e.name == "lightgbm+lbp+glcm"]
    table = results.predictions
    own = table[table["experiment"] == "lightgbm+lbp+glcm"]
    assert row["accuracy"] == pytest.approx((own["label"] == own["predicted"]).mean())
    assert (row["accuracy_low"], row["accuracy_high"]) == record.accuracy.ci95
    assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]
    assert row["balanced_accuracy"] == record.balanced_accuracy.pooled
    assert row["fit_seconds"] == record.seconds.fit
    assert row["feature_seconds"] == record.seconds.features
    assert row["features"] == "lbp + glcm"
    assert (row["images"], row["folds"]) == (24, 2)
    assert set(frame["control"].dropna()) == {"shuffled labels", "image folds"}
    assert set(frame["test_on"].dropna()) == {"there"}


def test_a_row_an_experiment_and_fold(real_run: Any) -> None:
    results = real_run.results
    frame = results.folds_frame()
    own = frame[frame["name"] == "lightgbm+lbp+glcm"].set_index("fold")
    assert list(own.index) == ["1", "2"]
    assert own["test_images"].sum() == 24
    table = results.predictions
    for fold, part in table[table["experiment"] == "lightgbm+lbp+glcm"].groupby("fold"):
        right = (part["label"] == part["predicted"]).mean()
        assert own.loc[fold, "accuracy"] == pytest.approx(right)
        assert own.loc[fold, "test_images"] == len(part)


def test_types_are_the_same_whatever_is_known(real_run: Any) -> None:
    """So that runs can be joined: a column of one run may be all unknown."""
    results = real_run.results
    pd.testing.assert_series_equal(experiments_frame([]).dtypes, results.experiments_frame().dtypes)
    pd.testing.assert_series_equal(folds_frame([]).dtypes, results.folds_frame().dtypes)
    frame = results.experiments_frame()
    assert frame["model_bytes"].dtype == "Int64"
    assert frame.loc[frame["control"].notna(), "model_bytes"].isna().all()
    assert frame["training_images_per_second"].dtype == "float64"
    assert list(frame.columns[-3:]) == ["control", "of", "test_on"]
