from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gliaboost
from gliaboost.errors import UsageError

FEW = {"lightgbm": {"rounds": 5, "inner_folds": 0}}


@pytest.mark.integration
def test_a_bundle_or_its_file_on_any_form_of_data(make_images: Any, tmp_path: Path) -> None:
    path, file = make_images(patients=6), tmp_path / "m.joblib"
    bundle = gliaboost.train(path, features="glcm", settings=FEW, store=tmp_path, out=file)
    first = gliaboost.evaluate(bundle, path)
    for given in (file, str(file)):
        for data in (path.parent, gliaboost.Manifest.read(path)):
            assert gliaboost.evaluate(given, data).evaluation == first.evaluation


def test_predictions_are_written_where_asked(make_images: Any, tmp_path: Path) -> None:
    path = make_images(patients=6)
    bundle = gliaboost.train(path, features="glcm", settings=FEW, store=tmp_path)
    found = gliaboost.evaluate(bundle, path, out=tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "p.parquet"), found.to_frame(), check_dtype=False
    )
    with pytest.raises(UsageError, match=r"\.parquet or \.csv"):
        gliaboost.evaluate(bundle, tmp_path / "absent", out=tmp_path / "p.txt")
