from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError, UsageError
from gliaboost.features import create
from gliaboost.features.extract import features_of
from gliaboost.models.explain.attribution import explain
from gliaboost.models.packing import make_bundle
from gliaboost.models.prediction import SHOWN, Prediction, Predictions, _sources, predict
from gliaboost.models.registry import create_model

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
    damaged = ImageSource("damaged upload", data[0].read()[:40])
    mixed = predict(bundle, [damaged, manifest.paths[0]])
    assert (mixed[0].name, mixed[0].predicted) == ("damaged upload", None)
    assert mixed[0].error and mixed[1].probabilities == of_files[0].probabilities
    with pytest.raises(DecodeError, match=r"^damaged upload: "):
        explain(bundle, damaged)


def test_a_name_beside_bytes_is_no_folder(tmp_path: Path) -> None:
    """A name may be that of a folder that happens to be there."""
    source = ImageSource(str(tmp_path), b"bytes")
    assert list(_sources(source)) == [source]
    with pytest.raises(UsageError, match="no image in"):
        list(_sources(ImageSource(tmp_path)))
