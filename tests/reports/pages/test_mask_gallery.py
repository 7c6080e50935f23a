from __future__ import annotations

import base64

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.reports.pages.mask_gallery import (
    CLOSEST,
    PIXELS,
    MaskedSlice,
    chosen,
    closer,
    mask_gallery,
)


def table() -> pd.DataFrame:
    """Eleven tumours of Dice 0 to 1, two a patient, and three slices without one."""
    return pd.DataFrame(
        {
            "path": [f"{i}.png" for i in range(14)],
            "patient": [f"P{i // 2}" for i in range(14)],
            "area_true": [*range(100, 111), 0, 0, 0],
            "area_predicted": [*range(90, 101), 7, 0, 30],
            "dice": [*np.linspace(0, 1, 11), 0.0, 1.0, 0.0],
        }
    )


def test_the_best_the_middle_and_the_worst_are_chosen() -> None:
    found = chosen(table(), 2)
    kinds = found.groupby("kind", sort=False)["path"].apply(list).to_dict()
    assert kinds == {
        # One of a patient: 9 goes with 8.
        "best": ["10.png", "9.png"],
        "median": ["5.png", "6.png"],
        "worst": ["0.png", "2.png"],
        "false alarm": ["13.png", "11.png"],
    }
    assert list(found.columns) == [*table().columns, "kind"]


def test_no_slice_is_shown_twice_and_missed_tumours_the_largest_first() -> None:
    few = table()[:4].assign(dice=0.0).drop(columns="patient")
    found = chosen(few, 3)
    assert sorted(found["path"]) == sorted(set(found["path"]))
    missed = chosen(table()[:11].assign(dice=0.0).drop(columns="patient"), 1)
    assert missed.loc[missed["kind"] == "worst", "area_true"].tolist() == [110]


def test_unknown_patients_are_not_one() -> None:
    found = chosen(table().assign(patient=None), 3)
    assert (found["kind"] == "best").sum() == 3


def seen(uri: str) -> NDArray[np.uint8]:
    data = base64.b64decode(uri.partition(",")[2])
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture[..., ::-1], np.uint8)


def shown(kind: str, true: bool, predicted: bool) -> MaskedSlice:
    mask = np.zeros((200, 250), bool)
    mask[80:120, 100:150] = True
    image = np.full((200, 250), 40, np.uint8)
    return MaskedSlice(kind, "a/b.png", "glioma", 0.5, image, mask & true, mask & predicted)


def test_a_plate_shows_the_slice_and_closer() -> None:
    gallery = mask_gallery([shown("median", True, False), shown("worst", True, False)], "Otsu")
    assert [words for _, words in gallery.key] == ["true", "found by Otsu"]
    assert "median, worst." in gallery.caption
    plate = gallery.plates[0]
    assert plate.caption == "Median: Dice 0.500"
    assert plate.place == "glioma; 2,000 true pixels, 0 found; a/b.png"
    whole, near = (seen(uri) for uri, _ in plate.pictures)
    assert whole.shape == (200, 250, 3)
    assert near.shape[0] == PIXELS
    for picture in (whole, near):
        # Blue, as the true one is; nothing orange.
        blue = picture[..., 2].astype(int) - picture[..., 0]
        assert blue.max() > 80
        assert blue.min() > -30


def test_a_false_alarm_has_no_dice_and_nothing_found_no_closer_look() -> None:
    alarm, nothing = (
        mask_gallery([shown("false alarm", False, found)], "Otsu").plates[0]
        for found in (True, False)
    )
    assert alarm.caption == "False alarm"
    assert len(alarm.pictures) == 2
    assert len(nothing.pictures) == 1


def test_a_closer_look_holds_the_mask_and_stays_inside() -> None:
    for top, left, height, width in ((0, 0, 3, 3), (150, 10, 50, 200), (197, 247, 3, 3)):
        mask = np.zeros((200, 250), bool)
        mask[top : top + height, left : left + width] = True
        box = closer(mask)
        assert mask[box].sum() == mask.sum()
        assert min(mask[box].shape) >= min(CLOSEST, 200) // 2
