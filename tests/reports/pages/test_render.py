from __future__ import annotations

import re
import shutil
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from gliaboost.errors import UsageError
from gliaboost.reports.document import svg
from gliaboost.reports.document.numerals import seconds, size, speed
from gliaboost.reports.pages.render import render
from gliaboost.reports.protocol.experiment_record import HistoryRecord
from gliaboost.reports.protocol.results import read_results

MakePredictions = Callable[..., pd.DataFrame]
MakeRun = Callable[..., Path]
SECTIONS = [
    "answer",
    "table",
    "cost",
    "pairs",
    "ablation",
    "classes",
    "trust",
    "honesty",
    "mistakes",
    "made",
]
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements of a page; fails on tags that do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def drawn(folder: Path, **how: Any) -> tuple[Page, str]:
    made = render(folder, **how)
    for path in (made["html"], made["markdown"], *made["figures"]):
        assert path.stat().st_size > 0
    return Page(made["html"].read_text("utf-8")), made["markdown"].read_text("utf-8")


@pytest.mark.integration
def test_a_full_run_answers_every_question(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    sets = ("hog+lbp+glcm", "hog", "lbp", "glcm", "lbp+glcm", "hog+glcm", "hog+lbp")
    frames = [
        make_predictions(skill=1 + 0.3 * len(s.split("+")), seed=i, experiment=f"lightgbm+{s}")
        for i, s in enumerate(sets)
    ]
    frames.append(make_predictions(skill=2.5, seed=9, experiment="cnn"))
    folder = make_run(frames)
    page, markdown = drawn(folder)
    assert [a["id"] for a in page.all("section")] == SECTIONS
    for words in ("CNN reaches an accuracy of 0.", "300 images of 40 patients", "none seen in"):
        assert words in page.text
        assert words in markdown
    assert "no medical device" in page.text
    assert "imulated images" not in page.text
    assert "without HOG" in page.text
    assert "HOG alone" in page.text
    figures = {p.stem for p in (folder / "figures").glob("*.svg")}
    assert {"accuracy", "cost-fitting", "pairs", "roc-1", "pr-4", "risk", "confusion-A"} <= figures
    linked = re.findall(r"\]\(figures/(.+?)\.svg\)", markdown)
    assert set(linked) == figures
    assert len(page.all("svg")) == len(figures)


def test_nothing_is_fetched_and_everything_is_named(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    page, _ = drawn(make_run([make_predictions(), make_predictions(seed=1, experiment="cnn")]))
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "poster", "data", "action"):
            address = attributes.get(name)
            if address and not (tag == "svg" and name == "data"):
                assert address.startswith(("#", "data:")), (tag, address)
    policy = next(a for a in page.all("meta") if a.get("http-equiv"))
    assert (policy["content"] or "").startswith("default-src 'none'")
    assert all(a.get("aria-label") for a in page.all("svg"))
    assert all(a.get("aria-labelledby") for a in page.all("table"))
    assert {a.get("scope") for a in page.all("th")} == {"col", "row"}
    identities = [str(a["id"]) for _, a in page.elements if "id" in a]
    assert len(identities) == len(set(identities))
    for a in page.all("a"):
        if (a["href"] or "").startswith("#"):
            assert (a["href"] or "")[1:] in identities


def test_figures_are_whole_svg_files_with_their_colours(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    for path in render(make_run([make_predictions()]))["figures"]:
        root = ET.fromstring(path.read_text("utf-8"))
        assert root.tag.endswith("svg")
        assert "var(" not in path.read_text("utf-8")
        assert root.find("{http://www.w3.org/2000/svg}title") is not None
        assert float(root.attrib["width"]) <= svg.WIDTH


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [svg.LIGHT, svg.DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out(scheme: dict[str, str]) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for what a picture needs (1.4.11)."""
    paper = scheme["paper"]
    assert contrast(scheme["ink"], paper) >= 7
    assert contrast(scheme["soft"], paper) >= 4.5
    for series in range(1, svg.SERIES + 1):
        assert contrast(scheme[f"s{series}"], paper) >= 3
    # Numbers stand on a heat map of any shade.
    for part in np.linspace(0, 1, 21):
        fill = [int(scheme["fill"][i : i + 2], 16) for i in (1, 3, 5)]
        under = [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
        mixed = [round(part * f + (1 - part) * u) for f, u in zip(fill, under, strict=True)]
        assert contrast(scheme["ink"], "#" + "".join(f"{v:02x}" for v in mixed)) >= 4.5, part


def test_simulated_images_are_called_that_everywhere(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    page, markdown = drawn(make_run([make_predictions()], dataset={"simulated": True}))
    for text in (page.text, markdown):
        assert "Simulated images. No number on this page is about patients." in text
        assert "simulated images of 40 patients" in text
        assert "nothing else" in text


def test_labels_are_shown_not_run(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    evil = "<script>alert(1)</script>|`x`"
    classes = [evil, "b", "c", "d"]
    frame = make_predictions(classes=classes, experiment="<img src=x onerror=alert(1)>")
    folder = make_run([frame], classes, dataset={"name": "<b>set</b>"})
    page, markdown = drawn(folder)
    assert len(page.all("script")) == 1
    assert not page.all("img")
    assert evil in page.text
    assert "\\|`x`" in markdown


@pytest.mark.integration
def test_drawing_twice_gives_the_same_bytes_and_drops_stale_figures(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    folder = make_run([make_predictions(), make_predictions(seed=1, experiment="cnn")])
    first = render(folder)
    before = {p: p.read_bytes() for p in (first["html"], first["markdown"], *first["figures"])}
    figure, page = first["figures"][0], first["markdown"]
    (folder / "figures" / "stale.svg").write_bytes(figure.read_bytes())
    page.write_text(f"{page.read_text('utf-8')}![](figures/stale.svg)\n", "utf-8")
    (folder / "figures" / "mine.svg").write_text("<svg/>")
    (folder / "figures" / "notes.txt").write_text("mine")
    render(folder)
    assert {p: p.read_bytes() for p in before} == before
    assert not (folder / "figures" / "stale.svg").exists()
    assert (folder / "figures" / "notes.txt").exists()
    assert (folder / "figures" / "mine.svg").read_text() == "<svg/>"
    elsewhere = render(folder, tmp_path / "elsewhere")
    assert elsewhere["html"].read_bytes() == before[first["html"]]


def test_csv_holds_the_numbers_of_its_table(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    import base64
    import csv
    import io

    folder = make_run([make_predictions()])
    page, _ = drawn(folder)
    accuracy = read_results(folder).experiments[0].record.accuracy
    assert accuracy.ci95 is not None
    link = next(a for a in page.all("a") if a.get("download") == "experiments.csv")
    data = base64.b64decode((link["href"] or "").partition(",")[2]).decode()
    (row,) = csv.DictReader(io.StringIO(data))
    assert float(row["Accuracy"]) == accuracy.pooled
    assert row["Accuracy, low"] == str(accuracy.ci95[0])


COMMITTED = Path(__file__).parents[3] / "benchmarks" / "results"


def rows_of(markdown: str) -> list[str]:
    return [line for line in markdown.splitlines() if line.startswith("|")]


@pytest.mark.integration
def test_a_committed_run_of_schema_1_is_drawn_again_to_the_letter(tmp_path: Path) -> None:
    """Where a page changes by intent: gliaboost report RUN --out PAGE, and commit report.md."""
    _, markdown = drawn(COMMITTED / "figshare", out=tmp_path)
    expected = rows_of((COMMITTED / "figshare" / "report.md").read_text("utf-8"))
    assert len(expected) > 200
    assert rows_of(markdown) == expected


def test_a_committed_run_without_predictions_is_drawn(tmp_path: Path) -> None:
    page, markdown = drawn(COMMITTED / "figshare-features", out=tmp_path)
    assert "XGBoost on HOG + GLCM + embedding + embedding (mobilenetv2_100) reaches" in page.text
    results = read_results(COMMITTED / "figshare-features")
    rows = rows_of(markdown)
    for e in results.experiments:
        assert any(
            row.startswith(f"| {e.letter} | {e.title} | {e.pooled('accuracy'):.3f} [")
            for row in rows
        ), e.name


def test_a_page_of_a_real_run_tells_what_the_record_knows(real_run: Any, tmp_path: Path) -> None:
    page, markdown = drawn(real_run.folder, out=tmp_path, images=real_run.manifest.root)
    assert [a["id"] for a in page.all("section")] == SECTIONS
    rows = rows_of(markdown)
    for e in real_run.results.experiments:
        (costs,) = [r for r in rows if r.startswith(f"| {e.letter} | {e.title} | ") and "cpu" in r]
        spent = e.record.seconds
        expected = [seconds(spent.features), seconds(spent.fit), seconds(spent.predict)]
        expected += [speed(e.record.training_images_per_second), size(e.record.model_bytes)]
        expected += [size(e.record.peak_memory)]
        assert set(expected) <= set(costs.strip("| ").split(" | "))
    for words in (
        "LightGBM on LBP + GLCM",
        "CNN from scratch",
        "Not asked",
        "3 in both",
        "No picture is there twice.",
        "Trained on shuffled labels",
        "What each search chose",
        "How training went",
        "mean absolute SHAP",
        "gliaboost benchmark here",
    ):
        assert words in page.text


# What a report must survive, and the word that it owes its reader.


def test_one_fold(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    page, _ = drawn(make_run([make_predictions(folds=1)]))
    assert "There is one fold only" in page.text
    assert "nothing is left to learn a recalibration" in page.text


def test_a_class_never_predicted(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    frame = make_predictions()
    frame["proba_glioma"], frame["proba_meningioma"] = (
        0.0,
        frame["proba_meningioma"] + frame["proba_glioma"],
    )
    columns = [f"proba_{c}" for c in sorted(set(frame["label"]))]
    frame["predicted"] = [str(c).removeprefix("proba_") for c in frame[columns].idxmax(axis=1)]
    page, markdown = drawn(make_run([frame]))
    assert "never predicted glioma" in page.text
    assert "never predicted glioma" in markdown


def test_a_class_never_tested(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    frame = make_predictions()
    page, _ = drawn(make_run([frame[frame["label"] != "pituitary"].reset_index(drop=True)]))
    assert "No tested image is pituitary" in page.text


def test_two_images(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    frame = make_predictions()
    two = frame.groupby("label").head(1).head(2).reset_index(drop=True)
    page, _ = drawn(make_run([two]))
    assert "2 images of 2 patients" in page.text
    assert "no interval on this page can be relied on" in page.text


def test_one_image(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    page, _ = drawn(make_run([make_predictions().head(1)]))
    assert "1 image of 1 patient" in page.text


def test_patients_unknown(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    frame = make_predictions().assign(patient=None)
    changes = {"dataset": {"patients": 0}, "protocol": {"group": "image"}}
    page, _ = drawn(make_run([frame], **changes))
    assert "Patients are not known" in page.text
    assert "resampled images" in page.text
    assert "whether folds cut through patients is not known" in page.text


def test_a_patient_in_two_folds_is_called_out(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    frame = make_predictions()
    frame["fold"] = [str(i % 5) for i in range(len(frame))]
    page, markdown = drawn(make_run([frame]))
    assert "lie in more than one fold" in page.text
    assert re.search(r"\*\*Checked in the predictions: .* too good", markdown)


def test_an_experiment_without_predictions(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    folder = make_run([make_predictions(), make_predictions(seed=1, experiment="cnn")])
    table = pd.read_parquet(folder / "predictions.parquet")
    table[table["experiment"] != "cnn"].to_parquet(folder / "predictions.parquet")
    page, _ = drawn(folder)
    assert "predictions.parquet has no rows of CNN" in page.text
    assert "No two experiments have predictions of the same images" in page.text


def test_no_predictions_at_all(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    folder = make_run([make_predictions()])
    (folder / "predictions.parquet").unlink()
    page, _ = drawn(folder)
    assert "No predictions were saved" in page.text
    assert [a["id"] for a in page.all("section")] == SECTIONS


def test_optional_numbers_are_shown_where_they_are(
    make_predictions: MakePredictions, make_run: MakeRun, edit_experiment: MakeRun
) -> None:
    audit = (("wrong", "12 files show a picture twice."),)
    folder = edit_experiment(
        make_run([make_predictions()], dataset={"audit": audit}),
        0,
        model_bytes=2_500_000,
        peak_memory=1_200_000_000,
        training_images_per_second=4321.0,
        shap_by_family={"hog": 0.5, "lbp": 0.3, "glcm": 0.2},
        history=(HistoryRecord(fold="1", metric="log loss", train=(1, 0.5, 0.2), valid=(1, 0.8)),),
        parameters={"rounds": 300, "weights": "random"},
        device="cuda",
        through_host=True,
    )
    page, _ = drawn(folder)
    for words in ("2.5 MB", "1.2 GB", "4,321", "mean absolute SHAP", "How training went", "rounds"):
        assert words in page.text
    assert "cuda, fed through the host" in page.text
    assert "Random weights, by request" in page.text
    assert "12 files show a picture twice." in page.text


@pytest.mark.integration
def test_shuffled_labels_fall_to_chance_or_the_page_shouts(
    make_predictions: MakePredictions, make_run: MakeRun, with_control: MakeRun
) -> None:
    guess = with_control(
        make_run([make_predictions()]), "shuffled labels", make_predictions(skill=0.0, seed=7)
    )
    page, markdown = drawn(guess)
    assert "It fell to chance" in page.text
    assert len(re.findall(r"^## ", markdown, re.M)) == len(SECTIONS)
    assert "(shuffled labels)" not in page.text
    knows = with_control(
        make_run([make_predictions()], name="b"), "shuffled labels", make_predictions(seed=7)
    )
    page, markdown = drawn(knows)
    assert "no number on this page can be believed" in page.text
    assert re.search(r"\*\*Trained on shuffled labels", markdown)


def test_the_leaks_worth_is_told_in_points(
    make_predictions: MakePredictions, make_run: MakeRun, with_control: MakeRun
) -> None:
    folder = with_control(
        make_run([make_predictions(skill=1.0)]), "image folds", make_predictions(skill=3.0, seed=2)
    )
    page, _ = drawn(folder)
    original, control = (e.accuracy.pooled for e in read_results(folder).record.experiments)
    assert original is not None
    assert control is not None
    points = 100 * (control - original)
    assert f"+{points:.1f} points" in page.text


def test_the_gallery_shows_images_that_are_at_hand(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    frame = make_predictions()
    (tmp_path / "data" / "images").mkdir(parents=True)
    wrong = frame[frame["label"] != frame["predicted"]]
    for path in wrong["path"].iloc[1:]:
        noise = np.random.default_rng(0).integers(0, 255, (32, 32), np.uint8)
        assert cv2.imwrite(str(tmp_path / "data" / path), noise)
    folder = make_run([frame])
    bare, _ = drawn(folder)
    assert not bare.all("img")
    assert "Pictures are not shown" in bare.text
    page, markdown = drawn(folder, images=tmp_path / "data")
    shown = [a for a in page.all("img") if a.get("class") == "example"]
    assert 1 <= len(shown) <= 12
    assert 1 <= len(page.all("img")) - len(shown) <= 12
    assert all((a["src"] or "").startswith("data:image/") and a["alt"] for a in page.all("img"))
    assert "data:image" not in markdown


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: (d / "results.json").unlink(), "no results.json"),
        (lambda d: (d / "results.json").write_text("{"), "it is no JSON"),
        (lambda d: (d / "results.json").write_text("[]"), "schema: it is None"),
        (lambda d: (d / "results.json").write_text('{"schema": 9}'), "schema: it is 9"),
        (lambda d: (d / "results.json").write_text('{"schema": 1}'), "dataset: it is missing"),
        (lambda d: (d / "predictions.parquet").write_text("x"), "it is no readable table"),
        (lambda d: shutil.rmtree(d), "no results.json"),
    ],
)
def test_a_spoiled_run_is_refused_in_a_line(
    make_predictions: MakePredictions,
    make_run: MakeRun,
    spoil: Callable[[Path], Any],
    words: str,
) -> None:
    folder = make_run([make_predictions()])
    spoil(folder)
    with pytest.raises(UsageError, match=words):
        render(folder)


@pytest.mark.integration
def test_a_large_run_is_drawn_in_seconds(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    frames = [
        make_predictions(3064, 233, ["a", "b", "c"], seed=i, experiment=f"m{i}") for i in range(8)
    ]
    folder = make_run(frames, ["a", "b", "c"])
    begun = time.process_time()
    made = render(folder)
    assert time.process_time() - begun < 15
    assert made["html"].stat().st_size < 1_000_000


@pytest.mark.integration
def test_explanations_stand_beside_their_image(
    make_predictions: MakePredictions, make_run: MakeRun, tmp_path: Path
) -> None:
    from gliaboost.reports.pages.mistakes import explanation_path, surest

    folder = make_run([make_predictions(), make_predictions(seed=1, experiment="cnn-finetune")])
    results = read_results(folder)
    row = surest(results.experiments[0], results.classes).iloc[0]
    for e in results.experiments:
        path = explanation_path(folder, e.name, row["key"])
        path.parent.mkdir(parents=True)
        assert cv2.imwrite(str(path), np.zeros((16, 16, 3), np.uint8))
    page, _ = drawn(folder)
    said = {a["alt"] for a in page.all("img")}
    assert said == {f"what the decision of {letter} rests on" for letter in "AB"}


def test_accuracy_by_source(make_predictions: MakePredictions, make_run: MakeRun) -> None:
    frame = make_predictions()
    frame["source"] = ["oslo" if int(p[1:]) % 2 else "kyoto" for p in frame["patient"]]
    page, _ = drawn(make_run([frame]))
    assert "Accuracy by source" in page.text
    for _, part in frame.groupby("source"):
        assert f"{(part['label'] == part['predicted']).mean():.3f}" in page.text
    alone, _ = drawn(make_run([frame.assign(source="oslo")], name="b"))
    assert "Accuracy by source" not in alone.text


@pytest.mark.integration
def test_no_patient_is_called_unseen_who_was_seen(
    make_predictions: MakePredictions, make_run: MakeRun
) -> None:
    """Whatever the protocol claims."""
    frame = make_predictions()
    page, _ = drawn(make_run([frame]))
    assert "none seen in training" in page.text
    frame["fold"] = [str(i % 5) for i in range(len(frame))]
    page, _ = drawn(make_run([frame], name="b"))
    assert "none seen in training" not in page.text
    assert "no patient in two folds" not in page.text
    assert "No: 40 patients in more than one fold" in page.text
