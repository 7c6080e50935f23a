from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets import image_source
from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError
from gliaboost.features import create
from gliaboost.features.extract import features_of
from gliaboost.features.store import FeatureStore
from gliaboost.models.explain.attribution import explain
from gliaboost.models.familiarity.familiarity import Familiarity
from gliaboost.models.packing import make_bundle
from gliaboost.models.prediction import PICTURED, SHOWN, Prediction, Predictions, predict
from gliaboost.models.registry import create_model
from gliaboost.models.training import train

CLASSES = ["glioma", "no_tumor"]


def made(*rows: Prediction) -> Predictions:
    return Predictions(rows, CLASSES, {"model": "lightgbm"})


def one(name: str = "a.png") -> Prediction:
    return Prediction(name, "glioma", {"glioma": 0.75, "no_tumor": 0.25})


FAILED = Prediction("b.png", None, {}, "is empty")


def test_they_are_a_sequence() -> None:
    predictions = made(one(), FAILED)
    assert len(predictions) == 2
    assert [p.name for p in predictions] == ["a.png", "b.png"]
    assert predictions[-1] is FAILED
    assert predictions[:1] == (predictions[0],)


def test_a_frame_has_a_row_a_file_readable_or_not() -> None:
    frame = made(one(), FAILED).to_frame()
    assert frame["path"].tolist() == ["a.png", "b.png"]
    assert frame["proba_no_tumor"].iloc[0] == 0.25
    assert frame["error"].tolist()[1] == "is empty"
    assert frame.iloc[1][["predicted", "proba_glioma"]].isna().all()
    assert pd.isna(frame["error"].iloc[0])


def test_a_frame_of_nothing_has_the_same_columns_and_types() -> None:
    empty, full = made(FAILED).to_frame(), made(one()).to_frame()
    assert empty.dtypes.tolist() == full.dtypes.tolist()
    assert list(empty.columns) == list(full.columns)


def test_a_notebook_shows_the_first_and_counts_the_rest() -> None:
    html = made(*(one(f"<i>{n:03}.png") for n in range(SHOWN + 1)), FAILED)._repr_html_()
    assert "&lt;i&gt;000.png" in html and "<i>" not in html
    assert f"{SHOWN - 1:03}.png" in html and f"{SHOWN:03}.png" not in html
    assert f"{SHOWN + 1} images; the first {SHOWN} shown; 1 unreadable" in html
    assert "0.750" in html


def test_a_prompt_sees_two_lines() -> None:
    many = made(*(one(f"{n}\n.png") for n in range(999)), FAILED)
    assert repr(many) == "<Predictions: lightgbm on 999 images, 1 unreadable\n 999 glioma>"
    assert repr(one("a\n.png")) == "<Prediction: glioma, 75.0%: a�.png\n nothing to warn of>"
    assert repr(FAILED) == "<Prediction: b.png\n unreadable: is empty>"


def test_one_shows_its_bars_or_why_it_cannot_be_read() -> None:
    html = one("<i>a.png")._repr_html_()
    assert "75.0%" in html and "25.0%" in html and "<i>" not in html
    assert "is empty" in FAILED._repr_html_()


def test_images_in_memory_are_predicted_and_explained_as_their_files_are(
    make_images: Callable[..., Path],
) -> None:
    manifest = Manifest.read(make_images(patients=6))
    preparation, extractors = Preparation(size=32), [create("lbp"), create("glcm")]
    X, *_ = features_of(manifest.paths, extractors, preparation)
    model = create_model("lightgbm", rounds=4, inner_folds=0, jobs=1)
    model.fit(X, manifest.table["label"].to_numpy(dtype=object))
    bundle = make_bundle(model, preparation, extractors, manifest_fingerprint="0" * 64)
    data = [ImageSource(f"upload {i}", p.read_bytes()) for i, p in enumerate(manifest.paths)]
    held, *_ = features_of(data, extractors, preparation)
    np.testing.assert_array_equal(X, held)
    of_files, of_bytes = predict(bundle, manifest.paths), predict(bundle, data)
    assert [p.probabilities for p in of_files] == [p.probabilities for p in of_bytes]
    assert [p.name for p in of_bytes] == [s.name for s in data]
    assert [p.name for p in of_files] == [str(p) for p in manifest.paths]
    file, memory = explain(bundle, manifest.paths[3]), explain(bundle, data[3])
    np.testing.assert_array_equal(file.heat, memory.heat)
    assert (file.families, file.probabilities) == (memory.families, memory.probabilities)
    # A notebook shows the first, as the model was given them; nothing of the rest is kept.
    for found in (of_files, of_bytes):
        assert [p.pictured is not None for p in found] == [n < PICTURED for n in range(len(found))]
        shown = found[0].pictured
        assert shown is not None
        np.testing.assert_array_equal(shown.image, preparation(decode(manifest.paths[0])))
        html = found._repr_html_()
        assert html.count("data:image/png;base64,") == html.count("<img ") == 2 * PICTURED
        assert "http" not in html and len(repr(found).splitlines()) == 2
    damaged = ImageSource("damaged upload", data[0].read()[:40])
    mixed = predict(bundle, [damaged, manifest.paths[0]])
    assert (mixed[0].name, mixed[0].predicted) == ("damaged upload", None)
    assert mixed[0].error and mixed[1].probabilities == of_files[0].probabilities
    with pytest.raises(DecodeError, match=r"^damaged upload: "):
        explain(bundle, damaged)


