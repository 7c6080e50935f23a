"""Compare, Data and Benchmark in a real browser: what a visitor begins, leaves and finds again."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import gliaboost
from gliaboost._face.job_process import EXIT, JOB, LOG
from gliaboost._face.jobs import jobs_in
from tests.browser import chromium
from tests.web.served import DESK, KEPT, PHONE, faults, give, keep, page_of, serving, settled

# What is served is made once, by one worker.
pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("views")]

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"
LONG = "texture-of-grey-levels-trained-on-simulated-patients-2026"
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (DESK, PHONE)]
HEIGHT = 1900
# Seconds that a small benchmark may take where much else runs.
LONGEST = 900


class Views(NamedTuple):
    """A page with two models, a data set, and runs."""

    url: str
    data: Path
    runs: Path
    picture: Path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def views(
    browser: Any, tmp_path_factory: pytest.TempPathFactory, write_images: Callable[..., Path]
) -> Iterator[Views]:
    """Serve two models that never agree, beside runs of many kinds."""
    place = tmp_path_factory.mktemp("views")
    manifest = write_images(place / "data", patients=24, per_patient=2)
    table = pd.read_csv(manifest)
    turned = table.assign(label=table["label"].map({"fine": "coarse", "coarse": "fine"}))
    known: dict[str, Any] = {
        "features": "hog,lbp", "settings": {"lightgbm": {"rounds": 20}}, "store": place / "store",
    }  # fmt: skip
    gliaboost.train(manifest, out=place / f"{LONG}.joblib", **known)
    other = gliaboost.Manifest.of(turned, manifest.parent, "turned")
    gliaboost.train(other, out=place / "turned.joblib", **{**known, "estimate": 0})
    picture = manifest.parent / str(table["path"][0])
    # Two pictures under two labels each, for the audit to find.
    rows = turned.iloc[[0, 4]].assign(path=["copied-0.png", "copied-1.png"], patient="another")
    for path, copied in zip(table["path"][[0, 4]], rows["path"], strict=True):
        shutil.copy(manifest.parent / path, manifest.parent / copied)
    pd.concat([table, rows]).to_csv(manifest, index=False)
    runs = place / "runs"
    for name in ("results.json", "predictions.parquet"):
        (runs / "figshare").mkdir(parents=True, exist_ok=True)
        shutil.copy(FIGSHARE / name, runs / "figshare" / name)
    (runs / "empty").mkdir()
    (runs / "torn").mkdir()
    (runs / "torn" / "results.json").write_bytes((FIGSHARE / "results.json").read_bytes()[:999])
    begun(runs / "failed", "gliaboost: " + "a-folder-with-a-long-name/" * 9 + ": 2 faults\n", 2)
    begun(runs / "lost", "done\n", 0)
    with serving(place, f"{LONG}.joblib", "turned.joblib") as url:
        yield Views(url, manifest, runs, picture)


def begun(folder: Path, log: str, code: int) -> None:
    """Leave what a command that was begun from the page leaves."""
    folder.mkdir()
    known = {"kind": "benchmark", "words": ["benchmark", "data"], "begun": "2026-01-01", "pid": 0}
    (folder / JOB).write_text(json.dumps(known))
    (folder / LOG).write_text(log)
    (folder / EXIT).write_text(str(code))


def choose(page: Any, what: str, option: str | re.Pattern[str]) -> None:
    """Choose one of a list, as with the mouse."""
    page.get_by_role("combobox", name=what).click()
    page.get_by_role("option", name=option).first.click()
    settled(page)


def inside(page: Any, title: str | re.Pattern[str]) -> Any:
    """The page that is shown inside the page under a title."""
    frame = page.get_by_title(title)
    frame.wait_for()
    # It belongs to nobody: what runs in it reaches neither the page nor a server.
    assert frame.get_attribute("sandbox") == "allow-scripts allow-downloads"
    return frame.content_frame


def looked_at(browser: Any, views: Views, view: str, act: Callable[[Any], None], tmp: Path) -> None:
    """Do the same in light and dark, on a desk and a phone; each can be read, and fits."""
    for scheme, width in LOOKS:
        page = page_of(browser, views.url, view, scheme=scheme, width=width, height=HEIGHT)
        act(page)
        settled(page)
        size = "phone" if width == PHONE else "desk"
        keep(page, f"{view.lower()}-{scheme}-{size}", tmp)
        assert (scheme, size, faults(page, width), page.complaints) == (scheme, size, [], [])
        page.context.close()


def test_two_models_are_compared_and_their_disagreement_is_marked(
    browser: Any, views: Views, tmp_path: Path
) -> None:
    def act(page: Any) -> None:
        give(page, views.picture)
        page.get_by_role("button", name="Clear the page").wait_for()
        settled(page)
        said = page.get_by_role("alert").filter(has_text="They disagree").inner_text()
        assert LONG in said and "turned" in said and "fine" in said and "coarse" in said
        assert page.locator("[data-testid=stImage] img").count() == 2

    looked_at(browser, views, "Compare", act, tmp_path)


def test_models_to_compare_are_chosen_by_keyboard(browser: Any, views: Views) -> None:
    page = page_of(browser, views.url, "Compare", height=HEIGHT)
    page.get_by_role("button", name="turned").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Choose two models or more").wait_for()
    settled(page)
    give(page, views.picture)
    settled(page)
    page.get_by_role("button", name="turned").focus()
    page.keyboard.press("Enter")
    page.get_by_text("They disagree").wait_for()
    assert page.complaints == []


def test_a_manifest_is_looked_at_and_audited_and_its_pairs_clicked_through(
    browser: Any, views: Views, tmp_path: Path
) -> None:
    page = page_of(browser, views.url, "Data", height=HEIGHT)
    page.get_by_label("Folder, archive or manifest").fill(str(views.data))
    page.get_by_role("button", name="Look at it").click()
    assert "50" in inside(page, "gliaboost explore").locator("body").inner_text()
    settled(page)
    page.get_by_role("button", name="Audit it").click()
    assert "copied-1.png" in inside(page, "gliaboost audit").locator("body").inner_text()
    page.get_by_text("under two labels").wait_for()
    pair = page.get_by_role("spinbutton", name="Pair, of")
    last = pair.get_attribute("max") or pair.get_attribute("aria-valuemax")
    shown = "(n) => document.querySelector('input[type=number]').value === n"
    for button, number in (("Previous pair", last), ("Next pair", "1")):
        settled(page)
        page.get_by_role("button", name=button).click()
        page.wait_for_function(shown, arg=number)
    settled(page)
    assert page.locator("[data-testid=stImage] img").count() == 2 and page.complaints == []
    # Whoever comes later finds both, the latest first.
    looked_at(
        browser, views, "Data", lambda p: inside(p, "gliaboost audit").locator("h1").wait_for(),
        tmp_path,
    )  # fmt: skip


def test_a_run_is_begun_left_and_found_again_with_its_report(browser: Any, views: Views) -> None:
    page = page_of(browser, views.url, "Benchmark", height=HEIGHT)
    page.get_by_label("Folder, archive or manifest").fill(str(views.data))
    choose(page, "Preset", "fast")
    page.get_by_role("button", name="Start the benchmark").click()
    page.get_by_text("It runs, and goes on if you close this page.").wait_for()
    assert page.complaints == []
    page.context.close()
    (folder,) = (job.folder for job in jobs_in(views.runs) if job.pid and job.kind == "benchmark")
    page = page_of(browser, views.url, "Benchmark", height=HEIGHT)
    page.get_by_text("It runs, and goes on if you close this page.").wait_for()
    end = time.monotonic() + LONGEST
    while not (folder / EXIT).is_file() and time.monotonic() < end:
        page.wait_for_timeout(500)
    assert (folder / EXIT).read_text().strip() == "0"
    report = inside(page, f"Report of {folder.name}")  # by itself, once it ended
    report.locator("h1").wait_for()
    # Scripts of ours run in it: its tables can be sorted.
    head = report.locator("table.sortable th button").first
    head.evaluate("button => button.click()")
    assert head.locator("..").get_attribute("aria-sort") in ("ascending", "descending")
    assert page.complaints == []


def test_a_run_of_earlier_is_read_inside_the_page(
    browser: Any, views: Views, tmp_path: Path
) -> None:
    def act(page: Any) -> None:
        choose(page, "Run", "figshare")
        report = inside(page, "Report of figshare")
        report.locator("h1").wait_for()
        assert "233 patients" in report.locator("body").inner_text()

    looked_at(browser, views, "Benchmark", act, tmp_path)


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_what_is_no_whole_run_says_why(browser: Any, views: Views, width: int) -> None:
    page = page_of(browser, views.url, "Benchmark", width=width, height=HEIGHT)
    for name, said in (
        ("torn", "run gliaboost benchmark again"),
        ("failed", "It failed."),
        ("lost", "holds no results any more"),
    ):
        choose(page, "Run", re.compile(f"^{name}"))
        page.get_by_role("alert").filter(has_text=said).wait_for()
        settled(page)
        if KEPT:
            keep(page, f"benchmark-{name}-{width}", Path(KEPT))
        assert (name, faults(page, width), page.complaints) == (name, [], [])
    page.get_by_role("combobox", name="Run").click()
    assert page.get_by_role("option", name="empty").count() == 0
