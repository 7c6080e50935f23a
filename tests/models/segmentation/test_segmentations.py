"""What was found as a sequence, as a table, in a notebook, and with its warnings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gliaboost.errors import DecodeError
from gliaboost.models.segmentation.measurements import measure
from gliaboost.models.segmentation.prediction import segment_pictures
from gliaboost.models.segmentation.segmentations import PICTURED, Segmentations, SegmentedPicture
from tests.models.segmentation.test_prediction import bundle, head, saved, store


def test_a_picture_gives_its_mask_back_and_an_unreadable_one_its_reason() -> None:
    mask = np.zeros((5, 7), bool)
    mask[1:3, 2:6] = True
    one = SegmentedPicture("a.png", measure(mask), packed=np.packbits(mask).tobytes())
    np.testing.assert_array_equal(one.mask, mask)
    bad = SegmentedPicture("b.png", error="is empty")
    with pytest.raises(DecodeError, match="is empty"):
        _ = bad.mask
    found = Segmentations((one, bad), {"modality": "", "segmenter": "otsu"})
    assert (len(found), found[0], found[1:], found.read) == (2, one, (bad,), [one])
    assert found.to_frame()["path"].tolist() == ["a.png"]
    assert "1 unreadable" in found._repr_html_()


def test_another_modality_is_warned_of(tmp_path: Path) -> None:
    scan = tmp_path / "head_CT.nii.gz"
    values = np.full((40, 40, 3), -1000, np.int16)
    values[5:35, 5:35] = 40
    store(values, np.eye(4), scan)
    found = segment_pictures(bundle(), [scan])
    said = Segmentations(found, bundle(modality="MRI").summary()).warnings
    assert [s[: s.index(":")] for s in said] == [
        "3 of 3 pictures are CT, and the segmenter was trained on MRI"
    ]
    assert not Segmentations(found, bundle(modality="CT").summary()).warnings
    assert not Segmentations(found, bundle(modality="").summary()).warnings


def test_a_notebook_sees_what_was_found(tmp_path: Path) -> None:
    found = segment_pictures(bundle(), [saved(tmp_path / "a.png", head())], spacing=(1, 1))
    shown = Segmentations(found, bundle().summary())._repr_html_()
    assert "Tumours found by otsu" in shown and "found" in shown
    assert shown.count("<img ") == shown.count("data:image/png;base64,") == 1


def test_a_notebook_sees_the_first_with_their_outlines(tmp_path: Path) -> None:
    empty = tmp_path / "<b>empty.png"
    empty.touch()
    files = [saved(tmp_path / f"<i>{n}.png", head()) for n in range(PICTURED + 2)]
    found = segment_pictures(bundle(), [empty, *files])
    assert [row.pictured is not None for row in found] == [False] + [True] * PICTURED + [False] * 2
    drawn = found[1].pictured
    assert drawn is not None and (drawn[..., 0] != drawn[..., 2]).any()  # an orange outline
    html = found[1]._repr_html_() + found[0]._repr_html_()
    assert html.count("<img ") == 1 and "<i>" not in html and "<b>" not in html
    assert "a tumour of" in html and "longest" in html and "unreadable" in html
    assert "http" not in html


def test_a_prompt_sees_two_lines(tmp_path: Path) -> None:
    found = segment_pictures(bundle(), [saved(tmp_path / "a.png", head())], spacing=(1, 1))
    whole = Segmentations(
        (*found, SegmentedPicture("b\n.png", error="is empty")), {"segmenter": "otsu"}
    )
    assert repr(whole) == "<Segmentations: otsu on 1 pictures, 1 unreadable\n a tumour on 1>"
    assert all(len(repr(row).splitlines()) == 2 for row in whole)
    assert "mm2" in repr(whole[0]) and "unreadable: is empty" in repr(whole[1])
