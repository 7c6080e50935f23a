from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gliaboost
from gliaboost.datasets.image_source import ImageSource
from gliaboost.errors import BundleError, DecodeError

MakeImages = Callable[..., Path]
FEW = {"lightgbm": {"rounds": 5, "inner_folds": 0}}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.mark.integration
def test_prediction_takes_a_bundle_or_its_file_and_one_image_or_many(
    make_images: MakeImages, store: Path, tmp_path: Path
) -> None:
    path, file = make_images(), tmp_path / "m.joblib"
    bundle = gliaboost.train(path, features="glcm", settings=FEW, store=store, out=file)
    one, other = path.parent / "p00-0.png", path.parent / "p01-0.png"
    seen = gliaboost.predict(bundle, [one, str(other)])
    assert [p.name for p in seen] == [str(one), str(other)]
    assert (seen.classes, seen.model) == (["coarse", "fine"], bundle.summary())
    in_memory = ImageSource(str(one), one.read_bytes())
    assert list(gliaboost.predict(bundle, [in_memory, other])) == list(seen)
    for given in (one, str(one), in_memory):
        for whose in (bundle, file, str(file)):
            assert list(gliaboost.predict(whose, given)) == [seen[0]]
    with pytest.raises(BundleError):
        gliaboost.predict(path, one)


@pytest.mark.integration
def test_an_explanation_takes_a_bundle_or_its_file(
    make_images: MakeImages, store: Path, tmp_path: Path
) -> None:
    path, file = make_images(), tmp_path / "m.joblib"
    bundle = gliaboost.train(path, features="hog", settings=FEW, store=store, out=file)
    image = path.parent / "p00-0.png"
    one, other = gliaboost.explain(bundle, image), gliaboost.explain(str(file), str(image))
    assert one.predicted == gliaboost.predict(bundle, image)[0].predicted == other.predicted
    np.testing.assert_array_equal(one.heat, other.heat)
    (tmp_path / "broken.png").write_text("no picture")
    with pytest.raises(DecodeError, match=r"broken\.png"):
        gliaboost.explain(bundle, tmp_path / "broken.png")
