from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

import gliaboost
from gliaboost._face import demo
from gliaboost._face.choices import choose
from gliaboost._face.faults import Faults
from gliaboost._face.presets import PRESETS
from gliaboost._face.samples import samples_beside
from gliaboost.datasets.phantom import sample
from gliaboost.errors import UsageError
from gliaboost.progress import Silent
from gliaboost.reports.pages import region_outlines
from gliaboost.reports.pages.region_outlines import OutlinePicture


class Heard(Silent):
    """Keeps the lines that it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def test_the_demo_is_a_benchmark_of_a_phantom(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Any] = []
    told: list[dict[str, Any]] = []

    def instead(data: Path, **named: Any) -> None:
        asked.append((data, named["store"]))
        told.append(named)

    def outlined(folder: Path, manifest: Any) -> list[OutlinePicture]:
        asked.append(("outlines", folder, manifest))
        return [OutlinePicture(folder / "outline-best.png", "best", "glioma", "1.png", 0.931)]

    monkeypatch.setattr(sample, "make_phantom", lambda folder, **named: asked.append(folder))
    monkeypatch.setattr(demo, "benchmark", instead)
    monkeypatch.setattr(region_outlines, "draw_outlines", outlined)
    monkeypatch.setattr(demo, "_keep_model", lambda *given: asked.append("model"))
    heard = Heard()
    gliaboost.demo(tmp_path, progress=heard)
    phantom = tmp_path / "phantom"
    assert asked == [
        phantom,
        (phantom / "manifest.parquet", tmp_path / "store"),
        ("outlines", tmp_path, None),
        "model",
    ]
    assert "no number here is clinical" in heard.lines[-2]
    assert heard.lines[-1].startswith(f"best outline: {tmp_path / 'outline-best.png'} (glioma, ")
    assert "Dice 93%" in heard.lines[-1]
    # The segmenters of the region are the light ones: whoever has no torch has them too.
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    gliaboost.demo(tmp_path, progress=heard)
    for named in told:
        assert named["settings"]["region"]["maps"] == "classical"
    # The features are the preset's own: its settings go with them.
    assert told[0]["preset"] == "good"
    assert "features" not in told[0]
    assert told[1]["features"] == "hog,lbp,glcm,region"


def test_the_best_model_is_kept_for_the_page_with_samples(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.bundle import Bundle

    plain = Preparation().to_dict()
    own = Bundle("lightgbm", b"x", "", ["a", "b"], 1, plain, [], {}, "cpu", "", takes="columns")
    (tmp_path / "phantom" / "images").mkdir(parents=True)
    paths = [f"images/P{n}-{plane}-1.png" for n in "12" for plane in ("axial", "coronal")]
    for path in paths:
        (tmp_path / "phantom" / path).write_bytes(path.encode())
    test = pd.DataFrame({"label": list("aabb"), "path": paths})
    monkeypatch.setattr(demo, "best_fold_bundle", lambda *given, **named: (own, test))
    demo._keep_model(cast(Any, None), tmp_path, None)
    assert gliaboost.load(tmp_path / demo.MODEL).classes == ["a", "b"]
    kept = samples_beside(tmp_path / demo.MODEL)
    assert [f.read_text() for f in kept] == ["images/P1-axial-1.png", "images/P2-axial-1.png"]


@pytest.mark.parametrize("given", [demo.DEMO, demo.DEMO_NETWORKS])
def test_the_demos_choice_has_no_fault(given: dict[str, Any]) -> None:
    faults = Faults()
    usual = PRESETS[given.get("preset", "fast")]
    choose(
        faults,
        features=given.get("features", usual.features),
        models=given.get("models", usual.models),
        settings=given["settings"],
    )
    faults.tell()


def test_a_demo_without_a_place_goes_on_in_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "make_phantom", lambda folder, **named: None)
    monkeypatch.setattr(region_outlines, "draw_outlines", lambda folder, manifest: [])
    monkeypatch.setattr(demo, "_keep_model", lambda *given: None)
    places: list[Path] = []
    monkeypatch.setattr(demo, "benchmark", lambda data, **named: places.append(named["out"]))
    for seed in (0, 0, 1, 0):
        gliaboost.demo(seed=seed)
    assert [p.as_posix() for p in places] == ["runs/demo", "runs/demo", "runs/demo-2", "runs/demo"]


def test_the_demo_checks_before_it_simulates(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as caught:
        gliaboost.demo(tmp_path / "file", device="tpu", seed=-1)
    for fault in ("no device 'tpu'", "seed=-1", "--out"):
        assert fault in str(caught.value)