def known(name: str, unlike: bool = False, seen: str = "") -> Prediction:
    familiarity = Familiarity(0.001 if unlike else 0.5, unlike, seen)
    return Prediction(name, "glioma", {"glioma": 0.75, "no_tumor": 0.25}, familiarity=familiarity)


def test_what_a_reader_must_know_is_counted_and_named() -> None:
    odd = [known(f"odd{n}.png", unlike=True) for n in range(5)]
    files = [known("a.png", seen="file")]
    said = made(*odd, *files, known("b.png", seen="copy"), known("fine.png"), FAILED).warnings
    assert said[0].startswith("5 of 8 pictures are unlike")
    assert said[0].endswith("odd0.png, odd1.png, odd2.png and 2 more")
    assert said[1].startswith("1 of 8 pictures is among the files") and said[1].endswith("a.png")
    assert "copy" in said[2] and said[2].endswith("b.png")
    assert made(known("odd.png", unlike=True)).warnings[0].startswith("the picture is unlike")


def test_nothing_to_warn_of_is_said_by_silence() -> None:
    assert made(known("fine.png"), one(), FAILED).warnings == []


def test_a_frame_tells_how_each_stands_to_the_training() -> None:
    frame = made(known("odd.png", unlike=True), known("a.png", seen="file"), one()).to_frame()
    assert frame["typicality"].tolist()[:2] == [0.001, 0.5]
    assert frame["seen"].tolist()[:2] == ["", "file"]
    assert frame[["typicality", "seen"]].iloc[2].isna().all()


def test_no_file_is_read_a_second_time_for_what_is_known_of_it(
    make_images: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest.read(make_images(patients=6, per_patient=1, size=64))
    bundle, _ = train(
        manifest,
        [create("glcm", levels=8)],
        "lightgbm",
        FeatureStore(tmp_path / "store"),
        preparation=Preparation(size=64),
        parameters={"rounds": 3, "inner_folds": 0},
        jobs=1,
    )
    read: list[Any] = []
    of_file = image_source._read

    def watched(name: Any) -> bytes:
        read.append(name)
        return of_file(name)

    monkeypatch.setattr(image_source, "_read", watched)
    found = predict(bundle, manifest.paths)
    assert {p.seen for p in found} == {"file"}
    assert sorted(read) == sorted(manifest.paths)


@pytest.mark.integration
@pytest.mark.parametrize("model", ["lightgbm", "cnn-scratch"])
def test_a_trained_model_knows_its_pictures_and_warns_of_noise(
    make_images: Callable[..., Path], tmp_path: Path, model: str
) -> None:
    parameters: dict[str, object] = {"rounds": 3, "inner_folds": 0}
    if model == "cnn-scratch":
        pytest.importorskip("torch")
        parameters = {"epochs": 1, "depths": (1, 1), "widths": (4, 8), "size": 32}
    manifest = Manifest.read(make_images(patients=30, per_patient=1, size=64))
    bundle, _ = train(
        manifest,
        [create("glcm", levels=8)],
        model,
        FeatureStore(tmp_path / "store"),
        preparation=Preparation(size=64),
        parameters=parameters,
        jobs=1,
    )
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))
    upload = ImageSource("upload", manifest.paths[2].read_bytes())
    found = predict(
        bundle,
        [
            manifest.paths[0],
            upload,
            ImageSource.from_array("noise", noise),
            ImageSource.from_array("stripes", stripes),
        ],
    )
    assert [p.seen for p in found] == ["file", "file", "", ""]
    assert found[3].familiarity is not None and found[3].familiarity.unlike
    assert any("file" in sentence for sentence in found.warnings)
