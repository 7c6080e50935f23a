"""The extractor learns its vocabulary of pictures alone, evenly over patients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import patient_folds
from gliaboost.errors import UsageError
from gliaboost.features import create, from_spec
from gliaboost.features.fisher import extractor
from gliaboost.features.fisher.descriptors import Descriptors
from gliaboost.features.fisher.extractor import Fisher
from gliaboost.features.fisher.vocabulary import Vocabulary, learn
from gliaboost.features.fitted import described
from gliaboost.features.fitted_checks import sample_rows
from gliaboost.features.store import FeatureStore
from gliaboost.models.bundle import load
from gliaboost.models.explain.attribution import explain
from gliaboost.models.prediction import predict
from gliaboost.reports.protocol.benchmark import run
from gliaboost.reports.protocol.experiments import competitors
from gliaboost.reports.protocol.protocol import Protocol

ROWS = sample_rows(48, 56)
SMALL: dict[str, Any] = {"modes": 3, "dims": 6, "cells": [4, 8], "stride": 8}


def test_labels_and_masks_teach_it_nothing() -> None:
    own = Fisher(**SMALL).fit(**ROWS)
    blind = Fisher(**SMALL).fit(ROWS["X"], groups=ROWS["groups"])
    assert own.learned_ == blind.learned_
    assert not Fisher.learns_labels and not Fisher.takes_masks


def test_each_column_has_a_name_that_tells_its_parameters() -> None:
    own = Fisher(**SMALL).fit(ROWS["X"])
    names = own.feature_names(48, 56)
    assert len(names) == len(set(names)) == own.transform(ROWS["X"][:1]).shape[1] == 3 + 2 * 3 * 10
    prefix = "fisher__cells_4x8__stride_8__dims_6__modes_3__samples_100000__seed_0"
    assert names[0] == f"{prefix}__weight_m0"
    assert names[3] == f"{prefix}__mean_m0_d0" and names[-1] == f"{prefix}__variance_m2_d9"


def test_a_patient_of_many_slices_teaches_no_more_than_one_of_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def spy(sample: Descriptors, dims: int, modes: int, seed: int) -> Vocabulary:
        seen.append(sample)
        return learn(sample, dims, modes, seed)

    monkeypatch.setattr(extractor, "learn", spy)
    noise = np.random.default_rng(0).integers(0, 256, (8, 64, 64), dtype=np.uint8)
    noise[0] //= 12  # the one slice of the first patient is dark
    Fisher(modes=2, dims=4, samples=64, stride=8).fit(noise, groups=["a"] + ["b"] * 7)
    (sample,) = seen
    assert int((sample.beside[:, 3] < 0.08).sum()) == 32
    assert abs(len(sample.shares) - 64) <= 7


def test_a_bundle_brings_it_back() -> None:
    own = Fisher(**SMALL).fit(ROWS["X"])
    other = from_spec(described(own))
    np.testing.assert_array_equal(other.transform(ROWS["X"]), own.transform(ROWS["X"]))
    assert other.fingerprint() == own.fingerprint()


def test_images_of_two_kinds_are_told_apart() -> None:
    columns = Fisher(**SMALL).fit(ROWS["X"]).transform(ROWS["X"])
    large = ROWS["y"] == "large"
    apart = columns[large].mean(axis=0) @ columns[~large].mean(axis=0)
    own = columns[large][:4].mean(axis=0) @ columns[large][4:].mean(axis=0)
    assert own > apart


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"modes": 0}, "modes=0, expected 1 or more"),
        ({"dims": 129}, "dims=129, expected 1 to 128"),
        ({"samples": 10}, "samples=10, expected at least modes and dims, 64"),
        ({"cells": [1]}, "expected distances of 2 pixels or more"),
        ({"stride": 0}, "stride=0"),
        ({"cells": "five"}, "cells='five', expected numbers"),
        ({"modes": 1.5}, "modes=1.5, expected a whole number"),
    ],
)
def test_wrong_parameters_are_told_before_work(given: dict[str, Any], said: str) -> None:
    (fault,) = create("fisher", **given).parameter_faults(256, 256)
    assert said in fault


def test_one_distance_alone_will_do() -> None:
    own = Fisher(modes=2, dims=4, cells=6)
    assert own.parameter_faults(64, 64) == []
    assert "__cells_6__" in own.fit(ROWS["X"]).feature_names(48, 56)[0]


def test_pictures_without_gradients_teach_nothing() -> None:
    with pytest.raises(UsageError, match="0 descriptors with some gradient"):
        Fisher(**SMALL).fit(np.full((4, 64, 64), 50, np.uint8))


@pytest.mark.integration
def test_a_vocabulary_is_learned_once_a_fold_for_all_models_and_bundles_bring_it_back(
    make_images: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[int] = []

    def counted(sample: Descriptors, dims: int, modes: int, seed: int) -> Vocabulary:
        learned.append(len(sample.shares))
        return learn(sample, dims, modes, seed)

    monkeypatch.setattr(extractor, "learn", counted)
    manifest = Manifest.read(make_images(patients=12))
    columns = [create("lbp"), Fisher(**SMALL, samples=400)]
    protocol = Protocol(
        [
            *competitors(["svm", "logistic"], columns[1:]),
            *competitors(["lightgbm"], columns),
        ],
        patient_folds(manifest, 2),
        "two",
        parameters={"lightgbm": {"rounds": 10, "inner_folds": 0}, "svm": {"C": 1.0}},
        preparation=Preparation(size=64),
        controls=False,
    )
    store, out = FeatureStore(tmp_path / "store"), tmp_path / "out"
    results = run(manifest, protocol, store, out)
    assert len(learned) == 2
    records = {r.model: r for r in results.record.experiments}
    assert all((r.accuracy.pooled or 0) > 0.7 for r in records.values())
    shares = records["lightgbm"].shap_by_family
    assert shares is not None and set(shares) == {"lbp", columns[1].label}
    # An image to come is described once; learning, and training rows, are the model's cost.
    spent = records["svm"].seconds
    assert spent.tested is not None and 0 < spent.tested < spent.features
    # Another run takes all from the store.
    run(manifest, protocol, store, tmp_path / "again")
    assert len(learned) == 2
    (file,) = (out / "models").glob("logistic+*fold-1.joblib")
    (found,) = predict(load(file), manifest.paths[:1])
    assert found.error is None
    assert explain(load(file), manifest.paths[0]).families[columns[1].label] == 1
