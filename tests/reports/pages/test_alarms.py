from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.audit.audit import audit
from gliaboost.datasets.audit.verdict import sentences
from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.pages.alarms import alarms
from gliaboost.reports.pages.brief import in_brief
from gliaboost.reports.pages.joined import render_joined
from gliaboost.reports.pages.render import render
from gliaboost.reports.pages.terminal import alarms_text
from gliaboost.reports.protocol.results import Results, read_results

LEAKS = ("wrong", "split test: 2 of 4 files (50.0%) show a picture that is on another side too.")


@pytest.fixture
def audited(make_predictions: Any, make_run: Any) -> Callable[..., Results]:
    """Give a run whose audit found something."""

    def make(*found: tuple[str, str], folds: str = "5 folds", group: str = "patient") -> Results:
        protocol = {"folds": folds, "group": group}
        return read_results(
            make_run([make_predictions()], dataset={"audit": found}, protocol=protocol)
        )

    return make


def titles(results: Results) -> list[str]:
    return [alarm.title for alarm in alarms(results)]


def test_a_clean_run_has_none(audited: Callable[..., Results]) -> None:
    results = audited(("fine", "No picture is there twice."), ("note", "3 files too small."))
    assert alarms(results) == []
    assert alarms_text(results) == ""
    assert 'class="alarms"' not in page_of(results)


def page_of(results: Results) -> str:
    assert results.folder is not None
    return Path(render(results.folder)["html"]).read_text("utf-8")


def test_a_leaking_split_is_at_the_top_of_page_and_terminal(
    audited: Callable[..., Results],
) -> None:
    results = audited(LEAKS)
    (alarm,) = alarms(results)
    assert alarm.title == "The data set's own split leaks."
    assert alarm.text == (
        "In test, 2 of 4 files (50.0 %) show a picture that is on another side too. "
        "This run does not use it; results published on it are too good."
    )
    page = page_of(results)
    assert page.index(alarm.title.replace("'", "&#39;")) < page.index("reaches an accuracy")
    assert alarms_text(results) == f"ALARM: {alarm.title} {alarm.text}"
    assert results.folder is not None
    markdown = (results.folder / "report.md").read_text("utf-8")
    assert f"> **{alarm.title}** {alarm.text}" in markdown


def test_a_run_on_the_leaking_split_is_named_as_such(audited: Callable[..., Results]) -> None:
    results = audited(LEAKS, folds="the manifest's own test part (column 'split')")
    assert alarms(results)[0].text.endswith("This run was made on it: its numbers are too good.")
    brief = {row[0].text: row[1].text for row in in_brief(results).rows}
    assert brief["Was the split honest"].startswith("No: the data set's own split leaks; ")


def test_what_may_be_one_person_is_no_certainty(audited: Callable[..., Results]) -> None:
    said = (
        "2 groups of patient ids that differ by a suffix alone, perhaps one person each, on more "
        "than one side of fold."
    )
    (alarm,) = alarms(audited(("wrong", said), folds="the 5 folds of the manifest's column 'fold'"))
    assert alarm.title == "The data set's own folds may leak."
    assert alarm.text.endswith("This run was made on it: its numbers may be too good.")


def test_other_faults_are_gathered(audited: Callable[..., Results]) -> None:
    results = audited(LEAKS, ("wrong", "2 pictures filed under two labels."), ("wrong", "3 odd."))
    assert titles(results) == ["The data set's own split leaks.", "The audit found 2 faults."]
    assert alarms(results)[1].text == "2 pictures filed under two labels. 3 odd."


def test_the_words_are_those_of_a_real_audit(
    make_images: Callable[..., Path], make_predictions: Any, make_run: Any
) -> None:
    """A picture on both sides of a split, and one there twice on one side."""
    path = make_images(patients=4, name="leaking")
    table = pd.read_csv(path)
    for source, copy in (("p00-0.png", "p03-0.png"), ("p01-0.png", "p01-1.png")):
        (path.parent / copy).write_bytes((path.parent / source).read_bytes())
    table["split"] = ["test" if "p03" in p else "train" for p in table["path"]]
    table["label"] = "glioma"
    table["patient"] = None
    table.to_csv(path, index=False)
    found = list(sentences(audit(Manifest.read(path))))
    frame = make_predictions()
    results = read_results(
        make_run([frame], dataset={"audit": tuple(found)}, protocol={"group": "image"})
    )
    assert titles(results) == [
        "The data set's own split leaks.",
        "Copies of test images may be in the training part.",
    ]
    # Of a run on that split it is known, and said once.
    own = replace(results.record.protocol, folds="the manifest's own test part (column 'split')")
    used = replace(results, record=replace(results.record, protocol=own))
    assert titles(used) == ["The data set's own split leaks."]


