"""`check_model`: passed by every model of ours, and by no model that breaks the contract."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from gliaboost.devices import Unavailable
from gliaboost.errors import ContractError
from gliaboost.models import SearchSpace, check_model
from gliaboost.models.base import Classifier
from gliaboost.models.checks import sample_for
from gliaboost.models.registry import BUILT_IN, create_model, shared_parameters

TINY: dict[str, dict[str, Any]] = {
    "lightgbm": {"rounds": 4, "inner_folds": 2},
    "xgboost": {"rounds": 4, "inner_folds": 2},
    "cnn-scratch": {"widths": (4, 8), "depths": (1, 1), "size": 32, "epochs": 1, "batch_size": 8},
    "cnn-finetune": {
        "backbone": "mobilenetv3_small_050",
        "weights": "random",
        "size": 32,
        "epochs": 1,
        "head_epochs": 0,
        "batch_size": 8,
    },
    "cnn-multitask": {
        "backbone": "mobilenetv3_small_050",
        "weights": "random",
        "size": 32,
        "width": 2,
        "epochs": 1,
        "batch_size": 8,
    },
    "hybrid": {
        "backbone": "mobilenetv3_small_050",
        "weights": "random",
        "size": 32,
        "epochs": 1,
        "head_epochs": 0,
        "batch_size": 8,
        "inner_folds": 2,
    },
    "svm": {"inner_folds": 2},
    "logistic": {"inner_folds": 2},
    "random-forest": {"trees": 9, "inner_folds": 2},
    "stacked": {
        "inner_folds": 2,
        "head_parameters": {"inner_folds": 2},
        "booster_parameters": {"rounds": 4, "inner_folds": 2},
    },
}


@pytest.mark.integration
@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_model_keeps_the_contract(name: str) -> None:
    if create_model(name).library == "torch" and find_spec("timm") is None:
        pytest.skip("needs the extra torch")
    shared = shared_parameters(name, device="cpu", jobs=1)
    check_model(create_model(name, **shared, **TINY[name]))


class Centroids(Classifier):
    """A small, right model, which the broken ones below derive from."""

    name, library = "centroids", "numpy"

    def __init__(self, *, sharpness: float = 1.0, seed: int = 0) -> None:
        self.sharpness = sharpness
        self.seed = seed

    def fit(self, X: Any, y: Any, groups: Any = None) -> Any:
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("one class")
        self.n_features_in_ = int(X.shape[1])
        self.centres_ = np.stack([X[y == c].mean(axis=0) for c in self.classes_]).astype(float)
        return self

    def predict_proba(self, X: Any) -> Any:
        if X.shape[1] != self.n_features_in_:
            raise ValueError("other columns")
        far = ((X[:, None].astype(float) - self.centres_) ** 2).sum(axis=2)
        p = np.exp(-self.sharpness * (far - far.min(axis=1, keepdims=True)))
        return p / p.sum(axis=1, keepdims=True)

    def _to_bytes(self) -> bytes:
        return self.centres_.tobytes()

    def _from_bytes(self, native: bytes) -> None:
        from gliaboost.models.base import NativeModelError

        if len(native) != 8 * len(self.classes_) * self.n_features_in_:
            raise NativeModelError("not its size")
        self.centres_ = np.frombuffer(native).reshape(len(self.classes_), -1)


def test_a_small_model_passes() -> None:
    check_model(Centroids)
    check_model(Centroids(sharpness=0.5))


def broken(**parts: Any) -> type[Classifier]:
    return type("Broken", (Centroids,), parts)


def _alters(self: Any, *, sharpness: float = 1.0, seed: int = 0) -> None:
    self.sharpness, self.seed = float(sharpness) + 1, seed


def _whole_batch(self: Any, X: Any) -> Any:
    return np.roll(Centroids.predict_proba(self, X), 1, axis=0)


def _forgets(self: Any, native: bytes) -> None:
    Centroids._from_bytes(self, native)
    self.centres_ = self.centres_[::-1]


def _random(self: Any, X: Any, y: Any, groups: Any = None) -> Any:
    Centroids.fit(self, X, y)
    self.centres_ = self.centres_ + np.random.default_rng().normal(size=self.centres_.shape)
    return self


def _writes(self: Any, X: Any, y: Any, groups: Any = None) -> Any:
    X[0] = 0
    return Centroids.fit(self, X, y)


def _lazy(self: Any, X: Any, y: Any, groups: Any = None) -> Any:
    Centroids.fit(self, X, y)


def _learns_anything(self: Any, X: Any, y: Any, groups: Any = None) -> Any:
    self.classes_, self.n_features_in_ = np.unique(y), int(X.shape[1])
    self.centres_ = np.stack([X[y == c].mean(axis=0) for c in self.classes_]).astype(float)
    return self


FAULTS: dict[str, dict[str, Any]] = {
    "name is 'two words'": {"name": "two words"},
    "title is 3": {"title": 3},
    "takes is 'sound'": {"takes": "sound"},
    "library is ''": {"library": ""},
    "the constructor alters sharpness": {"__init__": _alters},
    "fit returns NoneType": {"fit": _lazy},
    "fit alters its rows": {"fit": _writes},
    "fit takes a single class": {"fit": _learns_anything},
    "other probabilities": {"fit": _random},
    "from_bytes restores a model of other probabilities": {"_from_bytes": _forgets},
    "to_bytes gives bytearray": {"_to_bytes": lambda self: bytearray(8)},
    "damaged bytes end in ZeroDivisionError": {
        "_from_bytes": lambda self, native: (
            Centroids._from_bytes(self, native) if len(native) > 99 else 1 / 0
        )
    },
    "a row's probabilities depend on the other rows": {"predict_proba": _whole_batch},
    "no probabilities that sum to 1": {
        "predict_proba": lambda self, X: 2 * Centroids.predict_proba(self, X)
    },
    "expected a float64 array": {
        "predict_proba": lambda self, X: Centroids.predict_proba(self, X).astype(np.float32)
    },
    "contributions have shape (4, 3)": {"contributions": lambda self, X: np.zeros((len(X), 3))},
    "search_space draws depth, which are no parameters": {
        "search_space": classmethod(lambda cls: SearchSpace(lambda trial: {"depth": 3}, {}))
    },
    "search_space begins elsewhere than at the defaults of sharpness": {
        "search_space": classmethod(lambda cls: SearchSpace(lambda trial: {"sharpness": 9.0}, {}))
    },
    "expected 'cpu' to be usable": {
        "devices": classmethod(lambda cls: {"cpu": Unavailable("no CPU", "buy one")})
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_breach_is_named(fault: str) -> None:
    with pytest.raises(ContractError) as caught:
        check_model(broken(**FAULTS[fault]))
    assert any(fault in line for line in caught.value.faults), caught.value


def test_all_breaches_are_listed_at_once() -> None:
    parts = {**FAULTS["title is 3"], **FAULTS["library is ''"], **FAULTS["fit alters its rows"]}
    with pytest.raises(ContractError) as caught:
        check_model(broken(**parts))
    assert len(caught.value.faults) == 3
    assert "model 'centroids': 3 faults" in str(caught.value)


def test_what_is_no_model_is_said() -> None:
    with pytest.raises(ContractError, match="dict is no model"):
        check_model(dict)  # type: ignore[arg-type]


@pytest.mark.parametrize("takes", ["columns", "images", "both"])
def test_samples_keep_patients_whole(takes: str) -> None:
    sample = sample_for(takes)
    labels = {g: set(sample.y[sample.groups == g]) for g in set(sample.groups)}
    assert all(len(kinds) == 1 for kinds in labels.values())
    assert ("columns" in sample.beside) == (takes == "both")
