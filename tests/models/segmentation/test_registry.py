"""Segmenters by name."""

from __future__ import annotations

from typing import Any

import pytest

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.registry import (
    BUILT_IN,
    create_segmenter,
    register,
    segmenter_class,
    segmenter_names,
    shared_by_segmenter,
)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_each_is_found_under_its_name(name: str) -> None:
    assert segmenter_class(name).name == name
    assert name in segmenter_names()


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="otsu"):
        segmenter_class("watershed-of-a-kind")


def test_an_unknown_parameter_is_told() -> None:
    with pytest.raises(UsageError, match=r"otsu: .*its parameters are: none"):
        create_segmenter("otsu", rounds=3)


@pytest.mark.parametrize("thing", [int, "otsu", object()])
def test_only_segmenters_are_entered(thing: Any) -> None:
    with pytest.raises(UsageError, match="no segmenter"):
        register(thing)


def test_only_the_options_that_one_has_reach_it() -> None:
    assert shared_by_segmenter("otsu", seed=3, device="cpu") == {}
