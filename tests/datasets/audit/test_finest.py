from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.audit.finest import finest
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.targets import with_target


@pytest.mark.parametrize(
    ("label", "presence", "kind", "expected"),
    [
        ("tumor", "tumor", "glioma", "glioma"),
        ("tumor", "tumor", None, "tumor"),
        ("no_tumor", "no_tumor", None, "no_tumor"),
        ("sick", "sick", "glioma", "glioma"),
        ("glioma grade 3", "tumor", "glioma", "glioma grade 3"),
        (None, None, "glioma", "glioma"),
        (None, None, None, None),
    ],
)
def test_the_type_counts_where_the_label_is_only_that_of_a_tumour(
    label: Any, presence: Any, kind: Any, expected: Any
) -> None:
    table = pd.DataFrame({"label": [label], "presence": [presence], "type": [kind]}, dtype="str")
    found = finest(table)
    assert found.name == "label"
    assert found.iloc[0] == expected or (expected is None and pd.isna(found.iloc[0]))
    if presence != "sick":
        assert finest(table.drop(columns="presence")).equals(found)


def test_a_target_that_joins_classes_hides_none() -> None:
    rows = {"path": ["a", "b", "c"], "label": ["glioma", "meningioma", "no_tumor"]}
    kinds = pd.Series(["glioma", "meningioma", None], dtype="str")
    table = pd.DataFrame(rows).assign(type=kinds)
    chosen = with_target(Manifest.of(table, "."), "presence").manifest
    assert chosen.classes == ["no_tumor", "tumor"]
    assert finest(chosen.table).tolist() == rows["label"]
    plain = table.drop(columns="type")
    assert finest(plain).tolist() == rows["label"]
