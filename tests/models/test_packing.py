"""What is noted of a fitted model beside its bytes."""

from __future__ import annotations

import numpy as np
import sklearn

from gliaboost.datasets.prepare import Preparation
from gliaboost.features import create
from gliaboost.models.packing import installed, make_bundle
from gliaboost.models.registry import create_model


def test_a_bundle_notes_all_that_prediction_needs_in_plain_values() -> None:
    X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    model = create_model("lightgbm", rounds=2, inner_folds=0, device="cpu", seed=7)
    model.fit(X, np.arange(30) % 2)
    hog = create("hog", orientations=6)
    bundle = make_bundle(
        model, Preparation(size=64), [hog], manifest_fingerprint="abc",
        metrics={"images": np.int64(30)},
    )  # fmt: skip
    assert bundle.classes == ["0", "1"] and bundle.columns == 3
    assert (bundle.takes, bundle.package) == ("columns", "gliaboost")
    assert bundle.parameters["seed"] == 7
    assert bundle.features == [hog.spec()]
    assert bundle.preparation_ == Preparation(size=64)
    assert type(bundle.metrics["images"]) is int
    assert "history" not in bundle.metrics
    assert bundle.versions["lightgbm"] == installed("lightgbm")
    assert bundle.sha256 == bundle.digest()


def test_versions_are_those_of_the_distributions() -> None:
    assert installed("scikit-learn") == sklearn.__version__
    assert installed("no-such-package-anywhere") is None
