from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.audit import duplicates
from gliaboost.datasets.audit.duplicates import link
from gliaboost.datasets.audit.pictures import ImageRecord
from gliaboost.datasets.components import connected


def picture(pixels: int, file: int = 0, turn: int = 0) -> ImageRecord:
    """Make a picture whose content `pixels` decides, in a file of its own, turned by 90 degrees."""
    noise = np.random.default_rng(pixels).normal(size=(64, 64))
    return ImageRecord(
        bytes_hash=f"{pixels}-{file}-{turn}",
        pixels_hash=f"{pixels}-{turn}",
        height=64,
        width=64,
        thumbnail=np.rot90(noise, turn).astype(np.float16),
    )


def rows(links: pd.DataFrame) -> list[tuple[int, int, str, str]]:
    return [
        (r["a"], r["b"], r["kind"], r["orientation"])
        for r in links[["a", "b", "kind", "orientation"]].to_dict("records")
    ]


def test_the_strongest_kind_and_every_member() -> None:
    pictures = [
        picture(1, turn=1),
        picture(2),
        picture(1),
        picture(1, 5),
        picture(1, 5),
        picture(3),
    ]
    assert rows(link(pictures)) == [
        (0, 2, "near", "rotated 270"),
        (0, 3, "near", "rotated 270"),
        (0, 4, "near", "rotated 270"),
        (2, 3, "pixels", "same"),
        (2, 4, "pixels", "same"),
        (3, 4, "bytes", "same"),
    ]


def test_orientation_is_seen_from_the_first() -> None:
    """Members of one content may stand before and after those of its turned form."""
    pictures = [picture(1), picture(1, turn=1), picture(1, 7)]
    assert rows(link(pictures)) == [
        (0, 1, "near", "rotated 90"),
        (0, 2, "pixels", "same"),
        (1, 2, "near", "rotated 270"),
    ]


def test_against() -> None:
    mine = [picture(1), picture(2), picture(3)]
    theirs = [picture(3, turn=2), picture(9), picture(1), picture(1, 4)]
    assert rows(link(mine, theirs)) == [
        (0, 2, "bytes", "same"),
        (0, 3, "pixels", "same"),
        (2, 0, "near", "rotated 180"),
    ]


def test_blank_and_unreadable_have_no_twin() -> None:
    nothing = [ImageRecord(bytes_hash="x", pixels_hash="y", blank=True), ImageRecord(error="empty")]
    assert len(link([*nothing, *nothing])) == 0
    assert len(link([])) == 0
    assert len(link(nothing, nothing)) == 0


def test_many_copies_are_a_star(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MANY", 20)
    pictures = [picture(1, i) for i in range(10)]
    links = link(pictures)
    assert len(links) == 9
    assert set(connected(links["a"], links["b"], 10)) == {0}
