"""What a segmenter found as files: names, tables, masks of scans and volumes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.scans import DICOM, Looked, SlicePlace
from gliaboost.errors import DecodeError
from gliaboost.models.segmentation import mask_folder, otsu
from gliaboost.models.segmentation.mask_folder import MaskFolder, scans_of, series_of
from gliaboost.models.segmentation.measurements import measure
from gliaboost.models.segmentation.prediction import segment_pictures
from gliaboost.models.segmentation.segmentations import SegmentedPicture
from tests.models.segmentation.test_prediction import bundle, head, saved, store


def looked(name: str) -> Looked:
    return Looked(ImageSource(name))


def place(number: int, millimetres: float | None, spacing: Any = (0.5, 0.5)) -> SlicePlace:
    scan = ImageSource("series")
    return SlicePlace(scan, DICOM, number, "axial", millimetres, spacing, "MRI", scan)


def found(number: int, millimetres: float | None, spacing: Any = (0.5, 0.5)) -> SegmentedPicture:
    mask = np.zeros((10, 10), bool)
    mask[:4, :5] = True
    return SegmentedPicture(
        f"series, slice {number}",
        measure(mask, spacing=spacing),
        place=place(number, millimetres, spacing),
        packed=np.packbits(mask).tobytes(),
    )


def test_names_keep_subfolders_and_no_two_are_the_same(tmp_path: Path) -> None:
    keeper = MaskFolder(tmp_path, [Path("data")])
    names = ["data/a/1.png", "data/b/1.png", "data/a/1.jpg", "else/A/1.png", "up/1.PNG", "a b?.png"]
    assert [keeper.name(looked(name)) for name in names] == [
        *("a/1", "b/1", "a/1-2", "1", "1-2", "a b-")
    ]
    slice_ = Looked(ImageSource("x"), place=place(7, 1.0))
    assert keeper.name(slice_) == "series/axial-007"


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    keeper = MaskFolder(tmp_path, [Path("data")])
    for name in ("data/../../x.png", "data/..png", "../.png"):
        given = keeper.name(looked(name))
        assert ".." not in Path(given).parts and not Path(given).is_absolute(), given


def test_pictures_and_tables_are_written(tmp_path: Path) -> None:
    files = [saved(tmp_path / "a.png", head()), saved(tmp_path / "b.png", head() * 0)]
    out = tmp_path / "out"
    keeper = MaskFolder(out)
    rows = segment_pictures(bundle(), files, keeper=keeper)
    assert keeper.finish(rows) == []
    with Image.open(out / "a-mask.png") as picture:
        assert picture.size == (80, 96)
        np.testing.assert_array_equal(np.asarray(picture) > 0, rows[0].mask)
    with Image.open(out / "b-overlay.png") as picture:
        assert picture.mode == "RGB" and picture.size[1] >= 96
    with (out / "measurements.csv").open() as f:
        first, second = csv.DictReader(f)
    assert (first["tumour"], second["tumour"]) == ("found", "none")
    assert (first["mask"], second["area_pixels"]) == ("a-mask.png", "0")
    told = json.loads((out / "measurements.json").read_text())
    assert [one["tumour"] for one in told] == ["found", "none"] and len(told[0]["regions"]) == 1
    assert not (out / "volumes.json").exists()


def test_a_volume_has_its_mask_on_its_own_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otsu, "_bright_inside", lambda image: image > 200)
    affine = np.array([[0, 0.5, 0, 3], [-0.5, 0, 0, 4], [0, 0, 3, 5], [0, 0, 0, 1]], float)
    values = np.repeat(head()[..., None] + np.float32(0.25), 4, axis=2)
    store(values, affine, tmp_path / "p_t1.nii.gz")
    out = tmp_path / "out"
    keeper = MaskFolder(out)
    rows = segment_pictures(bundle(256), [tmp_path / "p_t1.nii.gz"], keeper=keeper)
    (known,) = keeper.finish(rows)
    mask: Any = nibabel.load(out / known["mask"])
    np.testing.assert_allclose(mask.affine, affine)
    inside = np.asarray(mask.dataobj) > 0
    truth = values > 200
    assert 2 * (inside & truth).sum() / (inside.sum() + truth.sum()) > 0.9
    area = sum(one.measurements.area_mm2 or 0 for one in rows if one.measurements)
    assert known["volume_mm3"] == pytest.approx(3 * area)
    assert json.loads((out / "volumes.json").read_text()) == [known]
    assert (out / "p_t1" / "axial-002-mask.png").is_file()


def test_a_series_is_summed_where_its_slices_lie_evenly() -> None:
    def known(*rows: SegmentedPicture) -> dict[str, Any]:
        ((first, slices),) = scans_of(rows)
        return series_of(first, slices)

    assert known(found(0, 0), found(1, 4), found(2, 8))["volume_mm3"] == 3 * 20 * 0.25 * 4
    assert known(found(0, 8), found(1, 4))["volume_ml"] == pytest.approx(0.04)
    assert "unevenly" in known(found(0, 0), found(1, 4), found(2, 12), found(3, 16))["note"]
    for lone in ([found(0, 0)], [found(0, None), found(1, None)], [found(0, 2), found(1, 2)]):
        assert "volume_mm3" not in known(*lone)
    assert "volume_mm3" not in known(found(0, 0, None), found(1, 4, None))


def test_a_segmentation_that_cannot_be_written_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def lacking(masks: Any, like: Any, path: Path, *, algorithm: str) -> None:
        calls.append((len(masks), [str(one.name) for one in like], path.name, algorithm))
        raise DecodeError("series", "has no StudyInstanceUID")

    monkeypatch.setattr(mask_folder, "write_dicom_seg", lacking)
    keeper = MaskFolder(tmp_path)
    rows = [found(0, 0), found(1, 4)]
    (known,) = keeper.finish(rows, dicom_seg=True, algorithm="otsu")
    assert known["error"] == "has no StudyInstanceUID" and known["volume_slices"] == 2
    assert calls == [(2, ["series"], "series-seg.dcm", "otsu")]
    assert "error" not in keeper.finish(rows)[0]
    assert (tmp_path / "measurements.csv").is_file()


def test_a_series_of_files_has_its_segmentation_and_its_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("highdicom")
    from tests.models.segmentation.test_dicom_seg import MASKS, read, written

    monkeypatch.setattr(otsu, "_bright_inside", lambda image: image > 200)
    series = tmp_path / "series"
    series.mkdir()
    # Their names are in another order than their places.
    files = []
    for number, mask in enumerate(MASKS):
        pixels = np.where(mask, 4000, np.where(mask.any(), np.arange(mask.shape[1]), 0))
        place = [0, 0, -5 * number]
        file = written(
            series, 9 - number, PixelData=pixels.astype("<u2").tobytes(), ImagePositionPatient=place
        )
        files.append(file)
    keeper = MaskFolder(tmp_path / "out")
    rows = segment_pictures(bundle(64), [series], keeper=keeper)
    (known,) = keeper.finish(rows, dicom_seg=True, algorithm="otsu")
    assert known["mask"] == "series-seg.dcm" and known["slices"] == len(MASKS)
    inside = read(tmp_path / "out" / "series-seg.dcm", files)
    for mask, found in zip(MASKS, inside, strict=True):
        assert found.any() == mask.any()
        assert not mask.any() or (found & mask).sum() > 0.8 * found.sum()
    areas = [one.measurements.area_mm2 or 0 for one in rows if one.measurements]
    assert known["volume_mm3"] == pytest.approx(5 * sum(areas)) and sum(areas) > 0
