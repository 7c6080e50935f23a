"""The report as a browser shows it; Chromium is asked, no network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.audit.audit import audit
from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.pages.audit_page import render_audit
from gliaboost.reports.pages.explore import render_explore
from gliaboost.reports.pages.glance import look
from gliaboost.reports.pages.joined import render_joined
from gliaboost.reports.pages.render import render
from gliaboost.reports.protocol.experiment_record import HistoryRecord
from tests.browser import chromium
from tests.browser import opened as open_page

MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]
WIDTHS = (360, 768, 1280)
TEMPLATES = Path(__file__).parents[3] / "reports" / "document" / "templates"

# What a reader sees: each text's own colour, on all that is painted behind it.
CONTRASTS = """() => {
  const parse = (s) => {
    const v = s.match(/[\\d.]+/g).map(Number);
    return v.length < 4 ? [...v, 1] : v; };
  const over = (top, under) => under.map((u, i) => i < 3 ? top[3] * top[i] + (1 - top[3]) * u : 1);
  const light = (c) => { const [r, g, b] = c.map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = parse(getComputedStyle(document.body).backgroundColor);
  const behind = (node) => { const chain = [];
    for (let e = node; e; e = e.parentElement) {
      chain.unshift(parse(getComputedStyle(e).backgroundColor));
    }
    return chain.reduce((under, top) => over(top, under), paper); };
  const found = [];
  const tell = (words, ink, under) => {
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), words]); };
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.data.trim(), node = walker.currentNode.parentElement;
    if (!words || node.closest("svg, .hidden") || !node.checkVisibility()) continue;
    tell(words, parse(getComputedStyle(node).color), behind(node));
  }
  for (const words of document.querySelectorAll("svg text")) {
    const at = words.getBoundingClientRect();
    if (!at.width) continue;
    let under = paper;
    for (const rect of words.closest("svg").querySelectorAll("rect.heat")) {
      const r = rect.getBoundingClientRect();
      const x = at.left + at.width / 2, y = at.top + at.height / 2;
      if (x < r.left || x > r.right || y < r.top || y > r.bottom) continue;
      const fill = parse(getComputedStyle(rect).fill);
      fill[3] *= Number(getComputedStyle(rect).fillOpacity);
      under = over(fill, under);
    }
    tell(words.textContent, parse(getComputedStyle(words).fill), under);
  }
  return found;
}"""

# Words that reach out of their picture are cut off.
CUT = """() => [...document.querySelectorAll("figure svg text")].filter((t) => {
  const a = t.getBoundingClientRect(), b = t.closest("svg").getBoundingClientRect();
  return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1
    || a.bottom > b.bottom + 1; }).map((t) => t.textContent)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def folder(
    make_predictions: MakePredictions, make_run: MakeRun, edit_experiment: MakeRun, tmp_path: Path
) -> Path:
    """A run that has everything a page can show, pictures included."""
    sets = ("hog+lbp+glcm", "hog", "lbp", "glcm", "lbp+glcm")
    frames = [
        make_predictions(skill=1 + 0.3 * len(s.split("+")), seed=i, experiment=f"lightgbm+{s}")
        for i, s in enumerate(sets)
    ]
    frames.append(make_predictions(skill=3.5, seed=9, experiment="cnn-finetune"))
    made = make_run(frames, dataset={"audit": (("wrong", "12 files show a picture twice."),)})
    history = HistoryRecord(fold="1", metric="loss", train=(1, 0.5, 0.2), valid=(1, 0.8, 0.7))
    edit_experiment(made, -1, device="cuda", history=(history,))
    edit_experiment(made, 0, shap_by_family={"hog": 0.5, "lbp": 0.3, "glcm": 0.2})
    noise = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for path in frames[-1].query("label != predicted")["path"]:
        picture = noise.integers(0, 255, (64, 64), np.uint8)
        assert cv2.imwrite(str(tmp_path / path), picture)
    return made


