from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gliaboost
from gliaboost._face.shortcomings import lacking, remedies, shortcomings
from gliaboost.models.bundle import Bundle
from gliaboost.models.familiarity.familiarity import DESCRIPTION, learn

pytestmark = pytest.mark.integration


def certain(**named: Any) -> dict[str, Any]:
    known = {"temperature": 1.0, "alpha": 0.1, "strangeness": 0.7, "units": 40, **named}
    return {"estimate": {"certainty": known}}


def familiar(count: int) -> dict[str, Any]:
    images = np.random.default_rng(0).integers(0, 255, (count, 64, 64), np.uint8)
    groups = np.arange(count).astype(str)
    return learn(DESCRIPTION.transform(images), [f"{n:064d}" for n in range(count)], groups)


def bundle(metrics: dict[str, Any], familiarity: dict[str, Any]) -> Bundle:
    specs: list[dict[str, Any]] = [{"name": "hog"}, {"name": "lbp"}, {"name": "hog"}]
    made = Bundle("lightgbm", b"", "", ["a", "b"], 1, {}, specs, {}, "cpu", "")
    made.metrics, made.familiarity = metrics, familiarity
    return made


def test_one_that_knows_all_lacks_nothing() -> None:
    whole = bundle(certain(), familiar(40))
    assert (shortcomings(whole), remedies(whole), lacking(whole)) == ([], [], [])


@pytest.mark.parametrize(
    ("metrics", "pictures", "said"),
    [
        ({}, 40, ["not calibrated"]),
        ({"estimate": {"certainty": {"temperature": -1}}}, 40, ["not calibrated"]),
        (certain(strangeness=None, units=8), 40, ["8 patients: too few to rule out"]),
        (certain(), 0, ["refuses nothing"]),
        (certain(), 5, ["too few pictures to refuse"]),
        ({}, 0, ["not calibrated", "refuses nothing"]),
    ],
)
def test_each_thing_that_is_lacking_is_said_with_a_remedy(
    metrics: dict[str, Any], pictures: int, said: list[str]
) -> None:
    one = bundle(metrics, familiar(pictures) if pictures else {})
    found = shortcomings(one)
    assert len(found) == len(said) and all(s in f for s, f in zip(said, found, strict=True))
    assert lacking(one) == [("What it lacks", " ".join(found))]
    assert remedies(one)[-1].endswith("gliaboost train DATA --model lightgbm --features hog,lbp")
    few = pictures == 5 or bool(metrics and metrics["estimate"]["certainty"].get("units") == 8)
    assert ("on more patients" in remedies(one)[-1]) == few


def test_a_bundle_of_a_fold_says_whose_it_is(tmp_path: Path, write_images: Any) -> None:
    manifest = write_images(tmp_path / "data", patients=6, per_patient=2)
    gliaboost.benchmark(
        manifest, features="lbp", models="lightgbm", folds=2, out=tmp_path / "run",
        settings={"lightgbm": {"rounds": 5}}, store=tmp_path / "store",
    )  # fmt: skip
    fold = gliaboost.load(sorted((tmp_path / "run" / "models").glob("*.joblib"))[0])
    assert len(shortcomings(fold)) == 2
    assert "bare model of a fold" in remedies(fold)[0] and "--features lbp" in remedies(fold)[1]
