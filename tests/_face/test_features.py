from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gliaboost
from gliaboost.datasets.decode import decode
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ManifestError, UsageError
from gliaboost.features import GLCM, LBP

MakeImages = Callable[..., Path]


def test_a_frame_holds_what_the_extractors_compute(make_images: MakeImages, tmp_path: Path) -> None:
    path = make_images(patients=2, per_patient=2)
    (path.parent / "p00-1.png").write_bytes(b"")
    lbp = LBP(points=8, radii=2)
    done = gliaboost.extract(
        path, features=[lbp, "glcm"], settings={"glcm": {"levels": 8}}, store=tmp_path / "s"
    )
    frame = done.to_frame()
    assert frame.index.tolist() == ["p00-0.png", "p01-0.png", "p01-1.png"]
    assert list(done.failed) == [str(path.parent / "p00-1.png")]
    image = Preparation()(decode(path.parent / "p01-0.png"))[None]
    expected = np.hstack([lbp.transform(image), GLCM(levels=8).transform(image)])
    np.testing.assert_array_equal(frame.loc[["p01-0.png"]].to_numpy(), expected)
    assert frame.columns[-1].startswith("glcm__") and "levels_8" in frame.columns[-1]


def test_what_is_in_the_store_is_not_computed_again(
    make_images: MakeImages, tmp_path: Path
) -> None:
    path = make_images(patients=2)
    counts = []
    for _ in range(2):
        done = gliaboost.extract(path, features="glcm", store=tmp_path / "s").extraction
        counts.append((done.computed, done.reused))
    assert counts == [(6, 0), (0, 6)]


def test_a_notebook_is_shown_the_columns_and_not_the_images(
    make_images: MakeImages, tmp_path: Path
) -> None:
    done = gliaboost.extract(make_images(patients=2), features="hog,glcm", store=tmp_path / "s")
    html = done._repr_html_()
    for extractor in done.extractors:
        assert f">{extractor.label}<" in html
        assert f">{len(extractor.feature_names(256, 256)):,}<" in html
    assert "6 images computed, 0 in the store before, 0 unreadable" in html
    first, second = repr(done).splitlines()
    assert first.startswith("<Extracted: hog, glcm of ") and second == " 6 images, 0 unreadable>"


def test_wrong_calls_are_refused(make_images: MakeImages) -> None:
    path = make_images(patients=2)
    with pytest.raises(UsageError, match="hog has no 'nothing'"):
        gliaboost.extract(path, features="hog", settings={"hog": {"nothing": 1}})
    (path.parent / "p00-0.png").unlink()
    with pytest.raises(ManifestError, match=r"p00-0\.png"):
        gliaboost.extract(path, features="hog")


def test_an_executor_does_the_work(make_images: MakeImages, tmp_path: Path) -> None:
    used: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *given: Any, **named: Any) -> Any:
            used.append(1)
            return super().submit(*given, **named)

    with Counting(2) as executor:
        done = gliaboost.extract(
            make_images(), features="glcm", store=tmp_path / "s", jobs=2, executor=executor
        )
    assert used and done.extraction.computed == 30


def test_what_learns_inside_a_fold_has_no_columns_outside(make_images: MakeImages) -> None:
    with pytest.raises(UsageError, match="region learns from the training rows of a fold") as told:
        gliaboost.extract(
            make_images(patients=2), features="lbp,region", settings=["region.maps=classical"]
        )
    assert "lbp" not in str(told.value)
