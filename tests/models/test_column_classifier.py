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
