from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from gliaboost.reports.pages.explaining import SIDE, explain_mistakes
from gliaboost.reports.pages.mistakes import explanation_path, surest
from gliaboost.reports.protocol.results import PREDICTIONS, read_results


def test_a_run_without_bundles_or_images_draws_nothing(
    make_predictions: Any, make_run: Any, tmp_path: Path
) -> None:
    folder = make_run([make_predictions()])
    assert explain_mistakes(folder, tmp_path) == []
    assert not (folder / "explanations").exists()
    (folder / "predictions.parquet").unlink()
    assert explain_mistakes(folder, tmp_path) == []


@pytest.mark.integration
def test_every_model_explains_the_bests_surest_mistakes(real_run: Any, tmp_path: Path) -> None:
    root = real_run.manifest.paths[0].parent
    folder = shutil.copytree(real_run.folder, tmp_path / "run")
    # A small run may be right throughout: two answers of every experiment are turned.
    table = pd.read_parquet(folder / PREDICTIONS)
    first = table.groupby("experiment").head(2).index
    kinds = sorted(table["label"].unique())
    table.loc[first, "predicted"] = [
        kinds[1] if label == kinds[0] else kinds[0] for label in table.loc[first, "label"]
    ]
    table.to_parquet(folder / PREDICTIONS, index=False)
    results = read_results(folder, root)
    leading = results.leading()
    rows = surest(leading[0][1], results.classes)
    assert len(leading) > 1
    assert len(rows) >= 2
    drawn = explain_mistakes(folder, root)
    assert set(drawn) == {
        explanation_path(folder, e.name, str(key)) for _, e in leading for key in rows["key"]
    }
    with Image.open(drawn[0]) as picture:
        assert picture.size == (SIDE, SIDE)
