from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.audit.cleaning import carry_over, drop, write_groups
from gliaboost.datasets.audit.duplicates import LINK_COLUMNS
from gliaboost.datasets.audit.report import AuditReport, FileFault
from gliaboost.datasets.components import connected
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError


def reported(
    table: dict[str, list[object]],
    pairs: list[tuple[int, int]],
    families: dict[str, list[str]] | None = None,
    faults: list[FileFault] | None = None,
) -> tuple[Manifest, AuditReport]:
    manifest = Manifest.of(pd.DataFrame(table), Path("/data"), "test")
    links = pd.DataFrame(pairs, columns=["a", "b"], dtype=np.int64).assign(kind="near")
    n = len(manifest)
    widths = [100 + 10 * i for i in range(n)]
    together = connected(links["a"], links["b"], n)
    described = manifest.table.assign(width=widths, height=100, cluster=together)
    return manifest, AuditReport("test", described, faults or [], links, [], families or {}, [], [])


def test_groups_join_patients_and_pictures() -> None:
    manifest, report = reported(
        {
            "path": ["a", "b", "c", "d", "e", "f", "g"],
            "patient": ["p", "q", None, "p", None, None, "r"],
        },
        [(1, 2), (2, 3), (4, 5)],
    )
    grouped = write_groups(manifest, report)
    assert grouped.table["group"].tolist() == ["p", "p", "p", "p", "picture e", "picture e", "r"]
    assert grouped.groups == grouped.table["group"].tolist()
    assert "group" not in manifest.table


def test_groups_may_join_families() -> None:
    manifest, report = reported(
        {"path": ["a", "b", "c"], "patient": ["p1A", "p1B", "p2"]}, [], {"p1": ["p1A", "p1B"]}
    )
    assert write_groups(manifest, report).table["group"].tolist() == ["p1A", "p1B", "p2"]
    joined = write_groups(manifest, report, families=True)
    assert joined.table["group"].tolist() == ["p1A", "p1A", "p2"]


def beside(*pairs: tuple[int, int]) -> pd.DataFrame:
    rest = ("neighbour", 0.97, 0.8, "same", "alignment", (1, 0, 0, 0, 1, 0))
    return pd.DataFrame([(*pair, *rest) for pair in pairs], columns=list(LINK_COLUMNS))


def test_neighbours_stay_together_where_a_patient_is_unknown() -> None:
    manifest, plain = reported(
        {"path": list("abcdef"), "patient": [None, None, "p", "q", "r", None]}, [(4, 5)]
    )
    report = replace(plain, neighbours=beside((0, 1), (2, 3), (3, 5)))
    # c and d are two patients, whatever their pictures are like; f, unknown, is beside d.
    assert write_groups(manifest, report).table["group"].tolist() == [
        "picture a", "picture a", "p", "q", "q", "q",
    ]  # fmt: skip
    assert write_groups(manifest, plain).table["group"].tolist()[:2] == ["picture a", "picture b"]


def test_neighbours_are_no_duplicates_to_drop() -> None:
    table: dict[str, list[object]] = {"path": list("abcd"), "label": ["x", "y", "x", "x"]}
    manifest, plain = reported(table, [(2, 3)])
    report = replace(plain, neighbours=beside((0, 1), (1, 2)))
    assert drop(manifest, report).table["path"].tolist() == ["a", "b", "d"]
    assert report.contradictions == []


def test_drop_keeps_one_of_each_picture() -> None:
    manifest, report = reported(
        {
            "path": ["a", "b", "c", "d", "e", "f"],
            "label": ["x"] * 6,
            "split": ["train", "test", "train", None, None, "train"],
            "patient": [None, None, None, "p", None, None],
        },
        [(0, 1), (1, 2), (3, 4)],
    )
    # Of a, b, c the one in test; of d, e the one that names its patient, though smaller.
    assert drop(manifest, report).table["path"].tolist() == ["b", "d", "f"]


def test_drop_keeps_the_largest_of_equals() -> None:
    manifest, report = reported({"path": ["a", "b", "c"]}, [(0, 1), (1, 2)])
    assert drop(manifest, report).table["path"].tolist() == ["c"]


