"""With one seed a run on the CPU has one result: again, and with any number of threads.

``make test-fire`` runs every model; the short version two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gliaboost
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.models.registry import create_model
from tests.fire.test_kills import without_times

SMALL: dict[str, Any] = {
    "prepare": "size=64",
    "folds": 2,
    "settings": {"lightgbm": {"rounds": 8}},
}
MORE: dict[str, Any] = {
    "xgboost": {"rounds": 8},
    "random-forest": {"trees": 12},
    "region": {"segmenter": "otsu", "maps": "classical"},
}
NETWORK: dict[str, Any] = {
    "prepare": "size=64",
    "folds": 2,
    "controls": False,
    "only": "1",
    "models": "cnn-scratch",
    "settings": {"cnn-scratch": {"size": 32, "epochs": 2, "batch_size": 8}},
}
EVERY = "xgboost,lightgbm,svm,logistic,random-forest,stacked"


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return make_phantom(tmp_path_factory.mktemp("same") / "phantom", patients=16, slices=1, size=64)


def ran(manifest: Manifest, folder: Path, jobs: int, **given: Any) -> tuple[Any, str]:
    """All that a run leaves but for times, with a store of its own."""
    gliaboost.benchmark(
        manifest, out=folder, store=folder / "store", jobs=jobs, device="cpu", audit=False, **given
    )
    record = without_times(json.loads((folder / "results.json").read_text("utf-8")))
    return record, pd.read_parquet(folder / "predictions.parquet").to_json(double_precision=15)


def assert_same(manifest: Manifest, folder: Path, jobs: tuple[int, ...], **given: Any) -> None:
    first, *others = (ran(manifest, folder / f"{k}", n, **given) for k, n in enumerate(jobs))
    for other in others:
        assert other == first


@pytest.mark.integration
def test_other_threads_give_the_same_results(phantom: Manifest, tmp_path: Path) -> None:
    given = {**SMALL, "features": "lbp", "models": "lightgbm,logistic"}
    assert_same(phantom, tmp_path, (1, 2), **given)


@pytest.mark.fire
def test_every_model_and_feature_has_the_same_results_with_any_threads(
    phantom: Manifest, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    given = {**SMALL, "features": "hog,lbp,glcm,embedding,region", "models": EVERY}
    given["settings"] = {**SMALL["settings"], **MORE}
    assert_same(phantom, tmp_path, (1, 2, 3, 2), **given)


@pytest.mark.fire
def test_a_network_has_the_same_results_with_the_same_threads(
    phantom: Manifest, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    for jobs in (1, 2):
        assert_same(phantom, tmp_path / f"{jobs}", (jobs, jobs), **NETWORK)


@pytest.mark.fire
@pytest.mark.parametrize("model", ["xgboost", "lightgbm"])
def test_a_booster_has_the_same_trees_with_any_threads(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the table were large enough for as many threads as are asked for.
    monkeypatch.setattr("gliaboost.models.boosters.native.CELLS_PER_THREAD", 2000)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 30)).astype(np.float32)
    y = np.array(list("abc"))[np.digitize(X[:, 0] + rng.normal(size=len(X)), [-0.5, 0.5])]
    first, *others = (
        create_model(model, jobs=jobs, seed=0, rounds=40, device="cpu").fit(X, y).predict_proba(X)
        for jobs in (1, 2, 3, 5)
    )
    for other in others:
        np.testing.assert_array_equal(other, first)


@pytest.mark.fire
def test_with_other_threads_a_network_is_nearly_the_same(phantom: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    tables = []
    for jobs in (1, 2, 3):
        _, answers = ran(phantom, tmp_path / f"{jobs}", jobs, **NETWORK)
        frame = pd.DataFrame(json.loads(answers))
        tables.append(frame.filter(like="proba_").to_numpy(float))
    apart = max(float(np.abs(table - tables[0]).max()) for table in tables[1:])
    print(f"with 1, 2 and 3 threads probabilities are up to {apart:.0e} apart")
    assert apart < 1e-3


@pytest.mark.fire
@pytest.mark.xdist_group("cluster")
def test_what_learns_in_a_fold_is_the_same_on_a_cluster(phantom: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("distributed")
    given = {**SMALL, "features": "lbp,fisher,region", "models": "lightgbm,cnn-scratch"}
    given["settings"] = SMALL["settings"] | NETWORK["settings"] | {"region": MORE["region"]}
    given["controls"] = False
    here = ran(phantom, tmp_path / "here", 1, **given)
    assert ran(phantom, tmp_path / "there", 1, cluster="local:2", **given) == here
