from __future__ import annotations

import pytest

from gliaboost.errors import UsageError
from gliaboost.features import create
from gliaboost.reports.protocol.experiments import BY_IMAGE, SHUFFLED, Experiment, competitors


def test_ablation_adds_each_alone_and_all_but_one() -> None:
    extractors = [create(n) for n in ("hog", "lbp", "glcm")]
    names = [e.name for e in competitors(["lightgbm"], extractors, ablation=True)]
    assert names == [
        "lightgbm+hog+lbp+glcm",
        "lightgbm+hog",
        "lightgbm+lbp",
        "lightgbm+glcm",
        "lightgbm+lbp+glcm",
        "lightgbm+hog+glcm",
        "lightgbm+hog+lbp",
    ]
    two = [e.name for e in competitors(["xgboost"], extractors[:2], ablation=True)]
    assert two == ["xgboost+hog+lbp", "xgboost+hog", "xgboost+lbp"]
    one = [e.name for e in competitors(["xgboost"], extractors[:1], ablation=True)]
    assert one == ["xgboost+hog"]


def test_a_booster_needs_features() -> None:
    with pytest.raises(UsageError, match="--features"):
        competitors(["lightgbm"], [])


def test_models_on_images_have_no_features_and_no_ablation() -> None:
    extractors = [create(n) for n in ("lbp", "glcm")]
    found = competitors(["cnn-scratch", "hybrid"], extractors, ablation=True)
    assert [e.name for e in found] == ["cnn-scratch", "hybrid+lbp+glcm"]
    assert [e.takes for e in found] == ["images", "both"]
    assert [e.name for e in competitors(["cnn-scratch"], [])] == ["cnn-scratch"]


def test_a_name_says_what_sets_an_experiment_aside() -> None:
    lbp = (create("lbp"),)
    names = [
        Experiment("lightgbm", lbp, control=SHUFFLED).name,
        Experiment("lightgbm", lbp, control=BY_IMAGE).name,
        Experiment("lightgbm", lbp, test_on="kyoto").name,
    ]
    assert names == [
        "lightgbm+lbp (shuffled labels)",
        "lightgbm+lbp (image folds)",
        "lightgbm+lbp (on kyoto)",
    ]
