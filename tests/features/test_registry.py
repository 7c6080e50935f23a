"""Extractors by name: this package's, registered ones, and those that other packages declare."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import PluginError, UsageError
from gliaboost.features import (
    Extractor,
    create,
    extractor_class,
    extractor_names,
    from_feature_names,
    from_spec,
    register,
    registry,
)

InstallPlugin = Callable[[str, str, str], None]
PLUGIN = """
import numpy as np
from gliaboost.features import Extractor

class Thing(Extractor):
    name = "brightness"

    def _extract(self, images):
        return images.mean(axis=(1, 2), dtype=np.float64)[:, None].astype(np.float32)

    def _names(self, height, width):
        return ["brightness__mean"]
"""


@pytest.fixture(autouse=True)
def own_registry() -> Iterator[None]:
    """Forget after each test what it registered."""
    for name in registry.BUILT_IN:
        extractor_class(name)
    before = dict(registry.EXTRACTORS)
    yield
    registry.EXTRACTORS.clear()
    registry.EXTRACTORS.update(before)


def test_every_built_in_name_is_its_class() -> None:
    assert {n: extractor_class(n).__module__ for n in registry.BUILT_IN} == registry.BUILT_IN
    assert {n: extractor_class(n).name for n in registry.BUILT_IN} == {
        n: n for n in registry.BUILT_IN
    }


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(
        UsageError, match=r"no features called 'sift'; .* embedding, fisher, glcm, hog, lbp"
    ):
        create("sift")
    with pytest.raises(UsageError, match="no extractor is known to give the name 'sift__y0'"):
        from_feature_names(["sift__y0"])


def test_an_unknown_parameter_lists_the_known() -> None:
    with pytest.raises(UsageError, match=r"hog: .*'bins'; its parameters are: block_norm, cells"):
        create("hog", bins=3)


def test_another_version_of_the_maths_is_refused() -> None:
    spec = {**create("hog").spec(), "version": 99}
    with pytest.raises(UsageError, match=r"made by version 99 .* this gliaboost has version 1"):
        from_spec(spec)


def test_a_second_class_of_a_name_replaces_the_first_with_a_warning() -> None:
    class Other(Extractor):
        name: ClassVar[str] = "hog"

        def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
            raise NotImplementedError

        def _names(self, height: int, width: int) -> list[str]:
            raise NotImplementedError

    extractor_class("hog")
    with pytest.warns(UserWarning, match="'hog' of .*test_registry replaces that of .*hog"):
        register(Other)
    assert extractor_class("hog") is Other
    register(Other)  # once more is no second class


def test_what_is_no_extractor_is_not_registered() -> None:
    with pytest.raises(UsageError, match="is no extractor; expected a subclass of gliaboost"):
        register(dict)  # type: ignore[type-var]


@pytest.mark.integration
def test_names_are_told_and_classes_found_without_importing_the_others() -> None:
    code = (
        "import sys; from gliaboost.features import create, extractor_names\n"
        "extractor_names(); ours = 'gliaboost.features.'\n"
        "assert not {ours + 'hog', ours + 'glcm'} & set(sys.modules)\n"
        "create('glcm'); assert ours + 'hog' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_plugin_is_listed_unseen_and_imported_when_asked_for(
    install_plugin: InstallPlugin,
) -> None:
    install_plugin("extractors", "brightness", PLUGIN)
    assert "brightness" in extractor_names()
    assert "strange0" not in sys.modules
    extractor = create("brightness")
    assert extractor.transform(np.full((1, 8, 8), 7, np.uint8)).tolist() == [[7.0]]
    assert from_spec(extractor.spec()).fingerprint() == extractor.fingerprint()
    with pytest.raises(UsageError, match="names of brightness features do not tell"):
        from_feature_names(["brightness__mean"])


@pytest.mark.parametrize(
    ("declared", "code", "message"),
    [
        ("luminance", PLUGIN, r"strange0 1.2 declares .*'luminance' whose class .* 'brightness'"),
        (
            "brightness",
            "Thing = dict",
            r"strange0 1.2 declares .* that is <class 'dict'",
        ),
        ("brightness", "import nowhere", r"strange0 1.2, cannot be imported \(ModuleNotFound"),
        ("brightness", "", r"strange0 1.2, cannot be imported \(AttributeError"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_refused_with_its_package(
    install_plugin: InstallPlugin, declared: str, code: str, message: str
) -> None:
    install_plugin("extractors", declared, code)
    assert declared in extractor_names()
    for _ in range(2):
        with pytest.raises(PluginError, match=message):
            extractor_class(declared)
    assert create("hog").name == "hog"


def test_a_plugin_under_our_name_is_passed_over_with_a_warning(
    install_plugin: InstallPlugin,
) -> None:
    install_plugin("extractors", "hog", PLUGIN)
    with pytest.warns(UserWarning, match=r"strange0 1.2 declares an extractor 'hog', which is"):
        found = extractor_class("hog")
    assert found.__module__ == "gliaboost.features.hog"
