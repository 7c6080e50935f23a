"""The one list of models: names, collisions, and what other packages declare."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest

from gliaboost.errors import PluginError, UsageError
from gliaboost.models.base import Classifier
from gliaboost.models.registry import (
    BUILT_IN,
    MODELS,
    create_model,
    model_class,
    model_names,
    model_title,
    register,
    shared_parameters,
    takes,
)
from gliaboost.plugins import plugins


class Prior(Classifier):
    name, library = "prior", "numpy"

    def fit(self, X: Any, y: Any, groups: Any = None) -> Prior:
        self.classes_, self.n_features_in_ = np.unique(y), np.shape(X)[1]
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def _to_bytes(self) -> bytes:
        return b""

    def _from_bytes(self, native: bytes) -> None:
        pass


@pytest.fixture(autouse=True)
def own_models() -> Iterator[None]:
    """Take out again what a test entered."""
    yield
    for name in set(MODELS) - set(BUILT_IN):
        del MODELS[name]


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """A module of another package that declares the model ``prior``, its class to be put there."""
    module = types.ModuleType("other_package")
    monkeypatch.setitem(sys.modules, "other_package", module)
    point = EntryPoint("prior", "other_package:Model", "gliaboost.models")
    monkeypatch.setattr("gliaboost.plugins.plugins", lambda kind: {"prior": point})
    yield module
    plugins.cache_clear()


def test_a_declared_model_is_found_by_name(declared: Any) -> None:
    declared.Model = Prior
    assert "prior" in model_names()
    assert type(create_model("prior")) is Prior
    assert takes("prior") == "columns"
    assert model_title("prior") == "prior"


def test_a_declared_model_of_another_name_is_refused(declared: Any) -> None:
    declared.Model = type("Prior", (Prior,), {"name": "posterior"})
    with pytest.raises(PluginError, match=r"declares a model 'prior' .* is called 'posterior'"):
        model_class("prior")
    assert "posterior" not in MODELS


def test_what_is_no_model_is_refused_with_its_package(declared: Any) -> None:
    declared.Model = dict
    with pytest.raises(PluginError, match=r"prior, of the package .*expected a subclass"):
        model_class("prior")


def test_a_package_that_cannot_be_imported_is_named(declared: Any) -> None:
    with pytest.raises(PluginError, match=r"prior, of the package .* cannot be imported"):
        model_class("prior")


def test_takes_must_be_legal() -> None:
    with pytest.raises(UsageError, match="takes 'sound'; expected columns, images, both"):
        register(type("Ear", (Prior,), {"takes": "sound"}))


def test_options_reach_the_models_that_have_them() -> None:
    register(Prior)
    assert shared_parameters("prior", device="cpu", jobs=2, seed=0) == {}
    assert shared_parameters("lightgbm", device="cpu", seed=4) == {"device": "cpu", "seed": 4}


def test_every_built_in_model_has_a_title_of_its_own() -> None:
    titles = {name: model_title(name) for name in BUILT_IN}
    assert len(set(titles.values())) == len(titles)
    assert all(title != name for name, title in titles.items())
