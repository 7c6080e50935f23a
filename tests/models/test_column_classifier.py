"""Rows are checked alike by every model of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import get_tags

from gliaboost.errors import UsageError
from gliaboost.models.column_classifier import ColumnClassifier
from gliaboost.models.registry import create_model

NAMES = ("lightgbm", "logistic", "stacked")


def fitted(name: str) -> tuple[ColumnClassifier, pd.DataFrame]:
    rng = np.random.default_rng(0)
    patients = np.arange(60) // 2
    table = pd.DataFrame(rng.normal(size=(60, 4)), columns=["a", "b", "c", "d"])
    table["a"] += 4 * (patients % 2)
    small: dict[str, dict[str, Any]] = {
        "lightgbm": {"rounds": 5},
        "stacked": {"head": "logistic"},
    }
    model = create_model(name, **small.get(name, {}))
    assert isinstance(model, ColumnClassifier)
    y = np.array(["glioma", "pituitary"])[patients % 2]
    return model.fit(table, y, groups=patients), table


@pytest.mark.integration
@pytest.mark.parametrize("name", NAMES)
def test_an_infinite_value_is_named_by_its_column_in_training_and_after(name: str) -> None:
    model, table = fitted(name)
    assert get_tags(model).input_tags.allow_nan
    assert model.predict_proba(table).shape == (60, 2)
    wrong = table.copy()
    wrong.loc[7, "c"] = np.inf
    with pytest.raises(UsageError, match=r"infinity.* in c \(first in row 7\)"):
        model.predict_proba(wrong)
    with pytest.raises(UsageError, match=r"infinity.* in c \(first in row 7\)"):
        model.fit(wrong, ["glioma", "pituitary"] * 30)
    with pytest.raises(UsageError, match=r"one class only \(glioma\)"):
        model.fit(table, ["glioma"] * 60)


def test_rows_like_those_of_training_are_told_from_all_others() -> None:
    model, table = fitted("lightgbm")
    rows = table.to_numpy(np.float32)
    # Fitted on a table, it misses the columns' names.
    assert not model._as_trained(rows)
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict_proba(rows)
    plain = model.fit(rows, ["glioma", "pituitary"] * 30)
    assert plain._as_trained(rows)
    for other in (rows[:, :3], rows[0], rows[:0], rows.astype(float), rows.tolist(), table):
        assert not plain._as_trained(other)
    with pytest.raises(ValueError, match="3 features, but LightGBM is expecting 4"):
        plain.predict_proba(rows[:, :3])
