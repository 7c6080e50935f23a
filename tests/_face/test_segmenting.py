"""Segmenters from Python: trained on masks, saved, asked."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gliaboost
from gliaboost._face.segmenting import read_spacing
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import ManifestError, UnreadableWarning, UsageError

HEAD = np.zeros((96, 80), np.uint8)
HEAD[8:88, 8:72] = 60
HEAD[40:52, 30:48] = 220


def masked(folder: Path, count: int = 3, **more: Any) -> Manifest:
    rows = []
    for k in range(count):
        image = np.roll(HEAD, 2 * k, axis=0)
        Image.fromarray(image).save(folder / f"{k}.png")
        Image.fromarray(((image > 200) * 255).astype(np.uint8)).save(folder / f"{k}-mask.png")
        rows.append({"path": f"{k}.png", "mask": f"{k}-mask.png"})
    return Manifest.of(pd.DataFrame(rows).assign(**more), folder, "m.csv")


def test_a_segmenter_is_trained_and_saved(tmp_path: Path) -> None:
    table = masked(tmp_path, modality=["MRI", "MRI", "CT"])
    out = tmp_path / "seg.joblib"
    bundle = gliaboost.segment_train(table, model="Otsu", modality="mri", out=out)
    assert gliaboost.load_segmenter(out) == bundle
    assert (bundle.metrics["images"], bundle.modality) == (2, "MRI")


def test_all_that_is_wrong_with_a_call_is_told_before_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        gliaboost.segment_train(tmp_path / "no.csv", model="otsu,unet", jobs=0, out=tmp_path)
    said = str(caught.value)
    for fault in ("one segmenter is expected", "jobs=0", "is a folder", "no.csv"):
        assert fault in said, fault


def test_faults_of_the_manifest_are_told(tmp_path: Path) -> None:
    table = masked(tmp_path)
    (tmp_path / "1-mask.png").unlink()
    with pytest.raises(ManifestError, match="masks that are not there"):
        gliaboost.segment_train(table, model="otsu")


def test_unreadable_pictures_are_warned_of(tmp_path: Path) -> None:
    table = masked(tmp_path)
    (tmp_path / "1.png").write_bytes(b"no picture")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gliaboost.segment_train(table, model="otsu")
    (warning,) = [w.message for w in caught if isinstance(w.message, UnreadableWarning)]
    assert [Path(p).name for p in warning.failed] == ["1.png"]


def test_pictures_are_segmented_and_kept(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    bundle = gliaboost.segment_train(masked(tmp_path / "data"), model="otsu")
    files = [tmp_path / "data" / f"{k}.png" for k in range(3)]
    out = tmp_path / "masks"
    found = gliaboost.segment_predict(bundle, files, out=out, spacing="0.5,2")
    assert len(found) == 3 and all(one.found for one in found)
    assert {f.name for f in out.iterdir()} == {
        *(f"{k}-{what}.png" for k in range(3) for what in ("mask", "overlay")),
        *("measurements.csv", "measurements.json"),
    }
    table = pd.read_csv(out / "measurements.csv")
    assert (table["area_mm2"] == table["area_pixels"]).all()
    assert table["seen"].tolist() == ["file"] * 3
    alone = gliaboost.segment_predict(bundle, files[0])
    assert alone[0].files == {} and (alone[0].mask == found[0].mask).all()


def test_nothing_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    bundle = gliaboost.segment_train(masked(tmp_path / "data", 1), model="otsu")
    before = {f.name: f.read_bytes() for f in (tmp_path / "data").iterdir()}
    with pytest.raises(UsageError, match="is not empty; name a new folder"):
        gliaboost.segment_predict(bundle, tmp_path / "data" / "0.png", out=tmp_path / "data")
    assert before == {f.name: f.read_bytes() for f in (tmp_path / "data").iterdir()}
    (tmp_path / "empty").mkdir()
    gliaboost.segment_predict(bundle, tmp_path / "data" / "0.png", out=tmp_path / "empty")
    assert (tmp_path / "empty" / "0-mask.png").is_file()


def test_two_runs_at_once_do_not_replace_each_other(tmp_path: Path) -> None:
    bundle, out = gliaboost.segment_train(masked(tmp_path), model="otsu"), tmp_path / "out"

    class Another:
        """Begins while the first is at work."""

        def line(self, text: str) -> None:
            pass

        def step(self, stage: str, done: int, total: int | None) -> None:
            with pytest.raises(UsageError, match=r"another run is at work at .*out"):
                gliaboost.segment_predict(bundle, tmp_path / "1.png", out=out)

    gliaboost.segment_predict(bundle, tmp_path / "0.png", out=out, progress=Another())
    assert (out / "0-mask.png").is_file() and not (out / "1-mask.png").exists()
    assert not list(tmp_path.glob(".out*"))


def test_masks_among_the_pictures_are_not_segmented_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    bundle = gliaboost.segment_train(masked(tmp_path / "data"), model="otsu")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(HEAD).save(pictures / "a.png")
    for out in ("masks", "masks-2"):
        found = gliaboost.segment_predict(bundle, pictures, out=pictures / out)
        assert [Path(one.name).name for one in found] == ["a.png"]


def test_all_that_is_wrong_with_a_prediction_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(UsageError) as caught:
        gliaboost.segment_predict(
            tmp_path / "no.joblib", "a.png", out=tmp_path / "full", spacing="0", device="gpu"
        )
    for fault in ("no bundle", "not empty", "--spacing 0", "'gpu'"):
        assert fault in str(caught.value), fault


def test_a_segmentation_needs_its_extra_and_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    from gliaboost._face import segmenting

    found: Any = lambda name: None  # noqa: E731
    monkeypatch.setattr(segmenting, "find_spec", found)
    with pytest.raises(UsageError, match=r"(?s)gliaboost\[seg\].*name a folder"):
        gliaboost.segment_predict("no.joblib", "a.png", dicom_seg=True)


@pytest.mark.parametrize(
    ("given", "read"),
    [("0.5", (0.5, 0.5)), (2, (2.0, 2.0)), ("0.5 0.4", (0.5, 0.4)), ([1, 2], (1.0, 2.0)),
     ("0.5x0.4", (0.5, 0.4)), (None, None)],
)  # fmt: skip
def test_spacing_is_read_as_people_write_it(given: Any, read: Any) -> None:
    assert read_spacing(given) == read


@pytest.mark.parametrize("given", ["", "a", "1,2,3", "-1", "nan", "1,0", [], [1, "b"], object()])
def test_spacing_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(UsageError, match="mm between rows"):
        read_spacing(given)


def test_without_masks_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "data" / "glioma").mkdir(parents=True)
    (tmp_path / "data" / "healthy").mkdir()
    for place in ("glioma/1.png", "healthy/2.png"):
        Image.fromarray(HEAD).save(tmp_path / "data" / place)
    with pytest.raises(UsageError, match="has a mask, and a segmenter learns from masks"):
        gliaboost.segment_train(tmp_path / "data", model="otsu", out=tmp_path / "seg.joblib")
    assert [f.name for f in tmp_path.iterdir()] == ["data"]


def test_tables_of_nothing_are_not_written(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    bundle = gliaboost.segment_train(masked(tmp_path / "data"), model="otsu")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    gone, out = [tmp_path / "gone.png", tmp_path / "broken.png"], tmp_path / "masks"
    with pytest.raises(UsageError) as caught:
        gliaboost.segment_predict(bundle, gone, out=out)
    said = str(caught.value)
    assert "no picture could be read, nothing was written" in said
    assert "gone.png: no such file" in said and "broken.png: " in said
    assert not out.exists()
    # One that can be read is written, the others are named.
    found = gliaboost.segment_predict(bundle, [*gone, tmp_path / "data" / "0.png"], out=out)
    assert [one.error is None for one in found] == [False, False, True]
    assert len(pd.read_csv(out / "measurements.csv")) == 1
    assert [one.error for one in gliaboost.segment_predict(bundle, gone)] == [
        found[0].error,
        found[1].error,
    ]


def test_a_bundle_of_other_maths_is_told_with_all_else(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    bundle = gliaboost.segment_train(masked(tmp_path / "data"), model="otsu")
    bundle.segmenter_version += 1
    with pytest.raises(UsageError) as caught:
        gliaboost.segment_predict(bundle, tmp_path / "data", jobs=0, out=tmp_path / "masks")
    assert "of its maths" in str(caught.value) and "jobs=0" in str(caught.value)
