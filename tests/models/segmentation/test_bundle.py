"""A segmenter's bundle: the same masks from the file, and all that its loader refuses."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import BundleError, UsageError
from gliaboost.models.bundle_file import save
from gliaboost.models.segmentation.bundle import FORMAT, SegmenterBundle, load_segmenter
from gliaboost.models.segmentation.otsu import Otsu
from gliaboost.models.segmentation.training import make_segmenter_bundle

DECISION = {"least": 0.5, "share": 0.5, "others": 0.9}


def bare(**changed: Any) -> SegmenterBundle:
    plain: dict[str, Any] = {
        "segmenter": "otsu", "native": b"", "sha256": "", "classes": ["tumor"],
        "decision": DECISION, "image_size": 64, "preparation": Preparation(size=64).to_dict(),
    }  # fmt: skip
    return SegmenterBundle(**{**plain, **changed})


def heads() -> np.ndarray[Any, Any]:
    images = np.zeros((2, 64, 64), np.uint8)
    images[:, 8:56, 8:56] = 60
    images[0, 26:34, 26:34] = 220
    return images


def test_the_file_gives_the_masks_of_the_model_that_was_fitted(tmp_path: Path) -> None:
    images = heads()
    model = Otsu().fit(images, images > 200)
    made = make_segmenter_bundle(
        model, Preparation(size=64), modality="MRI", manifest_fingerprint="abc"
    )
    file = save(made, tmp_path / "seg.joblib")
    for opened in (load_segmenter(file), joblib.load(file)):
        assert (opened.model().segment(images) == model.segment(images)).all()
        assert (opened.modality, opened.package, opened.image_size) == ("MRI", "gliaboost", 64)
        assert opened.decision_ == model.decision_
        assert opened.versions["gliaboost"] and opened.created
        assert opened.preparation_ == Preparation(size=64)


OTHER: dict[str, Any] = {
    "segmenter": "unet", "native": b"1", "classes": ["b"], "decision": {**DECISION, "least": 0.1},
    "image_size": 32, "preparation": {}, "parameters": {"seed": 1}, "modality": "CT",
    "device": "cuda", "manifest": "f", "metrics": {"images": 1}, "versions": {"numpy": "2"},
    "created": "2026", "package": "other", "familiarity": {"version": 1}, "format": FORMAT + 1,
    "segmenter_version": 3,
}  # fmt: skip


def test_the_digest_is_of_every_field_but_itself() -> None:
    assert {*OTHER, "sha256"} == {f.name for f in fields(SegmenterBundle)}
    digests = {name: bare(**{name: value}).digest() for name, value in OTHER.items()}
    assert len({*digests.values(), bare().digest()}) == len(OTHER) + 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"decision": {"least": 2, "share": 0.5, "others": 0.9}}, "decision"),
        ({"decision": {"most": 0.5}}, "decision"),
        ({"decision": {"least": "0.5", "share": 0.5, "others": 0.9}}, "decision"),
        ({"image_size": 32}, "image_size"),
        ({"modality": "PET"}, "modality"),
        ({"classes": []}, "classes"),
        ({"segmenter_version": -1}, "segmenter_version"),
    ],
)
def test_values_that_no_segmenter_has_are_damage(
    tmp_path: Path, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(BundleError, match=f"unexpected values in {named}"):
        load_segmenter(save(bare(**wrong), tmp_path / "s.joblib"))


def test_altered_bytes_are_damage(tmp_path: Path) -> None:
    joblib.dump(bare(sha256="0" * 64), tmp_path / "s.joblib")
    with pytest.raises(BundleError, match="does not match its SHA-256"):
        load_segmenter(tmp_path / "s.joblib")


def test_a_segmenter_of_another_package_is_named_with_it() -> None:
    with pytest.raises(UsageError, match=r"'foreign'.*pip install theirs"):
        bare(segmenter="foreign", package="theirs").model()


def test_a_segmenter_of_other_maths_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Otsu().fit(heads(), heads() > 200)
    made = make_segmenter_bundle(
        model, Preparation(size=64), modality="", manifest_fingerprint="abc"
    )
    assert made.segmenter_version == Otsu.version == made.summary()["segmenter_version"]
    file = save(made, tmp_path / "seg.joblib")
    assert load_segmenter(file).faults() == []
    monkeypatch.setattr(Otsu, "version", 7)
    opened = load_segmenter(file)
    with pytest.raises(UsageError, match=r"version 1 of its maths, here it has version 7; train"):
        opened.model()
    assert (
        f"install the gliaboost that made it ({made.versions['gliaboost']})" in opened.faults()[0]
    )


def test_a_bundle_of_layout_1_is_read_and_its_maths_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = bare(format=1)
    del vars(old)["segmenter_version"]
    file = save(old, tmp_path / "old.joblib")
    monkeypatch.setattr(Otsu, "version", 7)
    for opened in (load_segmenter(file), joblib.load(file)):
        assert opened.segmenter_version == 0 and opened.sha256 == old.sha256
        assert opened.model().segment(heads()).shape == (2, 64, 64)
    # What was opened can be saved, and is then one of today.
    again = load_segmenter(save(load_segmenter(file), tmp_path / "new.joblib"))
    assert (again.format, again.segmenter_version) == (FORMAT, 0)
    kept = bare(format=1, segmenter_version=1)
    with pytest.raises(BundleError, match="unknown: segmenter_version"):
        load_segmenter(save(kept, tmp_path / "odd.joblib"))


def test_a_notebook_and_json_are_not_given_the_bytes() -> None:
    one = bare(native=b"123", familiarity={"version": 1})
    assert one.summary()["bytes"] == 3 and "native" not in one.summary()
    assert one.summary()["knows_its_training_images"] is True
    assert "otsu, fitted on cpu" in one._repr_html_()
    many = replace(one, native=b"0" * 10**6, classes=[f"k{n}\n" for n in range(9)])
    first, second = repr(many).splitlines()
    assert first.startswith("<SegmenterBundle: otsu, for k0�, ")
    assert second.startswith(" trained") and "1,000,000 bytes" in second
