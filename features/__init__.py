"""Extractors: images in, named feature columns out."""

from gliaboost.features.base import (
    EXTRACTORS,
    Extractor,
    create,
    from_feature_names,
    from_spec,
    register,
)
from gliaboost.features.embedding.extractor import Embedding
from gliaboost.features.glcm import GLCM
from gliaboost.features.hog import HOG
from gliaboost.features.lbp import LBP

__all__ = [
    "EXTRACTORS",
    "GLCM",
    "HOG",
    "LBP",
    "Embedding",
    "Extractor",
    "create",
    "from_feature_names",
    "from_spec",
    "register",
]