@pytest.fixture
def page_file(folder: Path, tmp_path: Path) -> Path:
    path: Path = render(folder, images=tmp_path)["html"]
    return path


def opened(browser: Any, file: Path, width: int = 1280, scheme: str = "light") -> Any:
    """Open a page and fail on whatever a reader's browser would complain of."""
    return open_page(browser, file.as_uri(), width=width, scheme=scheme)


@pytest.mark.integration
def test_no_complaint_no_request_and_every_figure(browser: Any, page_file: Path) -> None:
    page = opened(browser, page_file)
    files = {p.stem for p in (page_file.parent / "figures").glob("*.svg")}
    pictures = page.locator("figure svg")
    assert pictures.count() == len(files) > 20
    for box in pictures.evaluate_all("all => all.map((e) => e.getBoundingClientRect().toJSON())"):
        assert box["width"] > 100
        assert box["height"] > 50
    loaded = page.locator("img").evaluate_all("all => all.map((e) => e.naturalWidth)")
    assert loaded
    assert all(loaded)
    cut = page.evaluate(CUT)
    assert cut == []
    assert page.complaints == []


@pytest.mark.integration
def test_tables_sort_by_mouse_and_keyboard(browser: Any, page_file: Path) -> None:
    page = opened(browser, page_file)
    table = page.locator("#table-experiments table")
    column = "tbody tr td:nth-child(3)"

    def shown() -> list[float]:
        texts = table.locator(column).evaluate_all("all => all.map((e) => e.dataset.value)")
        return [float(t) for t in texts]

    assert shown() == sorted(shown(), reverse=True)
    accuracy = table.locator("thead th:nth-child(3) button")
    accuracy.click()
    assert shown() == sorted(shown(), reverse=True)
    accuracy.focus()
    page.keyboard.press("Enter")
    assert shown() == sorted(shown())
    assert table.locator("thead th:nth-child(3)").get_attribute("aria-sort") == "ascending"
    table.locator("thead th:nth-child(2) button").click()
    assert table.locator("[aria-sort]").count() == 1
    titles = table.locator("tbody tr td:nth-child(2)").all_inner_texts()
    # As a reader looks for a word: capitals do not come first.
    assert titles == sorted(titles, key=str.casefold)
    assert page.complaints == []


@pytest.mark.integration
def test_a_table_comes_as_csv(browser: Any, page_file: Path) -> None:
    page = opened(browser, page_file)
    with page.expect_download() as coming:
        page.locator("#table-experiments a.csv").click()
    assert coming.value.suggested_filename == "experiments.csv"
    saved = pd.read_csv(coming.value.path())
    assert len(saved) == 6
    assert {"Accuracy", "Accuracy, low", "Accuracy, high"} <= set(saved)


@pytest.mark.integration
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out(browser: Any, page_file: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, computed from what is painted."""
    page = opened(browser, page_file, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    found = page.evaluate(CONTRASTS)
    assert len(found) > 500
    assert [words for ratio, words in found if ratio < 4.5] == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"
    assert dark == (scheme == "dark")


@pytest.mark.integration
@pytest.mark.parametrize("width", WIDTHS)
def test_no_sideways_scroll(browser: Any, page_file: Path, width: int) -> None:
    page = opened(browser, page_file, width)
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.mouse.wheel(500, 0)
    assert page.evaluate("window.scrollX") == 0


@pytest.mark.integration
def test_what_is_folded_is_printed(browser: Any, page_file: Path, tmp_path: Path) -> None:
    page = opened(browser, page_file)
    assert page.locator("details[open]").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    page.emulate_media(media="print", color_scheme="dark")
    # Paper is white whatever the screen is.
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.integration
def test_a_keyboard_reaches_everything(browser: Any, page_file: Path) -> None:
    page = opened(browser, page_file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    # The address is told to the test by a message of its own, after the key's.
    page.wait_for_url(re.compile("#answer$"), wait_until="commit")
    outline = page.locator(".scroll").first
    outline.focus()
    assert page.evaluate("document.activeElement.className") == "scroll"
    names = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, [tabindex]")]
          .map((e) => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby")
            || e.textContent.trim())"""
    )
    assert all(names)
    levels = page.locator("h1, h2, h3").evaluate_all("all => all.map((e) => e.tagName)")
    assert levels[0] == "H1"
    assert set(levels[1:]) == {"H2"}