@pytest.mark.parametrize(
    ("worse", "better"), [("val", "test"), ("train", "val"), (None, "train"), ("train", "test")]
)
def test_drop_keeps_the_row_of_the_side_that_is_scarcest(worse: str | None, better: str) -> None:
    # The worse one is the first, the larger, and names its patient.
    for order in ([worse, better], [better, worse]):
        table: dict[str, list[object]] = {
            "path": ["a", "b"],
            "split": [*order],
            "patient": ["p" if side is worse else None for side in order],
        }
        manifest, report = reported(table, [(0, 1)])
        kept = drop(manifest, report).table
        assert kept["split"].tolist() == [better]
        assert kept.columns.tolist() == manifest.table.columns.tolist()


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ([(200, 10), (50, 50)], "b"),
        ([(10, 200), (50, 50)], "b"),
        ([(50, 50), (200, 10)], "a"),
        ([(101, 10), (10, 101)], "a"),
        ([(10, 101), (101, 10)], "a"),
    ],
)
def test_the_largest_has_the_most_pixels(sizes: list[tuple[int, int]], kept: str) -> None:
    manifest, report = reported({"path": ["a", "b"]}, [(0, 1)])
    report.table[["width", "height"]] = sizes
    assert drop(manifest, report).table["path"].tolist() == [kept]


def test_drop_leaves_out_contradictions_whole() -> None:
    table: dict[str, list[object]] = {"path": list("abcd"), "label": ["x", "y", "x", "x"]}
    manifest, report = reported(table, [(0, 1), (2, 3)])
    assert drop(manifest, report, ["conflicts"]).table["path"].tolist() == ["c", "d"]
    assert drop(manifest, report, ["duplicates"]).table["path"].tolist() == ["b", "d"]
    assert drop(manifest, report).table["path"].tolist() == ["d"]


def test_drop_broken_files() -> None:
    manifest, report = reported(
        {"path": list("abc")},
        [],
        faults=[FileFault(0, "a", "unreadable", "empty"), FileFault(2, "c", "blank", "black")],
    )
    assert drop(manifest, report, ["unreadable"]).table["path"].tolist() == ["b", "c"]
    assert drop(manifest, report, ["unreadable", "blank"]).table["path"].tolist() == ["b"]
    assert len(drop(manifest, report)) == 3


def test_wrong_calls() -> None:
    manifest, report = reported({"path": list("abc")}, [])
    other, _ = reported({"path": list("abd")}, [])
    with pytest.raises(UsageError, match="can be dropped: duplicates"):
        drop(manifest, report, ["all"])
    for one, of_another in ((other, report), (manifest, reported({"path": list("abd")}, [])[1])):
        with pytest.raises(UsageError, match="other rows"):
            drop(one, of_another)
    with pytest.raises(UsageError, match="no other manifest"):
        carry_over(manifest, other, report)


def test_carry_over() -> None:
    manifest, report = reported({"path": list("abcd"), "patient": [None, "own", None, None]}, [])
    against = Manifest.of(
        pd.DataFrame(
            {
                "path": list("uvwxy"),
                "patient": ["p", "q", "r", "s", "r"],
                "mask": ["u.png", "v.png", "w.png", None, "y.png"],
            }
        ),
        Path("/other"),
        "other",
    )
    matches = pd.DataFrame(
        {
            "a": [0, 1, 2, 2, 3, 3],
            "b": [0, 1, 2, 4, 2, 3],
            "mask_fits": [True, True, True, False, False, False],
        }
    )
    report = AuditReport(
        "test", report.table, [], report.links, [], {}, [], [], against="other", matches=matches
    )
    filled = carry_over(manifest, against, report)
    # d matches pictures of two patients: it stays empty; b has its own.
    assert filled.table["patient"].fillna("-").tolist() == ["p", "own", "r", "-"]
    assert [m and m.name for m in filled.masks] == ["u.png", "v.png", "w.png", None]
    assert filled.masks[0] == Path("/other/u.png").resolve()
    with pytest.raises(UsageError, match="no column site"):
        carry_over(manifest, against, report, ["site"])


def test_only_a_mask_must_lie_where_the_picture_lies() -> None:
    manifest, report = reported({"path": ["a"], "site": [None]}, [])
    known = {"path": ["u"], "patient": ["p"], "mask": ["u.png"], "label": ["x"], "site": ["Oslo"]}
    against = Manifest.of(pd.DataFrame(known), Path("/other"), "other")
    matches = pd.DataFrame({"a": [0], "b": [0], "mask_fits": [False]})
    turned = replace(report, against="other", matches=matches)
    filled = carry_over(manifest, against, turned, ["patient", "mask", "label", "site"]).table
    assert filled[["patient", "label", "site"]].iloc[0].tolist() == ["p", "x", "Oslo"]
    assert filled["mask"].isna().all()
