"""The page, driven without a browser, on models that are trained in a second."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

import gliaboost
from gliaboost.datasets.decode import decode
from gliaboost.web.launch import SCRIPT
from gliaboost.web.settings import AppSettings

OpenPage = Callable[..., AppTest]


class Made(NamedTuple):
    """What the page works with."""

    folder: Path
    bundle: Path
    other: Path
    segmenter: Path

    def picture(self, name: str = "p00-0.png") -> bytes:
        return (self.folder / name).read_bytes()

    def greys(self, name: str = "p00-0.png") -> NDArray[np.uint16]:
        return decode(self.folder / name).astype(np.uint16)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, write_images: Callable[..., Path]) -> Made:
    """Train two classifiers and a segmenter on simulated textures."""
    place = tmp_path_factory.mktemp("page")
    manifest = write_images(place / "data", patients=24, per_patient=2)
    named: dict[str, Any] = {
        "features": "hog,lbp", "settings": {"lightgbm": {"rounds": 20}}, "store": place / "store",
    }  # fmt: skip
    gliaboost.train(manifest, out=place / "first.joblib", **named)
    gliaboost.train(
        manifest, out=place / "second.joblib", **{**named, "features": "glcm", "estimate": 0}
    )
    image = np.zeros((64, 64), np.uint8)
    image[8:56, 8:56] = 60
    image[26:34, 26:34] = 220
    cv2.imwrite(str(place / "a.png"), image)
    cv2.imwrite(str(place / "m.png"), image // 200 * 255)
    table = gliaboost.Manifest.of(pd.DataFrame({"path": ["a.png"], "mask": ["m.png"]}), place)
    gliaboost.segment_train(table, model="otsu", out=place / "seg.joblib")
    return Made(
        place / "data", place / "first.joblib", place / "second.joblib", place / "seg.joblib"
    )


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """Return a function that opens the page with settings, as a browser would."""

    def opened(*bundles: Path, segmenter: Path | None = None, **named: Any) -> AppTest:
        settings = AppSettings(
            tuple(map(str, bundles)), () if segmenter is None else (str(segmenter),), **named
        )
        monkeypatch.setattr(sys, "argv", ["script", *settings.words()])
        page = AppTest.from_file(str(SCRIPT), default_timeout=60)
        return page.run()

    yield opened


def drop(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Drop files on the page."""
    given = [(name, data, "application/octet-stream") for name, data in files]
    return page.file_uploader[0].set_value(given).run()


def words(page: AppTest) -> str:
    """Everything that is to be read on the page."""
    kinds = ("markdown", "html", "error", "warning", "info", "subheader", "title", "caption")
    return "\n".join(
        str(getattr(e, "value", "")) for kind in kinds for e in page.get(kind)
    ).replace("\\", "")


def framed(page: AppTest) -> str:
    """The page that is shown inside the page."""
    (frame,) = page.get("bidi_component")
    shown: str = json.loads(frame.proto.json)["html"]
    return shown
