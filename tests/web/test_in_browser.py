"""The page in a real browser: dropped, read, slid, downloaded, by mouse and by keyboard.

With ``GLIABOOST_SCREENSHOTS=DIR`` the pictures that are taken are kept there; the README's is among
them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import nibabel
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gliaboost
from gliaboost.datasets.decode import decode
from gliaboost.datasets.phantom.sample import make_phantom
from tests.browser import chromium
from tests.web.served import DESK, KEPT, PHONE, TALL, faults, give, keep, page_of, serving, settled

# What is served is made once, by one worker.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("page")]

# More where the pictures are for readers: of few patients a model is seldom sure.
PATIENTS = 64 if KEPT else 16
HURRIED = {"maps": "classical", "passes": 1, "inner_folds": 2, "rounds": 20}


class Served(NamedTuple):
    """A page that is being served."""

    url: str
    slices: list[Path]  # of patients that were not trained on, one of each class


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def served(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a classifier and a segmenter of simulated patients, as the command does."""
    place = tmp_path_factory.mktemp("app")
    data = make_phantom(place / "phantom", patients=PATIENTS, slices=1)
    aside = data.table["patient"].isin(data.table.groupby("label")["patient"].max())
    training = gliaboost.Manifest.of(data.table[~aside], data.root, "phantom")
    known: dict[str, Any] = {"store": place / "store"}
    gliaboost.train(
        training,
        features="hog,lbp",
        settings={"lightgbm": {"rounds": 40}},
        out=place / "phantom-model.joblib",
        **known,
    )
    gliaboost.segment_train(
        training, settings={"boosted-pixels": HURRIED}, out=place / "segmenter.joblib", **known
    )
    shown = aside & (data.table["plane"] == "axial")
    rows = data.table[shown].sort_values("label")  # the first has a tumour
    slices = [data.root / path for path in rows["path"]]
    words = ("phantom-model.joblib", "--segment", "segmenter.joblib")
    with serving(place, *words) as url:
        yield Served(url, slices)


def drop(page: Any, *files: Path | tuple[str, bytes]) -> None:
    """Drop files, and wait for the answers to all of them."""
    give(page, *files)
    page.get_by_role("button", name="Answers as CSV").wait_for()
    settled(page)


def heading(page: Any) -> str:
    """What the page says of the picture."""
    found: str = page.get_by_role("heading", level=3).first.inner_text()
    return found


def downloaded(page: Any, button: str) -> Path:
    settled(page)  # a button that is drawn anew at this moment would miss the click
    with page.expect_download() as coming:
        page.get_by_role("button", name=button).click()
    return Path(coming.value.path())


def of_readme(taken: Path) -> Path:
    """Cut the README's picture out of that of a page, small enough for it."""
    with Image.open(taken) as whole:
        cut = whole.crop((250, 90, 1030, 1230)).convert("RGB")
    cut.save(taken.with_name("app.webp"), quality=80, method=6)
    return taken.with_name("app.webp")


def pictures(page: Any) -> list[str]:
    found: list[str] = page.locator("[data-testid=stImage] img").evaluate_all(
        "all => all.map((e) => e.src)"
    )
    return found


def test_a_dropped_slice_has_its_class_its_reason_its_place_and_its_size(
    browser: Any, served: Served
) -> None:
    page = page_of(browser, served.url, height=TALL)
    assert "not a diagnosis" in page.inner_text("main")
    drop(page, served.slices[0])
    said = page.inner_text("main")
    answers = pd.read_csv(downloaded(page, "Answers as CSV"))
    assert answers["picture"].tolist() == [served.slices[0].name]
    assert heading(page) == answers["answer"][0]
    for label in ("glioma", "meningioma", "no_tumor", "pituitary"):
        assert label in said and 0 <= answers[f"proba_{label}"][0] <= 1
    assert "certainty" in said and f"for {answers['predicted'][0]}" in said
    assert "Where, and how large" in said and len(pictures(page)) == 2
    html = downloaded(page, "Answers as one page (HTML)").read_text("utf-8")
    assert served.slices[0].name in html
    assert set(re.findall(r"https?://[^/\"]+", html)) <= {"http://www.w3.org"}
    assert page.complaints == []


def test_sliders_move_by_keyboard_and_change_what_is_drawn(browser: Any, served: Served) -> None:
    page = page_of(browser, served.url, height=TALL)
    drop(page, served.slices[0])
    for name, key in (("Explanation, opacity", "End"), ("Outline where a tumour", "Home")):
        before = pictures(page)
        slider = page.get_by_role("slider", name=name)
        was = slider.get_attribute("aria-valuenow") or slider.input_value()
        slider.focus()
        page.keyboard.press(key)
        page.wait_for_function(
            "(before) => JSON.stringify([...document.querySelectorAll("
            "'[data-testid=stImage] img')].map((e) => e.src)) !== before",
            arg=page.evaluate("(all) => JSON.stringify(all)", before),
        )
        settled(page)
        assert (slider.get_attribute("aria-valuenow") or slider.input_value()) != was
        assert sum(a != b for a, b in zip(before, pictures(page), strict=True)) == 1
    assert page.complaints == []


