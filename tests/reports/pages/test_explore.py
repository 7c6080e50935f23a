from __future__ import annotations

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.reports.pages.explore import neighbourhood_map, render_explore
from gliaboost.reports.pages.glance import MASK_SIDE, MEAN_SIDE, look


@pytest.fixture
def small_set(tmp_path: Path) -> Manifest:
    """Twelve images of two classes, a mask in the upper left of class a, one broken file."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(12):
        noise = cv2.GaussianBlur(rng.normal(size=(128, 128)), (0, 0), 5)
        image = np.clip(60 + 100 * (i % 2) + 20 * noise / noise.std(), 0, 255).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / f"{i}.png")
        row = {"path": f"{i}.png", "label": "ab"[i % 2], "patient": f"p{i // 4}", "source": "x"}
        if i % 2 == 0:
            mask = np.zeros((128, 128), np.uint8)
            mask[:32, :64] = 255
            Image.fromarray(mask).save(tmp_path / f"m{i}.png")
            row["mask"] = f"m{i}.png"
        rows.append(row)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    rows.append({"path": "broken.png", "label": "b", "patient": "p9", "source": "y"})
    return Manifest.of(pd.DataFrame(rows), tmp_path, "small <set>")


def beside_planes(text: str) -> str:
    """Cut the section out whose pictures depend on what noise is taken for."""
    before, _, after = text.partition("<h2>Planes</h2>")
    return before + after.partition("<h2>Sizes</h2>")[2]


def test_sums_by_class(small_set: Manifest) -> None:
    overview = look(small_set, jobs=2)
    a, b = overview.classes
    assert (a.label, a.read, a.failed, b.label, b.read, b.failed) == ("a", 6, 0, "b", 6, 1)
    images = np.stack(
        [
            np.asarray(Image.open(p), np.float64)
            for p, label in zip(small_set.paths, small_set.table["label"], strict=True)
            if label == "a"
        ]
    )
    np.testing.assert_allclose(a.mean, images.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(a.deviation, images.std(axis=0), atol=1e-2)
    counts = np.bincount(images.astype(int).ravel(), minlength=256)
    np.testing.assert_allclose(a.histogram, counts / counts.sum())
    assert a.mean.shape == (MEAN_SIDE, MEAN_SIDE)
    assert a.mask_shares == [0.125] * 6
    assert a.mask_map[: MASK_SIDE // 4, : MASK_SIDE // 2].min() == 1
    assert a.mask_map.sum() == MASK_SIDE**2 / 8
    assert b.mask_shares == []
    assert overview.errors[-1] and not any(overview.errors[:-1])
    assert overview.sizes[0] == (128, 128)


def test_a_notebook_shows_the_classes(small_set: Manifest) -> None:
    html = look(small_set)._repr_html_()
    assert "13 files" in html
    assert "12 of 128 x 128 pixels; sizes in all: 1" in html
    assert html.count("<tr>") == 3
    assert repr(look(small_set)) == "<Overview: 13 files, 1 unreadable\n 6 a, 6 b>"


def test_preparation_comes_first(small_set: Manifest) -> None:
    class Inverted(Preparation):
        def __call__(self, image):  # type: ignore[no-untyped-def]
            return 255 - image

    plain, inverted = look(small_set), look(small_set, Inverted(size=128))
    for one, other in zip(plain.classes, inverted.classes, strict=True):
        np.testing.assert_allclose(other.mean, 255 - one.mean, atol=1e-3)
        np.testing.assert_allclose(other.histogram, one.histogram[::-1])
    assert plain.sizes == inverted.sizes


def page(manifest: Manifest, out: Path, preparation: Preparation | None = None) -> str:
    overview = look(manifest, preparation)
    return render_explore(manifest, overview, out, preparation).read_text("utf-8")


def test_page(small_set: Manifest, tmp_path: Path) -> None:
    text = page(small_set, tmp_path / "page.html")
    assert "small &lt;set&gt;" in text
    assert "13 images, 4 patients, each with 1 to 4 images (median 4)" in text
    assert re.search(r"source: <span[^>]*>x \(6\)</span>", text) and "split:" not in text
    # Names of files alone, broken nowhere; the whole path is told when pointed at.
    assert '<figcaption class="path" title="0.png">0.png</figcaption>' in text
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "broken.png" in text
    for heading in ("Contact sheet", "Greys", "Mean and deviation", "Masks", "By class"):
        assert heading in text
    # Six of each class on the sheet; mean and deviation of two classes; one mask map.
    assert beside_planes(text).count("<img ") == 12 + 4 + 1
    assert "a: 6" in text
    again = page(small_set, tmp_path / "again.html")
    assert again == text


def test_what_all_images_share_is_said_once(small_set: Manifest, tmp_path: Path) -> None:
    table = small_set.table.assign(source="folder_of_x", modality="MRI")
    table["split"] = ["train"] * 12 + [None]
    text = page(Manifest(table, small_set.root, "m"), tmp_path / "page.html")
    assert "All of modality MRI, source folder_<wbr>of_<wbr>x." in text
    assert re.search(r"split: <span[^>]*>train \(6\)</span>", text) and "source:" not in text


def test_page_after_preparation(small_set: Manifest, tmp_path: Path) -> None:
    text = page(small_set, tmp_path / "page.html", Preparation(size=64))
    assert "<code>size=64</code>." in text
    assert beside_planes(text).count("<img ") == 2 * 12 + 4 + 1
    prepared = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="prepared">', text)
    image = cv2.imdecode(np.frombuffer(base64.b64decode(prepared[0]), np.uint8), 0)
    assert image is not None
    assert image.shape == (64, 64)


def test_little_is_enough(tmp_path: Path) -> None:
    Image.new("L", (32, 20), 9).save(tmp_path / "a.png")
    manifest = Manifest.of(pd.DataFrame({"path": ["a.png"]}), tmp_path)
    text = page(manifest, tmp_path / "page.html")
    assert "(no label)" in text
    assert "patients unknown" in text
    assert "32 x 20" in text
    for absent in ("<h2>Map", "<h2>Masks", "<h2>Unreadable"):
        assert absent not in text


def test_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rows"):
        look(Manifest.of(pd.DataFrame({"path": []}), tmp_path))
    broken = Manifest.of(pd.DataFrame({"path": ["absent.png"]}), tmp_path)
    with pytest.raises(UsageError, match="none of its 1 files can be read"):
        look(broken)


def test_alike_pictures_are_neighbours() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 64, 64))
    noise = rng.normal(size=(60, 64, 64))
    kind = np.arange(60) % 3
    smooth = np.stack([cv2.GaussianBlur(c, (0, 0), 6) for c in centres])
    smooth /= smooth.std(axis=(1, 2), keepdims=True)
    places = neighbourhood_map((smooth[kind] + 0.1 * noise).astype(np.float16), seed=1)
    assert places.shape == (60, 2)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (kind[distance.argmin(axis=1)] == kind).all()


def test_planes_are_counted_and_shown(small_set: Manifest, tmp_path: Path) -> None:
    table = small_set.table.copy()
    table["plane"] = ["AX", "sagittal", *[None] * (len(table) - 2)]
    given = Manifest.of(table, small_set.root, "planes")
    overview = look(given, jobs=1)
    assert overview.planes[:2] == ["axial", "sagittal"] and overview.planes_given == 2
    # Noise is no plane, and an unreadable file has none.
    assert overview.planes[-1] == "unknown"
    html = render_explore(given, overview, tmp_path / "page.html").read_text("utf-8")
    section = html.split("<h2>Planes</h2>")[1].split("<h2>Sizes</h2>")[0]
    assert "2 as the data set gives them, the others told from the pictures" in section
    shown = re.findall(r"<h3>(\w+)</h3>", section)
    assert shown[0] == "axial" and "sagittal" in shown
    counted = [int(n) for n in re.findall(r'<td class="n">(\d+)</td>', section)]
    assert sum(counted) == 12
    assert section.count("<img") == sum(min(8, n) for n in counted)


def test_planes_that_the_data_set_gives_are_not_inferred(
    small_set: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gliaboost.reports.pages.glance.plane_probabilities", None)
    overview = look(Manifest.of(small_set.table.assign(plane="cor"), small_set.root, "all"))
    assert set(overview.planes) == {"coronal"}
