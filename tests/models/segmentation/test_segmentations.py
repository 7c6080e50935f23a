"""What was found as a sequence, as a table, in a notebook, and with its warnings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gliaboost.errors import DecodeError
from gliaboost.models.segmentation.measurements import measure
from gliaboost.models.segmentation.prediction import segment_pictures
from gliaboost.models.segmentation.segmentations import Segmentations, SegmentedPicture
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
