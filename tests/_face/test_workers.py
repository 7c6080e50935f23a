from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gliaboost
from gliaboost._face.faults import Faults
from gliaboost._face.workers import check_spread, check_workers, working
from gliaboost.errors import ManifestError, UsageError
from gliaboost.progress import SILENT
from gliaboost.remote import write_remote
from tests.conftest import MakeImages

pytestmark = pytest.mark.xdist_group("cluster")


def test_without_a_cluster_the_executor_stays_what_it_is() -> None:
    faults = Faults()
    with ThreadPoolExecutor(1) as pool:
        check_workers(faults, None, pool)
        with working(None, pool, None, SILENT) as found:
            assert found is pool
    with working(None, None, 2, SILENT) as found:
        assert found is None
    assert not faults


def test_faults_are_noted_before_any_work() -> None:
    faults = Faults()
    with ThreadPoolExecutor(1) as pool:
        check_workers(faults, "local:none", pool)
    with pytest.raises(UsageError, match="give one of them") as caught:
        faults.tell()
    assert "expected local:N" in str(caught.value)


@pytest.mark.parametrize("cluster", [None, "local:2"])
@pytest.mark.parametrize("parameters", [{}, {"svm": {}}, {"xgboost": {"spread": False}}])
def test_what_is_not_to_be_spread_needs_no_cluster(
    cluster: str | None, parameters: dict[str, dict[str, bool]]
) -> None:
    faults = Faults()
    check_spread(faults, parameters, cluster)
    check_spread(faults, {"xgboost": {"spread": True}}, "local:2")
    assert not faults


def test_what_is_to_be_spread_is_refused_where_nobody_shares_it(
    make_images: MakeImages, tmp_path: Path
) -> None:
    data = make_images()
    asked: dict[str, Any] = {"settings": ["xgboost.spread=true"], "store": tmp_path / "store"}
    for call in (
        lambda: gliaboost.train(data, model="xgboost", **asked),
        lambda: gliaboost.tune(data, model="xgboost", **asked),
        lambda: gliaboost.benchmark(
            data, models="xgboost", cluster="local:2", out=tmp_path / "run", **asked
        ),
    ):
        with pytest.raises(UsageError, match="spread needs the workers of a cluster"):
            call()
    assert not (tmp_path / "store").exists() and not (tmp_path / "run").exists()


@pytest.mark.integration
def test_a_cluster_extracts_for_a_training_and_fits_what_is_to_be_spread(
    make_images: MakeImages, tmp_path: Path
) -> None:
    data = make_images(patients=12)
    # Few values a column, so that the cuts are the same; all rows, as they are drawn by place.
    few = {"rounds": 6, "inner_folds": 2, "subsample": 1.0, "max_bin": 255}
    asked: dict[str, Any] = {"model": "xgboost", "features": "glcm", "estimate": 2, "jobs": 1}
    here = gliaboost.train(data, settings={"xgboost": few}, store=tmp_path / "here", **asked)
    there = gliaboost.train(
        data,
        settings={"xgboost": {**few, "spread": True}},
        store=tmp_path / "there",
        cluster="local:2",
        **asked,
    )
    assert there.parameters["spread"] and not here.parameters["spread"]
    assert there.metrics["estimate"] == here.metrics["estimate"]
    answers = [gliaboost.predict(b, data.parent).to_frame()["proba_fine"] for b in (here, there)]
    np.testing.assert_allclose(answers[0], answers[1], rtol=0, atol=1e-5)


@pytest.mark.integration
def test_manifest_pictures_and_store_of_objects_give_the_same_columns(
    make_images: MakeImages, tmp_path: Path, s3_folder: str
) -> None:
    data = make_images(patients=4)
    for file in data.parent.iterdir():
        write_remote(f"{s3_folder}/{file.name}", file.read_bytes())
    here = gliaboost.extract(data, features="hog,lbp", store=tmp_path / "store")
    there = gliaboost.extract(
        f"{s3_folder}/manifest.csv",
        features="hog,lbp",
        store=f"{s3_folder}/store",
        cluster="local:2",
    )
    pd.testing.assert_frame_equal(there.to_frame(), here.to_frame(), check_exact=True)
    again = gliaboost.extract(
        f"{s3_folder}/manifest.csv", features="hog,lbp", store=f"{s3_folder}/store"
    )
    assert (again.extraction.computed, again.extraction.reused) == (0, 12)
    # A manifest of this machine may name objects, and one in a bucket lacks what is not there.
    table = pd.read_csv(data).assign(path=lambda t: f"{s3_folder}/" + t["path"])
    mixed = gliaboost.extract(table, features="hog", store=tmp_path / "store")
    assert (mixed.extraction.computed, mixed.extraction.reused) == (0, 12)
    table.loc[0, "path"] = f"{s3_folder}/none.png"
    with pytest.raises(ManifestError, match=r"files that are not there.*none\.png"):
        gliaboost.extract(table, features="hog", store=tmp_path / "store")


def test_what_is_not_read_or_written_at_a_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"s3://bucket/set: at a URL only a manifest is read"):
        gliaboost.extract("s3://bucket/set", store=tmp_path / "s")
    with pytest.raises(UsageError, match=r"--out s3://bucket/run: only a store"):
        gliaboost.benchmark(tmp_path / "m.csv", out="s3://bucket/run")
    with pytest.raises(
        UsageError, match=r"nowhere://x/y: expected a path, or a URL of one of the kinds s3, "
    ):
        gliaboost.extract(tmp_path / "m.csv", store="nowhere://x/y")
