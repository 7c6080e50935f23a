"""Masks of pictures and scans at their own size, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.placement import placement
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError
from gliaboost.models.familiarity.familiarity import DESCRIPTION, learn
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.bundle import SegmenterBundle
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.otsu import Otsu
from gliaboost.models.segmentation.prediction import _kind, segment_pictures
from gliaboost.models.segmentation.segmentations import Segmentations
from gliaboost.models.segmentation.training import make_segmenter_bundle


def head(height: int = 96, width: int = 80, tumour: bool = True) -> np.ndarray[Any, Any]:
    image = np.zeros((height, width), np.uint8)
    ramp = np.linspace(60, 90, height).astype(np.uint8)[:, None]
    up, left = height // 12, width // 10
    image[up:-up, left:-left] = ramp[up:-up]
    if tumour:
        up, left = height // 2, width // 2
        image[up - height // 10 : up + height // 10, left - width // 10 : left + width // 10] = 220
    return image


def bundle(size: int = 64, modality: str = "MRI") -> SegmenterBundle:
    prepared = Preparation(size=size)(head())[None]
    model = Otsu().fit(prepared, prepared > 200)
    return make_segmenter_bundle(
        model, Preparation(size=size), modality=modality, manifest_fingerprint=""
    )


def saved(path: Path, image: np.ndarray[Any, Any]) -> Path:
    Image.fromarray(image).save(path)
    return path


def store(values: Any, affine: Any, path: Path) -> None:
    image: Any = nibabel.Nifti1Image
    nibabel.save(image(values, affine), path)


class Steps:
    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int | None]] = []

    def line(self, text: str) -> None:
        raise AssertionError(text)

    def step(self, stage: str, done: int, total: int | None) -> None:
        self.steps.append((stage, done, total))


def test_each_mask_has_its_pictures_size_and_lies_on_the_tumour(tmp_path: Path) -> None:
    shapes = [(96, 80), (200, 300), (40, 33)]
    files = [saved(tmp_path / f"{k}.png", head(*shape)) for k, shape in enumerate(shapes)]
    heard = Steps()
    for size in (64, 256):
        found = segment_pictures(bundle(size), files, progress=heard)
        for one, shape in zip(found, shapes, strict=True):
            truth = head(*shape) > 200
            assert one.mask.shape == shape and one.found
            assert not (one.mask & ~truth).sum() > truth.sum() / 4
            assert (one.mask & truth).sum() / truth.sum() > (0.8 if size == 256 else 0.4)
            assert one.measurements is not None and one.peak is not None
            assert one.measurements.area_pixels == one.mask.sum()
            assert (one.measurements.area_mm2, one.kind) == (None, None)
    assert heard.steps[-1] == ("segmenting", 3, 3)


def test_a_slice_without_a_tumour_has_an_empty_mask_and_a_row(tmp_path: Path) -> None:
    found = segment_pictures(bundle(), [saved(tmp_path / "a.png", np.zeros((50, 40), np.uint8))])
    assert not found[0].found and found[0].mask.shape == (50, 40) and not found[0].mask.any()
    (row,) = Segmentations(found, bundle().summary()).to_frame().to_dict("records")
    assert (row["tumour"], row["area_pixels"], row["components"]) == ("none", 0, 0)


def test_one_bad_file_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    files = [saved(tmp_path / "a.png", head()), tmp_path / "bad.png", tmp_path / "none.png"]
    files[1].write_bytes(b"no picture")
    files.append(saved(tmp_path / "z.png", head()))
    found = segment_pictures(bundle(), files)
    assert [one.error is None for one in found] == [True, False, False, True]
    assert [Path(one.name).name for one in found] == ["a.png", "bad.png", "none.png", "z.png"]
    assert len(Segmentations(found, bundle().summary()).to_frame()) == 2
    with pytest.raises(DecodeError, match="no such file"):
        _ = found[2].mask


def test_millimetres_are_the_scans_own_or_those_that_are_given(tmp_path: Path) -> None:
    picture = saved(tmp_path / "a.png", head())
    scan = tmp_path / "b_t1.nii.gz"
    values = np.repeat(head()[..., None] + np.float32(0.25), 5, axis=2)
    store(values, np.diag([0.5, 0.5, 3.0, 1]), scan)
    found = segment_pictures(bundle(), [picture, scan], spacing=(2.0, 3.0), position=None)
    first, *rest = [one.measurements for one in found]
    assert first is not None and first.area_mm2 == first.area_pixels * 6
    assert len(rest) == 5 and all(m is not None and m.spacing == (0.5, 0.5) for m in rest)
    (only,) = segment_pictures(bundle(), [scan], position=2)
    assert only.place is not None and only.place.number == 2


def test_pictures_of_the_training_are_warned_of(tmp_path: Path) -> None:
    from gliaboost.datasets.image_source import ImageSource

    file = saved(tmp_path / "a.png", head())
    prepared = Preparation(size=64)(head())[None]
    known = learn(DESCRIPTION.transform(prepared), [ImageSource(file).key()], np.array(["a"]))
    made = replace(bundle(), familiarity=known)
    other = saved(tmp_path / "b.png", 255 - head())
    found = segment_pictures(made, [file, other])
    assert [one.familiarity.seen for one in found if one.familiarity] == ["file", ""]
    (said,) = Segmentations(found, made.summary()).warnings
    assert said.startswith("1 of 2 pictures is among the files")


class Halves(Segmenter):
    """Sees one kind of tumour on the left, another on the right."""

    name = "halves"

    def _fit(self, images: Any, masks: Any, labels: Any, groups: Any) -> None:
        self.decision_ = Decision()

    def _predict_maps(self, images: Any) -> Any:
        maps = np.zeros((len(images), 2, *images.shape[1:]), np.float32)
        maps[:, 0, :, :10] = 0.9
        maps[:, 1, :, 10:] = 0.9
        return maps

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        pass


def test_the_kind_is_what_most_of_the_mask_is() -> None:
    image = np.zeros((32, 32), np.uint8)
    where = placement(Preparation(size=32), image)
    maps = Halves().fit(image[None], np.ones((1, 32, 32), bool)).predict_maps(image[None])[0]
    left, nothing = np.zeros((32, 32), bool), np.zeros((32, 32), bool)
    left[:, :15] = True
    assert _kind(["a", "b"], maps, where, left) == "a"
    assert _kind(["a", "b"], maps, where, ~nothing) == "b"
    assert _kind(["a", "b"], maps, where, nothing) == ""
    assert _kind(["a"], maps, where, left) is None
