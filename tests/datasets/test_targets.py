from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.targets import TARGETS, of_modality, with_target
from gliaboost.errors import UsageError


def cohort() -> Manifest:
    rows = [
        ("ct1", "tumor", "tumor", None, "CT"),
        ("ct2", "no_tumor", "no_tumor", None, "CT"),
        ("mri1", "tumor", "tumor", "glioma", "MRI"),
        ("mri2", "tumor", "tumor", "pituitary", "MRI"),
        ("mri3", "no_tumor", "no_tumor", None, "MRI"),
        ("odd", None, None, None, None),
    ]
    names = ["path", "label", "presence", "type", "modality"]
    table = pd.DataFrame(rows, columns=names).assign(patient=list("ppqrst"), group=list("ggggxy"))
    return Manifest.of(table, Path("/data"), "cohort")


@pytest.mark.parametrize(
    ("target", "modality", "paths", "without", "other"),
    [
        ("label", "both", ["ct1", "ct2", "mri1", "mri2", "mri3"], 1, 0),
        ("presence", "CT", ["ct1", "ct2"], 0, 4),
        ("presence", "MRI", ["mri1", "mri2", "mri3"], 0, 3),
        ("type", "both", ["mri1", "mri2"], 4, 0),
        ("type", "MRI", ["mri1", "mri2"], 1, 3),
    ],
)
def test_rows_with_the_target_are_kept_and_the_rest_counted(
    target: str, modality: str, paths: list[str], without: int, other: int
) -> None:
    whole = cohort()
    chosen = with_target(whole, target, modality)
    table = chosen.manifest.table
    assert table["path"].tolist() == paths
    assert (table["label"] == table[target]).all()
    assert (chosen.without_target, chosen.other_modality) == (without, other)
    assert len(whole) == len(table) + without + other
    assert table["group"].tolist() == [
        g for p, g in zip(whole.table["path"], whole.table["group"], strict=True) if p in paths
    ]
    assert whole.table["label"].tolist()[2] == "tumor"
    assert (f"{without} rows without {target!r}" in chosen.describe()) == bool(without)
    assert (f"{other} rows that are not {modality}" in chosen.describe()) == bool(other)


def test_nothing_left_out_says_nothing() -> None:
    table = pd.DataFrame({"path": ["a", "b"], "label": ["x", "y"]})
    assert with_target(Manifest.of(table, Path())).describe() == ""


@pytest.mark.parametrize(
    ("target", "modality", "message"),
    [
        ("grade", "both", r"no target 'grade'; targets are label, presence, type; the manifest has "
                          r"label \(no_tumor, tumor\) in 5 of 6 rows, presence \(no_tumor, tumor\) "
                          r"in 5 of 6 rows, type \(glioma, pituitary\) in 2 of 6 rows"),
        ("label", "PET", "no modality 'PET'; expected one of MRI, CT, both"),
        ("type", "CT", r"cohort has no 'type' in any row of CT; .*, type \(glioma, pituitary\)"),
    ],
)  # fmt: skip
def test_what_there_is_not(target: str, modality: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        with_target(cohort(), target, modality)


def test_manifests_without_the_columns() -> None:
    bare = Manifest.of(pd.DataFrame({"path": ["a", "b"], "label": ["x", "y"]}), Path(), "bare")
    with pytest.raises(
        UsageError, match=r"no 'presence' in any row; .* label \(x, y\) in 2 of 2 rows$"
    ):
        with_target(bare, "presence")
    with pytest.raises(UsageError, match="bare has no CT rows; its modalities: unknown 2"):
        with_target(bare, "label", "CT")
    empty = Manifest.of(pd.DataFrame({"path": ["a"]}), Path())
    with pytest.raises(UsageError, match="the manifest has none of them"):
        with_target(empty)


def test_many_classes_are_cut_short() -> None:
    table = pd.DataFrame({"path": list("abcdefgh"), "label": list("abcdefgh")})
    with pytest.raises(UsageError, match=r"label \(a, b, c, d, e, f and 2 more\) in 8 of 8 rows"):
        with_target(Manifest.of(table, Path()), "type")


def test_presence_comes_from_the_label_where_it_is_missing() -> None:
    rows = {
        "path": list("abcdef"),
        "label": ["Glioma_Tumor", "no tumor", "yes", "abscess", None, "glioma"],
    }
    bare = Manifest.of(pd.DataFrame(rows), Path())
    chosen = with_target(bare, "presence")
    assert chosen.manifest.table["path"].tolist() == ["a", "b", "c", "f"]
    assert chosen.manifest.table["label"].tolist() == ["tumor", "no_tumor", "tumor", "tumor"]
    assert chosen.describe() == "left out: 2 rows without 'presence'"
    assert "presence" not in bare.table
    # What the manifest says of a row is never overruled by its label.
    given = pd.DataFrame(rows | {"presence": ["no_tumor", None, None, "tumor", None, None]})
    chosen = with_target(Manifest.of(given, Path()), "presence")
    assert chosen.manifest.table["label"].tolist() == [
        "no_tumor", "no_tumor", "tumor", "tumor", "tumor",
    ]  # fmt: skip


values = st.sampled_from(["a", "b", None])


@pytest.mark.integration
@given(
    rows=st.lists(st.tuples(values, values, st.sampled_from(["MRI", "CT", None])), min_size=1),
    target=st.sampled_from(TARGETS[:2]),
)
def test_the_modalities_apart_are_both_together(
    rows: list[tuple[str | None, str | None, str | None]], target: str
) -> None:
    table = pd.DataFrame(rows, columns=["label", "presence", "modality"], dtype=object)
    manifest = Manifest.of(table.assign(path=[str(i) for i in range(len(rows))]), Path())

    def paths(modality: str) -> set[str]:
        try:
            return set(with_target(manifest, target, modality).manifest.table["path"])
        except UsageError:
            return set()

    unknown = set(manifest.table.loc[manifest.table["modality"].isna(), "path"])
    assert paths("MRI") | paths("CT") == paths("both") - unknown
    assert not paths("MRI") & paths("CT")


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([1, 0], dtype="int64"),
        pd.Series([1, 0], dtype="Int8"),
        pd.Series([1.0, 0.0]),
        pd.Series([True, False]),
        pd.Series([True, False], dtype="boolean"),
        pd.Series([1, 0], dtype="category"),
        pd.Series(["1", "0"]),
        pd.Series(["Yes", "no"], dtype="category"),
    ],
)
def test_presence_of_any_type_goes_before_the_label(cells: pd.Series[Any]) -> None:
    table = pd.DataFrame({"path": ["a", "b"], "label": ["healthy", "glioma"], "presence": cells})
    chosen = with_target(Manifest.of(table, "."), "presence").manifest
    assert chosen.table["label"].tolist() == ["tumor", "no_tumor"]


def test_a_modality_keeps_rows_without_a_label() -> None:
    rows = pd.DataFrame(
        {"path": ["a", "b", "c"], "label": [None, "x", None], "modality": ["CT", "CT", None]}
    )
    table = Manifest.of(rows, ".")
    assert of_modality(table, "ct").paths == table.paths[:2]
    assert of_modality(table, "Both") is table
    with pytest.raises(UsageError, match="has no MRI rows; its modalities: CT 2, unknown 1"):
        of_modality(table, "MRI")
