"""Models and extractors as people name them, and what to type where they name something else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from gliaboost._face.faults import Faults
from gliaboost._face.words import names, once
from gliaboost.errors import GliaboostError, UsageError
from gliaboost.spelling import did_you_mean, plain, spelled

if TYPE_CHECKING:
    from gliaboost.features.base import Extractor

FeatureNames: TypeAlias = "str | Extractor | Iterable[str | Extractor]"
# What else people call them.
MODELS_ELSEWHERE = {
    "xgb": "xgboost",
    "xgbclassifier": "xgboost",
    "gbm": "lightgbm",
    "lgb": "lightgbm",
    "lgbm": "lightgbm",
    "lgbmclassifier": "lightgbm",
    "svc": "svm",
    "rbfsvm": "svm",
    "supportvectormachine": "svm",
    "logreg": "logistic",
    "logisticregression": "logistic",
    "softmax": "logistic",
    "rf": "random-forest",
    "forest": "random-forest",
    "randomforestclassifier": "random-forest",
    "cnn": "cnn-finetune",
    "network": "cnn-finetune",
    "finetune": "cnn-finetune",
    "scratch": "cnn-scratch",
}
FEATURES_ELSEWHERE = {
    "cnn": "embedding",
    "deep": "embedding",
    "embeddings": "embedding",
    "haralick": "glcm",
}


def model_words(models: str | Iterable[str]) -> list[str]:
    """Read names of models, in any case.

    Raises
    ------
    UsageError
        Listing every name that is no model's, each with what is near it or what to type instead.

    Examples
    --------
    >>> model_words("LightGBM, cnn_finetune")
    ['lightgbm', 'cnn-finetune']
    """
    faults = Faults()
    found = known_models(faults, models)
    faults.tell()
    return found


def known_models(faults: Faults, models: str | Iterable[str]) -> list[str]:
    """Read names of models as `model_words`, and note those that are none."""
    from gliaboost.models.registry import model_names

    known = model_names()
    found: list[str] = []
    with faults.noted():
        given = names(models)
        for word in given:
            name = spelled(word, known)
            if name is None:
                listed = f"no model called {word!r}; the models are: {', '.join(known)}"
                faults.note(UsageError(listed + _instead_of_model(word)))
            else:
                found.append(name)
        if found:
            once(found, ",".join(given))
    return list(dict.fromkeys(found))


def feature_words(features: FeatureNames) -> list[str | Extractor]:
    """Read features: names in any case, or a list of names and extractors.

    Raises
    ------
    UsageError
        Listing every name that is no extractor's, each with what is near it or what to type.

    Examples
    --------
    >>> feature_words("HOG lbp"), feature_words("hog,HOG:fine")
    (['hog', 'lbp'], ['hog', 'hog:fine'])
    """
    faults = Faults()
    found = known_features(faults, features)
    faults.tell()
    return found


def known_features(faults: Faults, features: FeatureNames) -> list[str | Extractor]:
    """Read features as `feature_words`, and note the names that are none."""
    from gliaboost.features.registry import extractor_names

    known = extractor_names()
    found: list[str | Extractor] = []
    with faults.noted():
        given = _one_by_one(features)
        for word in given:
            if not isinstance(word, str):
                found.append(word)
                continue
            kind, colon, tag = word.partition(":")
            name = spelled(kind, known)
            if name is None:
                listed = f"no features called {kind!r}; the extractors are: {', '.join(known)}"
                faults.note(UsageError(listed + _instead_of_features(kind)))
            else:
                found.append(f"{name}{colon}{tag}")
        read = [word for word in found if isinstance(word, str)]
        if read:
            once(read, ",".join(word for word in given if isinstance(word, str)))
    return found


def _one_by_one(features: FeatureNames) -> list[str | Extractor]:
    given: list[str | Extractor] = []
    if isinstance(features, str):
        return [*names(features)]
    for one in features if isinstance(features, Iterable) else [features]:
        given += names(one) if isinstance(one, str) else [one]
    if not given:
        names("")
    return given


def _instead_of_model(word: str) -> str:
    from gliaboost.features.registry import extractor_names
    from gliaboost.models.registry import model_names

    if (name := spelled(word, extractor_names())) is not None:
        return f"; {name} are features: --features {name}"
    if asked := did_you_mean(word, model_names(), MODELS_ELSEWHERE):
        return asked
    return _of_backbone(word, "cnn-finetune", "--models cnn-finetune")


def _instead_of_features(word: str) -> str:
    from gliaboost.features.registry import extractor_names
    from gliaboost.models.registry import model_names

    if (name := spelled(word, model_names())) is not None:
        return f"; {name} is a model: --models {name} (train and tune: --model {name})"
    if asked := did_you_mean(word, extractor_names(), FEATURES_ELSEWHERE):
        return asked
    return _of_backbone(word, "embedding", "--features embedding")


def _of_backbone(word: str, taker: str, choice: str) -> str:
    """Say how a backbone is asked for; empty where the word names none."""
    backbone = known_backbone(word)
    if backbone is None:
        return ""
    return (
        f"; {backbone} is a backbone: {choice} --set {taker}.backbone={backbone} "
        f"--set {taker}.weights=hub (or a FILE)"
    )


def known_backbone(word: str) -> str | None:
    """Find the backbone that a word names, in any case; None where there is none, or no timm."""
    from gliaboost.features.embedding.timm_names import PRESETS, timm_name

    preset = spelled(word, PRESETS)
    if preset is not None:
        return preset
    for name in (word, word.lower().replace("-", "_"), plain(word)):
        try:
            timm_name(name)
        except GliaboostError:
            continue
        return name
    return None
