from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("figshare.csv", "figshare"),
        ("data/figshare.parquet", "figshare"),
        ("data/br35h/manifest.csv", "br35h"),
        ("data/br35h/manifest.parquet", "br35h"),
        ("manifest.csv", "manifest"),
        ("data/my.images", "my.images"),
        ("data/v1.2", "v1.2"),
        ("some folder", "some folder"),
    ],
)
def test_a_data_set_is_called_as_its_file_or_folder(name: str, want: str) -> None:
    rows = pd.DataFrame({"path": ["a.png"]})
    assert named(Manifest.of(rows, Path(), name)) == want
