from __future__ import annotations

import numpy as np

from gliaboost.datasets.plane.inference import plane_probabilities
from gliaboost.features import Plane, check_extractor, create


def test_it_keeps_the_contract_of_extractors() -> None:
    check_extractor(Plane)


def test_columns_are_the_probabilities_of_the_planes() -> None:
    rng = np.random.default_rng(0)
    images = np.zeros((2, 96, 96), np.uint8)
    images[:, 20:80, 30:70] = rng.integers(60, 200, (2, 60, 40))
    plane = create("plane")
    found = plane.transform(images)
    assert plane.feature_names(96, 96) == ["plane__axial", "plane__coronal", "plane__sagittal"]
    np.testing.assert_array_equal(found, [plane_probabilities(image) for image in images])
