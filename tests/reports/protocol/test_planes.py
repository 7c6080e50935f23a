from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.datasets.plane.inference import named_plane, plane_probabilities
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.features import create
from gliaboost.features.store import FeatureStore
from gliaboost.models.training_data import TrainingData
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.planes import planes_of, to_infer
from gliaboost.reports.protocol.protocol import Protocol

# The simulated head takes seconds to build, once a process.
pytestmark = pytest.mark.xdist_group("phantom")

PREPARATION = Preparation(size=64)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("drawn") / "phantom"
    return make_phantom(folder, patients=8, slices=1, size=64)


def without(drawn: Manifest, rows: slice) -> Manifest:
    """The phantom, with the planes of some rows forgotten."""
    table = drawn.table.copy()
    table.loc[table.index[rows], "plane"] = None
    return Manifest.of(table, drawn.root, "forgetful")


def data_of(manifest: Manifest, folder: Path, features: list[Any]) -> TrainingData:
    store = FeatureStore(folder / "store")
    return TrainingData(manifest, features, PREPARATION, store, beside=to_infer(manifest), jobs=1)


def test_given_planes_are_taken_and_nothing_is_inferred(drawn: Manifest, tmp_path: Path) -> None:
    table = drawn.table.assign(plane="Sag")  # wrong, and yet what the data set says
    given = Manifest.of(table, drawn.root, "given")
    assert to_infer(given) == []
    found = planes_of(data_of(given, tmp_path, [create("hog")]))
    assert found.counts() == {"sagittal": len(drawn)} and found.inferred == 0


@pytest.mark.parametrize("features", [["hog"], ["plane"], []])
def test_what_lacks_is_told_from_the_prepared_picture(
    drawn: Manifest, tmp_path: Path, features: list[str]
) -> None:
    manifest = without(drawn, slice(0, 9))
    found = planes_of(data_of(manifest, tmp_path, [create(name) for name in features]))
    assert found.inferred == 9
    for row, (path, plane) in enumerate(
        zip(drawn.table["path"], drawn.table["plane"], strict=True)
    ):
        image = PREPARATION(decode(drawn.paths[row]))
        told = named_plane(plane_probabilities(image))
        assert found.of[path] == (told if row < 9 else plane)


def test_an_unreadable_file_has_no_plane(drawn: Manifest, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    table = drawn.table.assign(path=[str(p) for p in drawn.paths]).drop(columns=["mask", "key"])
    broken = table.iloc[[0]].assign(path=str(tmp_path / "broken.png"), plane=None)
    manifest = Manifest.of(pd.concat([table, broken], ignore_index=True), tmp_path, "broken")
    found = planes_of(data_of(manifest, tmp_path, [create("hog")]))
    assert len(found.of) == len(drawn) and found.inferred == 0


def test_a_benchmark_keeps_the_planes(drawn: Manifest, tmp_path: Path) -> None:
    manifest = without(drawn, slice(0, 5))
    results = run(
        manifest,
        Protocol(
            experiments=competitors(["lightgbm"], [create("hog")]),
            folds=patient_folds(manifest, 2),
            folds_name="2 folds by patient",
            preparation=PREPARATION,
            parameters={"lightgbm": {"rounds": 3, "inner_folds": 0}},
            controls=False,
            jobs=1,
        ),
        FeatureStore(tmp_path / "store"),
        tmp_path / "out",
    )
    assert results.dataset.planes_inferred == 5
    assert sum(results.dataset.planes.values()) == len(manifest)
    known = dict(zip(manifest.table["path"], manifest.table["plane"], strict=True))
    predictions = results.experiments[0].predictions
    given = [known[path] for path in predictions["path"]]
    same = [p == g for p, g in zip(predictions["plane"], given, strict=True) if isinstance(g, str)]
    assert len(same) == len(manifest) - 5 and all(same)
    assert set(predictions["plane"]) <= {"axial", "coronal", "sagittal", "unknown"}
    counted = predictions["plane"].value_counts().to_dict()
    assert counted == results.dataset.planes
    assert np.all(predictions["plane"].notna())
