from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gliaboost.datasets.audit.audit import audit
from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.document.page import picture_uri
from gliaboost.reports.pages.audit_page import render_audit
from gliaboost.reports.pages.pair_gallery import LEAST_SURE, SUREST


def pixels(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.split(",")[1])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return np.asarray(image)


class Page(HTMLParser):
    """Collect what a reader sees, and what the page would load from elsewhere."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.images: list[str] = []
        self.outside: list[str] = []
        self.open: list[str] = []
        self.source = path.read_text("utf-8")
        self.feed(self.source.replace("<wbr>", ""))  # a place to break, no word
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)
        for name, value in attrs:
            if tag == "img" and name == "src":
                self.images.append(value or "")
            if name in ("src", "href") and not (value or "").startswith(("data:", "#")):
                self.outside.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)


def textured(seed: int) -> Image.Image:
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(96, 96)), (0, 0), 6)
    return Image.fromarray(np.clip(128 + 50 * noise / noise.std(), 0, 255).astype(np.uint8))


def manifest_of(folder: Path, rows: list[dict[str, str]], name: str) -> Manifest:
    return Manifest.of(pd.DataFrame(rows), folder, name)


@pytest.fixture
def leaking(tmp_path: Path) -> Manifest:
    rows = []
    for i in range(30):
        textured(i).save(tmp_path / f"{i}.png")
        textured(i).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / f"copy-{i}.png")
        for name, split in ((f"{i}.png", "train"), (f"copy-{i}.png", "test")):
            label = "<b>odd</b>" if name == "copy-3.png" else "glioma"
            rows.append({"path": name, "label": label, "patient": f"p{i}", "split": split})
    Image.new("L", (96, 96)).save(tmp_path / "black.png")
    (tmp_path / "empty.png").touch()
    rows += [{"path": "black.png"}, {"path": "empty.png"}]
    return manifest_of(tmp_path, rows, "leaking & <odd>")


@pytest.mark.integration
def test_page_shows_the_findings(leaking: Manifest, tmp_path: Path) -> None:
    report = audit(leaking)
    page = Page(render_audit(report, leaking, tmp_path / "audit.html"))
    assert not page.outside
    assert not page.open
    assert all(uri.startswith("data:image/jpeg;base64,") for uri in page.images)
    assert "<b>odd</b>" in page.text  # as text, not as a tag
    assert "<b>odd</b>" not in page.source
    assert "labels: glioma / <b>odd</b>" in page.text
    assert "split: train / test" in page.text
    assert "The second is mirrored, shown turned back." in page.text
    assert "29 pairs, all in audit.json; here are the surest" in page.text
    assert page.text.index("surest") < page.text.index("Least sure: judge yourself")
    assert "leaking & <odd>" in page.text
    # The one contradiction, the pairs on two sides, and the black picture among the faults.
    assert len(page.images) == 3 * (1 + SUREST + LEAST_SURE) + 1
    for sentence in report.verdict():
        assert sentence in page.text
    assert "is empty (0 bytes)" in page.text
    measured = " ".join(page.text[page.text.index("How this was measured") :].split())
    assert "A cropped copy is looked for by keypoints" in measured
    assert "Neighbours reach a correlation of 0.96 as a whole" in measured


def test_wrong_stands_before_fine(leaking: Manifest, tmp_path: Path) -> None:
    page = Page(render_audit(audit(leaking), leaking, tmp_path / "audit.html"))
    weights = re.findall(r'<li class="(\w+)">', page.source)
    assert weights == sorted(weights, key=["wrong", "note", "fine"].index)
    assert "wrong" in weights


def test_page_against(leaking: Manifest, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    textured(0).save(other / "x.png")
    textured(1).save(other / "y.png")
    rows = [{"path": "x.png", "label": "glioma"}, {"path": "y.png", "label": "meningioma"}]
    against = manifest_of(other, rows, "theirs")
    mine = Manifest(leaking.table.iloc[[0, 2, 4]].reset_index(drop=True), leaking.root, "mine")
    report = audit(mine, against=against)
    page = Page(render_audit(report, mine, tmp_path / "audit.html", against=against))
    assert "Also in theirs" in page.text
    assert len(page.images) == 6


def test_page_of_a_clean_set(tmp_path: Path) -> None:
    rows = []
    for i in range(3):
        textured(i).save(tmp_path / f"{i}.png")
        rows.append({"path": f"{i}.png"})
    manifest = manifest_of(tmp_path, rows, "clean")
    page = Page(render_audit(audit(manifest), manifest, tmp_path / "audit.html"))
    assert page.images == []
    assert "None was found." in page.text
    assert "<h2>Neighbours" not in page.source
    assert "Looked for and not found: unreadable, blank," in page.text


def test_turned_copies_are_shown_alike(leaking: Manifest, tmp_path: Path) -> None:
    mine = Manifest(leaking.table.iloc[:2].reset_index(drop=True), leaking.root, "one pair")
    page = Page(render_audit(audit(mine), mine, tmp_path / "audit.html"))
    first, second, left = (pixels(uri).astype(int) for uri in page.images)
    assert np.abs(first - second).mean() < 1
    assert left.max() < 30
    assert np.abs(first - second[:, ::-1]).mean() > 30


def test_neighbours_have_a_section_of_their_own(tmp_path: Path) -> None:
    rows = []
    for i, split in enumerate(("train", "test")):
        textured(i).save(tmp_path / f"{i}.png")
        rows.append({"path": f"{i}.png", "label": "glioma", "split": split})
    manifest = manifest_of(tmp_path, rows, "volume")
    report = audit(manifest)
    pair = {"a": 0, "b": 1, "kind": "neighbour", "similarity": 0.98, "agreement": 0.93}
    pair |= {"orientation": "same", "adjusted": "", "move": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)}
    beside = replace(report, neighbours=pd.DataFrame([pair]))
    page = Page(render_audit(beside, manifest, tmp_path / "audit.html"))
    assert "None was found. By split" in page.text
    section = page.text[page.text.index("Neighbours") :]
    assert "On two sides, patient unknown" in section
    assert "Agreement 0.9300." in section
    assert len(page.images) == 3


@pytest.mark.parametrize("shape", [(50, 80), (400, 100), (3, 900), (300, 300, 3)])
def test_pictures_fit(shape: tuple[int, ...]) -> None:
    uri = picture_uri(np.zeros(shape, np.uint8), 100)
    data = base64.b64decode(uri.split(",")[1])
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    assert max(image.shape[:2]) == min(100, max(shape[:2]))
    assert image.ndim == len(shape)
