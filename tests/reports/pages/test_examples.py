from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from gliaboost.reports.pages.examples import ALL, OF_A_CLASS, drawn, examples
from gliaboost.reports.protocol.results import Results, read_results


@pytest.fixture
def at_hand(make_predictions: Any, make_run: Any, tmp_path: Path) -> Callable[..., Results]:
    """Give a run of some classes whose images lie on disk, but for the first few."""

    def make(classes: int = 4, *, absent: int = 0) -> Results:
        names = [f"class {k}" for k in range(classes)]
        frame = make_predictions(20 * classes, 10 * classes, classes=names)
        (tmp_path / "images").mkdir()
        rng = np.random.default_rng(0)
        for path in frame["path"].iloc[absent:]:
            picture = rng.integers(0, 255, (200, 160), np.uint8)
            assert cv2.imwrite(str(tmp_path / path), picture)
        folder = make_run([frame], names)
        return replace(read_results(folder), images=tmp_path)

    return make


@pytest.mark.parametrize(("classes", "each"), [(2, OF_A_CLASS), (4, OF_A_CLASS), (12, 2)])
def test_each_class_has_some_small_pictures(
    at_hand: Callable[..., Results], classes: int, each: int
) -> None:
    results = at_hand(classes)
    (strip,) = examples(results)
    assert [len(pictures) for _, pictures in strip.groups] == [each] * classes
    assert [label for label, _ in strip.groups] == [
        f"{name}, {n}" for name, n in results.dataset.classes.items()
    ]
    assert classes * each <= ALL
    everything = [uri for _, pictures in strip.groups for uri, _ in pictures]
    assert len(set(everything)) == len(everything)
    assert sum(map(len, everything)) < 250_000
    assert examples(results) == [strip]


def test_what_cannot_be_read_is_passed_over(at_hand: Callable[..., Results]) -> None:
    (strip,) = examples(at_hand(absent=30))
    shown = [words for _, pictures in strip.groups for _, words in pictures]
    assert shown
    assert all(int(words.split("images/")[1].removesuffix(".png")) >= 30 for words in shown)


def test_nothing_is_shown_without_images(at_hand: Callable[..., Results], tmp_path: Path) -> None:
    results = at_hand()
    assert examples(replace(results, images=None)) == []
    assert examples(replace(results, images=tmp_path / "gone")) == []
    assert examples(replace(results, experiments=[])) == []


def test_a_patient_is_shown_once(make_predictions: Any) -> None:
    frame = make_predictions(60, 7)
    paths = drawn(frame, 60)
    patients = frame.set_index("path").loc[paths, "patient"]
    assert sorted(patients) == sorted(set(frame["patient"]))
    assert len(drawn(frame.assign(patient=None), 60)) == 60
    assert drawn(frame.sample(frac=1, random_state=1), 5) == drawn(frame, 5) != drawn(frame, 6)
