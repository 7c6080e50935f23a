from __future__ import annotations

import pytest

import gliaboost.features as features


def test_every_public_name_is_there() -> None:
    assert [n for n in features.__all__ if getattr(features, n).__doc__ is None] == []
    assert [features.HOG.name, features.Embedding.name] == ["hog", "embedding"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'gliaboost\.features' has no attribute 'SIFT'"):
        features.SIFT  # noqa: B018
