from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gliaboost
from gliaboost._face import demo_model
from gliaboost._face.samples import samples_beside
from gliaboost.datasets.phantom import sample


@pytest.mark.integration
def test_it_is_made_once_with_samples_of_other_patients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in {"PATIENTS": 8, "MASKED": 4, "TRIED": 4}.items():
        monkeypatch.setattr(demo_model, name, number)
    really = sample.make_phantom
    monkeypatch.setattr(
        sample, "make_phantom", lambda folder, **named: really(folder, **{**named, "size": 64})
    )
    light = {"settings": {"boosted-pixels": {"maps": "classical", "passes": 1, "rounds": 3}}}
    segment, train = gliaboost.segment_train, gliaboost.train
    monkeypatch.setattr(
        demo_model, "segment_train", lambda data, **named: segment(data, **{**named, **light})
    )
    told: dict[str, Any] = {}

    def lightly(data: Any, **named: Any) -> Any:
        told.update(named)
        return train(data, settings={"lightgbm": {"rounds": 3}}, **named)

    monkeypatch.setattr(demo_model, "train", lightly)
    made = demo_model.demo_model(tmp_path / "demo")
    bundle = gliaboost.load(made.bundle)
    # Of so few patients nothing can be estimated; in earnest it is, as nobody says otherwise.
    assert bundle.metrics["patients"] == 8 and "estimate" not in told
    assert gliaboost.load_segmenter(made.segmenter).classes
    tried = samples_beside(made.bundle)
    assert tried and not any(p.seen == "file" for p in gliaboost.predict(made.bundle, tried))
    assert {f.name for f in (tmp_path / "demo").iterdir()} == {
        made.bundle.name, made.segmenter.name, "samples",
    }  # fmt: skip
    monkeypatch.setattr(demo_model, "_make", None)
    assert demo_model.demo_model(tmp_path / "demo") == made