@pytest.mark.integration
def test_runs_joined_in_one_page(
    browser: Any, folder: Path, make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    other = make_run([make_predictions(seed=5)], name="b", protocol={"seed": 5})
    made = render_joined([folder, other], tmp_path / "joined")
    for width in WIDTHS:
        page = opened(browser, made["html"], width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("figure svg").count() == len(made["figures"])
        assert page.complaints == []


@pytest.mark.integration
def test_without_scripts_the_page_is_whole(browser: Any, page_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("section").count() == 10
    assert re.search(r"accuracy of 0\.\d", page.locator("p.lead").inner_text())


@pytest.mark.integration
@pytest.mark.parametrize("classes", [2, 4, 12])
@pytest.mark.parametrize("width", WIDTHS)
def test_long_names_of_classes_and_models_stay_inside(
    browser: Any,
    make_predictions: MakePredictions,
    make_run: MakeRun,
    tmp_path: Path,
    classes: int,
    width: int,
) -> None:
    names = [f"Oligodendroglioma_1p19q_codeleted_grade_{k}" for k in range(classes)]
    models = ["lightgbm+hog+lbp+glcm+embedding+embedding:mobilenetv2_100", "a model of long name"]
    frames = [
        make_predictions(150, 40, classes=names, seed=i, experiment=m, skill=1.5)
        for i, m in enumerate(models)
    ]
    (tmp_path / "images").mkdir()
    for path in frames[0]["path"]:
        assert cv2.imwrite(str(tmp_path / path), np.full((64, 48), 90, np.uint8))
    page = opened(
        browser, render(make_run(frames, names, n_boot=20), images=tmp_path)["html"], width
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []
    assert page.complaints == []


@pytest.mark.integration
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_that_shows_a_data_set_fits(browser: Any, tmp_path: Path, width: int) -> None:
    noise = np.random.default_rng(0)
    rows = []
    for i in range(12):
        name = f"a_folder_of_images_{i}/of-a-patient-with-a-long-name (copy {i % 2}).png"
        image = cv2.GaussianBlur(noise.integers(0, 255, (96, 96), np.uint8), (0, 0), 3)
        (tmp_path / name).parent.mkdir()
        assert cv2.imwrite(str(tmp_path / name), image)
        label = f"glioblastoma_multiforme_of_grade_{i % 3}"
        rows.append({"path": name, "label": label, "patient": f"p{i}", "split": "ab"[i % 2]})
    manifest = Manifest.of(pd.DataFrame([*rows, *rows]), tmp_path, "a_name_that_is_long" * 3)
    explored = render_explore(manifest, look(manifest, jobs=1), tmp_path / "explore.html")
    audited = render_audit(audit(manifest, jobs=1), manifest, tmp_path / "audit.html")
    for file in (explored, audited):
        page = opened(browser, file, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        tables = page.locator(".scroll").evaluate_all("all => all.map((e) => e.scrollWidth)")
        assert tables and max(tables) <= width
        assert page.evaluate(CUT.replace("figure svg", "svg")) == []
        assert page.complaints == []


@pytest.mark.parametrize("name", sorted(t.name for t in TEMPLATES.glob("*.html")))
def test_what_scrolls_sideways_is_reached_by_keyboard_and_named(name: str) -> None:
    text = (TEMPLATES / name).read_text("utf-8")
    for opening in re.findall(r'<div class="scroll"[^>]*>', text):
        assert 'role="region"' in opening and 'tabindex="0"' in opening
        assert re.search(r'aria-label(ledby)?="[^"]+"', opening)
