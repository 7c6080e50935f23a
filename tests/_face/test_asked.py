from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gliaboost
from gliaboost.errors import UsageError

MakeImages = Callable[..., Path]


def test_wrong_names_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    for call in (gliaboost.train, gliaboost.tune):
        with pytest.raises(UsageError, match=r"'svm' of 'svm\.C' is not in this run"):
            call(tmp_path / "gone", settings={"svm": {"C": 1}})


def test_everything_wrong_is_told_before_any_image_is_read(
    make_images: MakeImages, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        gliaboost.tune(
            make_images(),
            model="xgboost",
            features="glcm",
            settings={"xgboost": {"learning_rate": "abc"}},
            trials=0,
            out=tmp_path,
            store=tmp_path / "file",
            study=tmp_path / "file" / "j",
        )
    for fault in ("trials=0", "learning_rate='abc'", "--out", "--store", "--study"):
        assert fault in str(caught.value)
    with pytest.raises(UsageError, match="one model is expected"):
        gliaboost.train(make_images(name="more"), model="xgboost,lightgbm", features="glcm")
