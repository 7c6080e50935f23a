from __future__ import annotations

import pytest

from gliaboost._face.faults import Faults
from gliaboost._face.naming import feature_words, known_features, known_models, model_words
from gliaboost.errors import UsageError
from gliaboost.features import HOG


def test_features_are_words_extractors_or_both() -> None:
    own = HOG(orientations=6)
    assert feature_words("hog, lbp") == ["hog", "lbp"]
    assert feature_words(own) == [own]
    assert feature_words(["lbp", own]) == ["lbp", own]
    with pytest.raises(UsageError, match="named twice"):
        feature_words(["lbp", own, "lbp"])
    with pytest.raises(UsageError, match="expected names"):
        feature_words([])


def test_a_kind_with_a_tag_is_read_in_any_case() -> None:
    assert feature_words("HOG LBP;GLCM:Fine") == ["hog", "lbp", "glcm:Fine"]
    with pytest.raises(UsageError, match="hog is named twice"):
        feature_words("hog,HOG")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("LightGBM XGBoost", ["lightgbm", "xgboost"]),
        (["CNN_Finetune"], ["cnn-finetune"]),
        (["xgboost,hybrid", "LIGHTGBM"], ["xgboost", "hybrid", "lightgbm"]),
    ],
)
def test_models_are_read_in_any_case(given: str | list[str], asked: list[str]) -> None:
    assert model_words(given) == asked


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("xgbost", "did you mean xgboost?"),
        ("XGB", "did you mean xgboost?"),
        ("lgbm", "did you mean lightgbm?"),
        ("hog", "hog are features: --features hog"),
        ("knn", "the models are: cnn-finetune"),
        ("SVC", "did you mean svm?"),
        ("random_forest_classifier", "did you mean random-forest?"),
        ("rf", "did you mean random-forest?"),
        ("LogReg", "did you mean logistic?"),
    ],
)
def test_another_model_is_asked_for(word: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        model_words(word)
    assert f"no model called {word!r}" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("hgo", "did you mean hog?"),
        ("XGBoost", "xgboost is a model: --models xgboost"),
        ("haralick", "did you mean glcm?"),
    ],
)
def test_other_features_are_asked_for(word: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        feature_words(word)
    assert said in str(caught.value)


@pytest.mark.parametrize("word", ["resnet50", "ResNet50", "resnet-50"])
def test_a_backbone_says_how_it_is_asked_for(word: str) -> None:
    with pytest.raises(UsageError, match=r"embedding\.backbone=resnet50 --set embedding\.wei"):
        feature_words(word)
    with pytest.raises(UsageError, match=r"--set cnn-finetune\.backbone=resnet50"):
        model_words(word)


def test_what_is_known_is_kept_beside_what_is_not() -> None:
    faults = Faults()
    assert known_models(faults, "knn,lightgbm,tabnet") == ["lightgbm"]
    assert known_features(faults, "hog,sift") == ["hog"]
    assert [str(e).split(";")[0] for e in faults.errors] == [
        "no model called 'knn'",
        "no model called 'tabnet'",
        "no features called 'sift'",
    ]
