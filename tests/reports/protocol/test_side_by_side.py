from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gliaboost
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import ClusterError
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.training_data import TrainingData
from gliaboost.progress import Progress, Silent
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.parts import Part
from gliaboost.reports.protocol.side_by_side import SideBySide
from tests.conftest import MakeImages

EXPERIMENTS = [
    Experiment("lightgbm", (create("lbp"),)),
    Experiment("cnn-finetune"),
    Experiment("xgboost", (create("lbp"),)),
]


def answer(item: tuple[str, bool], out: Path, progress: Progress) -> Part:
    """Stand in for a fold."""
    stem, written = item
    if written:
        (out / "parts").mkdir(parents=True, exist_ok=True)
        (out / "parts" / f"{stem}.parquet").touch()
    progress.line(stem)
    return Part(pd.DataFrame({"out": [str(out)]}), stem)  # type: ignore[arg-type]


def wanted(written: bool = True) -> list[tuple[Experiment, str, tuple[str, bool]]]:
    return [(e, e.model, (e.model, written)) for e in EXPERIMENTS]


class Places:
    """Notes on which of two executors a task was."""

    slots = 2

    def __init__(self, inner: Any, name: str = "columns", noted: list[str] | None = None) -> None:
        self.inner, self.name, self.noted = inner, name, [] if noted is None else noted

    def submit(self, fn: Any, /, *args: Any) -> Any:
        self.noted.append(self.name)
        return self.inner.submit(fn, *args)

    def share(self, value: Any) -> Any:
        return value

    def hear(self, progress: Progress) -> Progress:
        return Silent()

    def for_networks(self) -> Any:
        return Places(self.inner, "GPU", self.noted)

    def team(self) -> None:
        return None


def test_here_each_is_done_when_it_is_asked_for(tmp_path: Path, heard: Any) -> None:
    parts = SideBySide(None, tmp_path, heard).run(answer, wanted(written=False))
    assert str(next(parts).notes) == "lightgbm" and heard.lines == ["lightgbm"]
    assert [str(part.notes) for part in parts] == ["cnn-finetune", "xgboost"]


def test_elsewhere_networks_go_to_gpus_and_parts_come_in_order(
    tmp_path: Path, heard: Any, far: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = Places(far)
    parts = list(SideBySide(places, Path("out"), heard).run(answer, wanted()))
    assert [str(part.notes) for part in parts] == ["lightgbm", "cnn-finetune", "xgboost"]
    assert places.noted == ["columns", "GPU", "columns"]
    assert {part.frame["out"][0] for part in parts} == {str(tmp_path / "out")}


def test_a_folder_that_is_not_shared_is_told(tmp_path: Path, heard: Any, far: Any) -> None:
    with pytest.raises(ClusterError, match=r"wrote lightgbm\.parquet .*--out"):
        list(SideBySide(far, tmp_path, heard).run(answer, wanted(written=False)))


def test_data_travel_without_what_lies_in_the_store(
    make_images: MakeImages, tmp_path: Path
) -> None:
    manifest = Manifest.read(make_images(patients=4))
    data = TrainingData(
        manifest, [create("hog")], Preparation(size=64), FeatureStore(tmp_path / "s")
    )
    rows = np.arange(3)
    own = data.columns(rows, [create("hog")])
    assert data.images(rows).shape == (3, 64, 64)
    sent = pickle.dumps(data)
    assert not {"_matrix", "_images"} & set(vars(pickle.loads(sent)))
    there = pickle.loads(sent)
    np.testing.assert_array_equal(there.columns(rows, [create("hog")]), own)
    np.testing.assert_array_equal(there.images(rows), data.images(rows))


@pytest.mark.integration
@pytest.mark.xdist_group("cluster")
def test_two_processes_predict_what_one_does(make_images: MakeImages, tmp_path: Path) -> None:
    data = make_images(patients=8)

    def run(name: str, **more: Any) -> Any:
        return gliaboost.benchmark(
            data,
            folds=2,
            features="lbp",
            models="lightgbm,xgboost",
            settings={"lightgbm": {"rounds": 5}, "xgboost": {"rounds": 5}},
            audit=False,
            out=tmp_path / name,
            store=tmp_path / f"{name}-store",
            **more,
        )

    one, two = run("one"), run("two", cluster="local:2")
    pd.testing.assert_frame_equal(two.predictions, one.predictions, check_exact=True)
    assert set(two.predictions["experiment"]) >= {"lightgbm+lbp", "xgboost+lbp"}
    saved = [
        {file.name for file in (tmp_path / name / "models").iterdir()} for name in ("one", "two")
    ]
    assert saved[0] == saved[1] and len(saved[0]) == 4
