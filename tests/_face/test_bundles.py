from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost._face.bundles import named_bundles
from gliaboost.errors import BundleError, GliaboostError, UsageError
from gliaboost.models.bundle import Bundle, save
from gliaboost.models.segmentation.bundle import SegmenterBundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from gliaboost.datasets.prepare import Preparation

    plain = Preparation().to_dict()
    decision = {"least": 0.5, "share": 0.5, "others": 0.9}
    save(
        Bundle("lightgbm", b"x", "", ["a", "b"], 1, plain, [], {}, "cpu", "", takes="columns"),
        tmp_path / "b.joblib",
    )
    save(SegmenterBundle("otsu", b"", "", ["t"], decision, 256, plain), tmp_path / "seg.joblib")
    (tmp_path / "wrong.joblib").write_bytes(b"Dear patient")
    (tmp_path / "notes.txt").write_text("no bundle")
    return tmp_path


def test_a_folder_offers_both_kinds_and_says_what_is_neither(folder: Path) -> None:
    found = named_bundles([], folder=folder)
    assert found.classifiers == [folder / "b.joblib"]
    assert found.segmenters == [folder / "seg.joblib"]
    assert [path.name for path, _ in found.faults] == ["wrong.joblib"]


def test_a_file_that_is_named_twice_is_offered_once(folder: Path) -> None:
    found = named_bundles([folder / "b.joblib"], folder / "seg.joblib", folder)
    assert len(found.classifiers) == len(found.segmenters) == 1


def test_a_named_file_that_is_none_ends_the_call(folder: Path) -> None:
    with pytest.raises(BundleError):
        named_bundles([folder / "wrong.joblib"])
    with pytest.raises(GliaboostError, match="segmenter"):
        named_bundles([folder / "seg.joblib"])
    with pytest.raises(UsageError, match="3 faults"):
        named_bundles([folder / "no.joblib"], folder / "b.joblib", folder / "none")
