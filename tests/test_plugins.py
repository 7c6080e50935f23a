from __future__ import annotations

import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from sklearn.base import BaseEstimator

from gliaboost.errors import PluginError, UsageError
from gliaboost.plugins import Registry, load_plugin, package_of, plugins, taken_by

InstallPlugin = Callable[[str, str, str], None]


def test_plugins_are_found_unseen_and_loaded_by_name(install_plugin: InstallPlugin) -> None:
    install_plugin("models", "b", "Thing = 'of b'")
    install_plugin("models", "a", "Thing = 'of a'")
    install_plugin("sources", "c", "Thing = 'of c'")
    assert [n for n in plugins("models") if n in "abc"] == ["a", "b"]
    assert not {"strange0", "strange1"} & set(sys.modules)
    assert load_plugin("models", "a") == "of a"
    assert "strange0" not in sys.modules
    assert load_plugin("models", "c") is None
    assert package_of(plugins("sources")["c"]) == "strange2 1.2"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("Other = 1", "AttributeError: module 'strange0' has no attribute 'Thing'"),
    ],
)
def test_what_cannot_be_imported_is_told_with_its_package(
    install_plugin: InstallPlugin, code: str, reason: str
) -> None:
    install_plugin("models", "a", code)
    with pytest.raises(PluginError) as error:
        load_plugin("models", "a")
    assert f"a, of the package strange0 1.2, cannot be imported ({reason})" in str(error.value)


def test_a_name_that_two_packages_declare_is_the_firsts_with_a_warning(
    install_plugin: InstallPlugin,
) -> None:
    for thing in ("first", "second"):
        install_plugin("models", "a", f"Thing = {thing!r}")
    with pytest.warns(UserWarning, match=r"strange0 1\.2 and strange1 1\.2 both declare a of mod"):
        assert load_plugin("models", "a") == "first"


def test_options_that_a_constructor_takes_are_kept() -> None:
    class Few(BaseEstimator):  # type: ignore[misc]
        def __init__(self, *, seed: int = 0) -> None:
            self.seed = seed

    assert taken_by(Few, {"seed": 3, "jobs": 2}) == {"seed": 3}
    assert taken_by(Few, {}) == {}


def test_a_class_is_of_the_package_that_declares_it(install_plugin: InstallPlugin) -> None:
    known: Registry[type] = Registry("models", "model", {})
    assert known.package("own", Registry) == "gliaboost"
    install_plugin("models", "own", "Thing = int")
    assert known.package("own", Registry) == "strange0"


def test_an_entry_point_without_a_package_is_of_an_unknown_one() -> None:
    assert package_of(EntryPoint("a", "b:c", "gliaboost.models")) == "unknown"


class Kinds:
    """A registry of classes, one built in, and how it takes up what a package declares."""

    def __init__(self) -> None:
        self.known: Registry[Any] = Registry("models", "model", {"own": "own_models"})

    def find(self, name: str) -> Any:
        return self.known.find(name, self.take_up)

    def take_up(self, name: str, found: Any, package: str) -> None:
        self.known.enter(getattr(found, "called", name), found)
        if found is None:
            raise PluginError(f"nothing, of {package}")


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Kinds:
    made = Kinds()
    module = types.ModuleType("own_models")
    monkeypatch.setitem(sys.modules, "own_models", module)
    return made


def test_a_registry_names_what_it_has_not_imported(
    kinds: Kinds, install_plugin: InstallPlugin
) -> None:
    install_plugin("models", "theirs", "Thing = int")
    kinds.known.enter("entered", float)
    assert kinds.known.names() == ["entered", "own", "theirs"]
    assert list(kinds.known) == ["entered"]
    assert kinds.find("entered") is float
    assert "strange0" not in sys.modules
    assert kinds.find("theirs") is int


def test_an_unknown_name_is_refused_with_the_known(kinds: Kinds) -> None:
    with pytest.raises(UsageError, match=r"no model called 'none'; the models are: own$"):
        kinds.find("none")


def test_what_a_refused_package_has_entered_is_forgotten(
    kinds: Kinds, install_plugin: InstallPlugin
) -> None:
    install_plugin("models", "theirs", "Thing = None")
    with pytest.raises(PluginError, match=r"nothing, of strange0 1\.2"):
        kinds.find("theirs")
    assert not kinds.known


def test_taking_anothers_place_warns_once(kinds: Kinds) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            kinds.known.enter("number", int)
    with pytest.warns(UserWarning, match="model 'number' of collections replaces that of builtins"):
        kinds.known.enter("number", Counter)


def test_a_built_in_name_is_the_packages_own(kinds: Kinds, install_plugin: InstallPlugin) -> None:
    install_plugin("models", "own", "Thing = int")
    kinds.known.enter("own", float)
    with pytest.warns(UserWarning, match=r"strange0 1\.2 declares a model 'own', which is glia"):
        assert kinds.find("own") is float
