from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.audit import duplicates
from gliaboost.datasets.audit.duplicates import LINK_COLUMNS, link
from gliaboost.datasets.audit.pictures import ImageRecord, detail
from gliaboost.datasets.components import connected


def picture(pixels: int, file: int = 0, turn: int = 0) -> ImageRecord:
    """Make a picture whose content `pixels` decides, in a file of its own, turned by 90 degrees."""
    noise = cv2.GaussianBlur(np.random.default_rng(pixels).normal(size=(128, 128)), (0, 0), 3)
    grey = np.clip(128 + 50 * noise / noise.std(), 0, 255).astype(np.uint8)
    return ImageRecord(
        bytes_hash=f"{pixels}-{file}-{turn}",
        pixels_hash=f"{pixels}-{turn}",
        height=64,
        width=64,
        detail=np.ascontiguousarray(np.rot90(grey, turn)),
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


def copies(*numbers: tuple[int, int, int]) -> list[ImageRecord]:
    """Make files of pictures, as (picture, quarter turns, how many)."""
    return [picture(p, file, turn) for p, turn, n in numbers for file in range(n)]


def most(monkeypatch: pytest.MonkeyPatch, pairs: int, *sets: list[ImageRecord]) -> pd.DataFrame:
    monkeypatch.setattr(duplicates, "MANY", pairs)
    return link(*sets)


def test_many_copies_are_a_star(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = copies((1, 0, 4), (2, 0, 3))
    assert len(most(monkeypatch, 6 + 3, pictures)) == 9
    few = most(monkeypatch, 6 + 3 - 1, pictures)
    assert list(zip(few["a"], few["b"], strict=True)) == [(0, 1), (0, 2), (0, 3), (4, 5), (4, 6)]
    assert connected(few["a"], few["b"], 7).tolist() == [0] * 4 + [1] * 3


def test_many_copies_in_another_set_are_matched_with_its_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, theirs = copies((1, 0, 4), (2, 0, 2)), copies((1, 0, 3), (2, 0, 1))
    assert len(most(monkeypatch, 4 * 3 + 2, mine, theirs)) == 14
    few = most(monkeypatch, 4 * 3 + 2 - 1, mine, theirs)
    assert list(zip(few["a"], few["b"], strict=True)) == [(i, 0) for i in range(4)] + [
        (4, 3),
        (5, 3),
    ]


def test_many_turned_copies_are_matched_by_their_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = copies((1, 0, 4), (1, 1, 3), (2, 0, 2), (2, 1, 1))
    every = most(monkeypatch, 4 * 3 + 2, pictures)
    assert (every["kind"] == "near").sum() == 14
    few = most(monkeypatch, 4 * 3 + 2 - 1, pictures)
    near = few[few["kind"] == "near"]
    assert list(zip(near["a"], near["b"], strict=True)) == [(0, 4), (7, 9)]


def test_similarity_is_at_most_1_which_equal_pixels_have() -> None:
    found = link(copies((0, 0, 2), *((p, turn, 1) for p in range(8) for turn in (1, 2))))
    assert tuple(found.columns) == LINK_COLUMNS
    assert found.index.tolist() == list(range(len(found)))
    assert (found.loc[found["kind"] != "near", "similarity"] == 1.0).all()
    near = found.loc[found["kind"] == "near", "similarity"]
    assert len(near) == 5 + 7
    assert near.between(0.99, 1.0).all()


def test_the_order_of_files_makes_no_bytes_equal() -> None:
    assert rows(link([picture(1, 5), picture(1, 0)])) == [(0, 1, "pixels", "same")]


def cut(one: ImageRecord, name: str, turn: int) -> ImageRecord:
    assert one.detail is not None
    rest = np.rot90(one.detail[10:110, 14:122], turn)
    return ImageRecord(name, name, 100, 108, detail=detail(np.ascontiguousarray(rest)))


def test_a_cropped_copy_is_found_in_the_set_and_in_another() -> None:
    pictures = [picture(seed) for seed in range(4)]
    crops = [cut(pictures[2], "x", 0), cut(pictures[1], "y", 3)]
    within, across = link([*pictures, *crops]), link(crops, pictures)
    assert rows(within) == [(1, 5, "near", "rotated 270"), (2, 4, "near", "same")]
    assert rows(across) == [(0, 2, "near", "same"), (1, 1, "near", "rotated 90")]
    for table in (within, across):
        assert table["adjusted"].tolist() == ["crop", "crop"]
        assert (table["agreement"] > 0.992).all()
    # The left upper corner of what was kept, in the whole picture turned as the crop is not.
    across_x, _, shift, *_ = within["move"].iloc[1]
    assert (14 / 128 * across_x + shift, across_x) == pytest.approx((0, 128 / 108), abs=0.02)
