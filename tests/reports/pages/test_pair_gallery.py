from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.pages.pair_gallery import (
    LEAST_SURE,
    SUREST,
    Side,
    caption,
    chosen,
    labels_tag,
)


def pairs(*rows: tuple[str, float, str]) -> pd.DataFrame:
    """Pairs of rows 0 and 1, 2 and 3, ...: kind, agreement, orientation."""
    return pd.DataFrame(
        [
            {
                "a": 2 * i,
                "b": 2 * i + 1,
                "kind": k,
                "agreement": g,
                "orientation": o,
                "adjusted": "",
            }
            for i, (k, g, o) in enumerate(rows)
        ]
    )


def groups(count: int) -> pd.Series[int]:
    """Of twice as many rows: each pair a group."""
    return pd.Series([i // 2 for i in range(2 * count)])


def test_the_surest_come_first() -> None:
    table = pairs(*[("near", 0.992 + i / 1e4, "same") for i in range(30)])
    surest, least = chosen(table, groups(30))
    assert surest["agreement"].tolist() == sorted(table["agreement"], reverse=True)[:SUREST]
    assert least["agreement"].tolist() == sorted(table["agreement"])[:LEAST_SURE]


def test_equal_files_are_surer_than_alike_ones_and_never_doubtful() -> None:
    rows = [("near", 1.0, "same"), *[("bytes", 1.0, "same")] * 20, ("pixels", 1.0, "same")]
    surest, least = chosen(pairs(*rows), groups(22))
    assert surest["kind"].tolist()[:3] == ["bytes", "pixels", "near"]
    assert least.empty


def test_every_orientation_is_among_the_first() -> None:
    turned = [("near", 0.999, "same")] * 40 + [("near", 0.993, "mirrored")]
    surest, _ = chosen(pairs(*turned), groups(41))
    assert surest["orientation"].tolist()[:2] == ["same", "mirrored"]


def test_a_large_group_does_not_fill_the_page() -> None:
    table = pairs(*[("near", 0.999, "same")] * 20, ("near", 0.993, "same"))
    one = pd.Series([0] * 40 + [1, 1])
    surest, least = chosen(table, one)
    assert 0.993 in surest["agreement"].tolist()[:2]
    assert len(least) == 1


def test_few_pairs_are_shown_once() -> None:
    surest, least = chosen(pairs(("near", 0.993, "same")), groups(1))
    assert (len(surest), len(least)) == (1, 0)


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["../data/x/a.png", "../data/y/b.png"], "../data/"),
        (["a.png", "x/b.png"], ""),
        (["x/a.png"], "x/"),
        (["/data/a.png", "x/b.png"], ""),
        (["data/a.png", "database/b.png"], ""),
    ],
)
def test_what_all_paths_begin_with_is_left_out(paths: list[str], folder: str) -> None:
    table = pd.DataFrame({"path": paths, "label": "glioma"})
    side = Side(table, Manifest.of(table, Path()))
    assert side.folder == folder
    assert side.facts(0) == {"path": paths[0].removeprefix(folder), "facts": "glioma"}


@pytest.mark.parametrize(
    ("kind", "orientation", "adjusted", "words"),
    [
        ("bytes", "same", "", "The same file."),
        ("pixels", "same", "", "The same pixels."),
        ("near", "same", "", "Agreement 0.9950."),
        (
            "neighbour",
            "same",
            "contrast and alignment",
            "Agreement 0.9950. The second is of other contrast and shifted or trimmed a little.",
        ),
        (
            "near",
            "rotated 90",
            "crop",
            "Agreement 0.9950. The second is rotated 90, shown turned back and cropped.",
        ),
    ],
)
def test_captions(kind: str, orientation: str, adjusted: str, words: str) -> None:
    pair: dict[Any, Any] = {"kind": kind, "agreement": 0.995, "orientation": orientation}
    assert caption({**pair, "adjusted": adjusted}) == words


def test_labels_are_named_where_they_differ() -> None:
    assert labels_tag(pd.Series(["a", "b"])) == ["labels: a / b"]
    assert labels_tag(pd.Series(["a", "a"])) == labels_tag(pd.Series(["a", None])) == []
