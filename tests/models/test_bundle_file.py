"""What both kinds of bundle have in common: each says of the other what it is."""

from __future__ import annotations

import re
from pathlib import Path

import joblib
import pytest

from gliaboost.errors import BundleError, UsageError
from gliaboost.models import bundle, bundle_file
from gliaboost.models.bundle import Bundle, load
from gliaboost.models.bundle_file import KINDS, save
from gliaboost.models.segmentation import bundle as segmenter_bundle
from gliaboost.models.segmentation.bundle import SegmenterBundle, load_segmenter

DECISION = {"least": 0.5, "share": 0.5, "others": 0.9}


def classifier() -> Bundle:
    return Bundle(
        "lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "", takes="columns"
    )


def segmenter() -> SegmenterBundle:
    return SegmenterBundle("otsu", b"", "", ["tumor"], DECISION, 256)


def test_kinds_name_the_classes_that_there_are() -> None:
    for cls in (Bundle, SegmenterBundle):
        assert (cls.kind.module, cls.kind.name) == (cls.__module__, cls.__qualname__)
        assert cls.kind in KINDS


def test_a_segmenter_is_no_classifier_and_the_other_way_round(tmp_path: Path) -> None:
    save(segmenter(), tmp_path / "seg.joblib")
    save(classifier(), tmp_path / "model.joblib")
    said = r"seg\.joblib holds a segmenter, .* it is for gliaboost segment predict"
    with pytest.raises(BundleError, match=said):
        load(tmp_path / "seg.joblib")
    said = r"holds a classifier, a segmenter was expected; it is for gliaboost predict, and one for"
    with pytest.raises(BundleError, match=said):
        load_segmenter(tmp_path / "model.joblib")


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gliaboost segment train MANIFEST"):
        load_segmenter(tmp_path / "seg.joblib")


def test_one_save_is_for_both(tmp_path: Path) -> None:
    assert bundle.save is bundle_file.save
    one = segmenter()
    assert load_segmenter(save(one, tmp_path / "s.joblib")) == one
    one.metrics = {"images": {1, 2}}
    with pytest.raises(UsageError, match="a value of type set"):
        save(one, tmp_path / "s.joblib")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"classes": [1]}, "unexpected values in classes"),
        ({"classes": ["a", "a"]}, "unexpected values in classes"),
        ({"native": "text"}, "unexpected values in native"),
        ({"format": segmenter_bundle.FORMAT + 1}, "upgrade it"),
        ({"more": 1}, "fields missing or unknown: more"),
    ],
)
def test_fields_of_other_types_are_damage(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    one = segmenter()
    one.__dict__.update(wrong)
    joblib.dump(one, tmp_path / "s.joblib")
    with pytest.raises(BundleError, match=re.escape(said)):
        load_segmenter(tmp_path / "s.joblib")
