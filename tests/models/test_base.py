"""What every model has from the contract alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from gliaboost.models.base import Classifier


class Prior(Classifier):
    """Answers with the shares of its training."""

    name, library = "prior", "numpy"

    def fit(self, X: Any, y: Any, groups: Any = None) -> Prior:
        self.classes_, counts = np.unique(y, return_counts=True)
        self.n_features_in_ = np.shape(X)[1]
        self.p_ = counts / counts.sum()
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.tile(self.p_, (len(X), 1))

    def _to_bytes(self) -> bytes:
        return bytes(self.p_.tobytes())

    def _from_bytes(self, native: bytes) -> None:
        self.p_ = np.frombuffer(native)


X, Y = np.zeros((4, 3), np.float32), np.array(["b", "a", "b", "b"])


def test_predict_is_the_most_probable_label() -> None:
    assert Prior().fit(X, Y).predict(X[:2]).tolist() == ["b", "b"]


def test_bytes_restore_labels_width_and_what_was_learned() -> None:
    fitted = Prior().fit(X, Y)
    back = Prior.from_bytes(fitted.to_bytes(), fitted.classes_.tolist(), fitted.n_features_in_)
    assert back.classes_.tolist() == ["a", "b"] and back.n_features_in_ == 3
    assert back.predict_proba(X[:1]).tolist() == [[0.25, 0.75]]


def test_an_unfitted_model_has_no_bytes() -> None:
    # Defaults such as device_ belong to the class: they do not make it look fitted.
    with pytest.raises(NotFittedError):
        Prior().to_bytes()


def test_what_is_optional_is_absent() -> None:
    fitted = Prior().fit(X, Y)
    assert fitted.contributions(X) is None
    assert fitted.saliency(np.zeros((8, 8), np.uint8)) is None
    assert Prior.search_space() is None
    assert Prior.devices() == {"cpu": None}
    assert (fitted.device_, fitted.memory_, list(fitted.history_)) == ("cpu", None, [])


def test_a_class_without_the_methods_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        type("Half", (Classifier,), {"name": "half"})()
