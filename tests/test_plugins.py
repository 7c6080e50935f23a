from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint

import pytest

from gliaboost.plugins import PluginError, load_plugin, package_of, plugins

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


def test_an_entry_point_without_a_package_is_of_an_unknown_one() -> None:
    assert package_of(EntryPoint("a", "b:c", "gliaboost.models")) == "unknown"