def test_a_dicom_is_answered_and_its_patient_is_nowhere(
    browser: Any, served: Served, dicom_slice: Callable[..., bytes]
) -> None:
    page = page_of(browser, served.url, height=TALL)
    drop(page, ("scan.dcm", dicom_slice(decode(served.slices[1]).astype("uint16"))))
    said = page.content() + page.inner_text("main")
    assert "scan.dcm" in said and "mm" in said
    assert "Doe" not in said and "4711" not in said
    answers = pd.read_csv(downloaded(page, "Answers as CSV"))
    assert heading(page) == answers["answer"][0] != "unreadable"
    assert page.complaints == []


def test_many_pictures_and_a_bad_one(browser: Any, served: Served) -> None:
    page = page_of(browser, served.url, height=TALL)
    drop(page, *served.slices, ("<b>letter.png", b"Dear patient"))
    alerts = " ".join(page.get_by_role("alert").all_inner_texts())
    assert "<b>letter.png" in alerts and "Traceback" not in page.inner_text("main")
    answers = pd.read_csv(downloaded(page, "Answers as CSV"))
    assert answers["picture"].tolist() == [path.name for path in served.slices]
    settled(page)
    page.get_by_role("button", name="Clear the page").click()
    page.get_by_role("button", name="Answers as CSV").wait_for(state="detached")
    assert page.complaints == []


@pytest.mark.parametrize(("scheme", "width"), [("light", DESK), ("dark", PHONE)])
def test_a_whole_scan_is_answered_and_outlined(
    browser: Any, served: Served, scheme: str, width: int, tmp_path: Path
) -> None:
    cut = np.stack([decode(served.slices[0]).T[::-1, ::-1]] * 5, axis=2).astype(np.int16)
    scan = cast(Any, nibabel).Nifti1Image(cut, np.diag([0.9, 0.9, 4, 1])).to_bytes()
    page = page_of(browser, served.url, width=width, height=TALL, scheme=scheme)
    drop(page, ("scan.nii.gz", scan))
    page.get_by_role("button", name="Ask about all 5 slices").click()
    page.get_by_role("button", name="All slices as CSV").wait_for()
    settled(page)
    answers = pd.read_csv(downloaded(page, "All slices as CSV"))
    said = page.inner_text("main")
    assert answers["slice"].tolist() == [1, 2, 3, 4, 5] and answers["outlined_mm2"].nunique() == 1
    assert "Outlined volume" in said and " ml" in said
    keep(page, f"app-scan-{scheme}", tmp_path)
    assert faults(page, width) == [] and page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_can_be_read_and_fits(
    browser: Any, served: Served, scheme: str, width: int, tmp_path: Path
) -> None:
    """WCAG 2.2 AA by axe-core, and no sideways scroll."""
    page = page_of(browser, served.url, width=width, height=TALL, scheme=scheme)
    assert faults(page, width) == []
    drop(page, served.slices[0])
    assert faults(page, width) == []
    taken = keep(page, f"app-{scheme}-{'phone' if width == PHONE else 'desk'}", tmp_path)
    with Image.open(io.BytesIO(taken.read_bytes())) as shown:
        corner = shown.convert("L").getpixel((width - 3, 3))
    assert isinstance(corner, int)
    assert corner > 200 if scheme == "light" else corner < 60
    if (scheme, width) == ("light", DESK):
        assert 10_000 < of_readme(taken).stat().st_size < 200_000
    assert page.complaints == []


def test_a_keyboard_reaches_all_that_a_mouse_does(browser: Any, served: Served) -> None:
    page = page_of(browser, served.url, height=TALL)
    drop(page, served.slices[0])
    tell = """() => { const e = document.activeElement;
        if (e.tagName === "MAIN" || e === document.body) return "";
        return e.getAttribute("aria-label") || e.innerText.trim().split("\\n").pop(); }"""
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(tell))
    wanted = [
        "What the model was trained on", "Scans: plane and window", "Upload",
        "Explanation, opacity in %", "Outline where a tumour is at least so probable, in %",
        "Answers as CSV", "Answers as one page (HTML)", "Clear the page",
    ]  # fmt: skip
    assert [name for name in wanted if name not in reached] == []
    # In the order in which they are read.
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)
    # By keyboard alone: to the last button, which clears the page.
    page.get_by_role("button", name="Clear the page").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Answers as CSV").wait_for(state="detached")
    assert page.complaints == []
