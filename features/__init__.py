"""Extractors: images in, named feature columns out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gliaboost.features.base import Box, Extractor
from gliaboost.features.registry import (
    create,
    extractor_class,
    extractor_names,
    from_feature_names,
    from_spec,
    register,
)

if TYPE_CHECKING:
    from gliaboost.features.checks import check_extractor
    from gliaboost.features.embedding.extractor import Embedding
    from gliaboost.features.fitted import FittedExtractor
    from gliaboost.features.glcm import GLCM
    from gliaboost.features.hog import HOG
    from gliaboost.features.lbp import LBP
    from gliaboost.features.plane import Plane

__all__ = [
    "GLCM",
    "HOG",
    "LBP",
    "Box",
    "Embedding",
    "Extractor",
    "FittedExtractor",
    "Plane",
    "check_extractor",
    "create",
    "extractor_class",
    "extractor_names",
    "from_feature_names",
    "from_spec",
    "register",
]
_HOMES = {
    "Embedding": "gliaboost.features.embedding.extractor",
    "FittedExtractor": "gliaboost.features.fitted",
    "GLCM": "gliaboost.features.glcm",
    "HOG": "gliaboost.features.hog",
    "LBP": "gliaboost.features.lbp",
    "Plane": "gliaboost.features.plane",
    "check_extractor": "gliaboost.features.checks",
}


def __getattr__(name: str) -> Any:
    # Lazy, as the registry is: a module is imported once something in it is asked for.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'gliaboost.features' has no attribute {name!r}")