def test_copies_in_two_folds_are_seen_in_the_predictions(
    make_predictions: Any, make_run: Any
) -> None:
    frame = make_predictions()
    first, second = (frame.index[frame["fold"] == f][0] for f in ("1", "2"))
    frame.loc[second, "key"] = frame.loc[first, "key"]
    results = read_results(make_run([frame]))
    (alarm,) = alarms(results)
    assert alarm.title == "Test images are in the training part."
    assert alarm.text.startswith("The files of 2 of 300 tested images are in the training part")
    brief = {row[0].text: row[1].text for row in in_brief(results).rows}
    assert brief["Was the split honest"].startswith("No: test images are in the training part; ")


def test_copies_in_one_fold_are_no_alarm(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    first, second = frame.index[frame["fold"] == "1"][:2]
    frame.loc[second, "key"] = frame.loc[first, "key"]
    assert alarms(read_results(make_run([frame]))) == []


def test_cut_patients_and_images_tested_twice(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    frame["fold"] = [str(i % 5) for i in range(len(frame))]
    assert titles(read_results(make_run([frame], name="cut"))) == [
        "The folds cut through patients."
    ]
    frame = make_predictions()
    twice = pd.concat([frame, frame.head(7)], ignore_index=True)
    (alarm,) = alarms(read_results(make_run([twice], name="twice")))
    assert alarm.title == "Images are tested more than once."
    assert alarm.text.startswith("7 images of 307")


def test_a_control_that_knows_the_class(
    make_predictions: Any, make_run: Any, add_experiment: Any
) -> None:
    folder = make_run([make_predictions()])
    frame = make_predictions(seed=7, experiment="lightgbm+hog+lbp+glcm (shuffled labels)")
    add_experiment(folder, frame, control="shuffled labels", of="lightgbm+hog+lbp+glcm")
    assert titles(read_results(folder)) == [
        "Trained on shuffled labels, a model still knows the class."
    ]


def test_pictures_of_the_training_set_in_the_other_one(
    make_predictions: Any, make_run: Any, add_experiment: Any
) -> None:
    folder = make_run([make_predictions()])
    frame = make_predictions(images=80, experiment="lightgbm+hog+lbp+glcm (on there)")
    add_experiment(folder, frame, test_on="there", trained_on=("made-up",), left_out={})
    (alarm,) = alarms(read_results(folder))
    assert alarm.title == "Pictures of the training set are in the other test set."
    assert "there (80 pictures)" in alarm.text


def test_without_predictions_the_audit_is_left(audited: Callable[..., Results]) -> None:
    results = audited(LEAKS)
    assert results.folder is not None
    (results.folder / "predictions.parquet").unlink()
    assert titles(read_results(results.folder)) == ["The data set's own split leaks."]


def test_a_page_of_runs_names_the_run(make_predictions: Any, make_run: Any, tmp_path: Path) -> None:
    bad = make_run([make_predictions()], name="a", dataset={"audit": (LEAKS,)})
    good = make_run([make_predictions(seed=1)], name="b")
    page = render_joined([good, bad], tmp_path / "out")["markdown"].read_text("utf-8")
    assert "> **Run 2: the data set's own split leaks.** In test" in page


def test_copies_that_the_run_counted_are_told(make_predictions: Any, make_run: Any) -> None:
    """Of one test part the predictions say nothing of the training part: the run has counted."""
    frame = make_predictions(images=100, folds=1)
    counted = {"n_folds": 1, "copies": 7}
    (alarm,) = alarms(read_results(make_run([frame], name="a", protocol=counted)))
    assert alarm.text.startswith("The files of 7 of 100 tested images are in the training part")
    none = {"n_folds": 1, "copies": 0}
    assert alarms(read_results(make_run([frame], name="b", protocol=none))) == []


def test_neighbours_are_told_where_there_are_no_copies(audited: Callable[..., Results]) -> None:
    beside = (
        "wrong",
        "split test: 1 of 4 files (25.0%) are no copies, but as alike as adjacent slices to a "
        "picture on another side; patients are unknown, so nothing keeps them together.",
    )
    assert "adjacent" not in alarms(audited(LEAKS, beside))[0].text
    (alarm,) = alarms(audited(beside))
    assert alarm.title == "The data set's own split leaks."
    assert alarm.text.startswith("In test, 1 of 4 files (25.0 %) are no copies, but as alike as")
