from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import gliaboost
from gliaboost.datasets.image_source import ImageSource
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.tumour_map import TumourMap, tumour_map


@pytest.fixture
def image() -> np.typing.NDArray[np.uint8]:
    image = np.zeros((60, 64), np.uint8)
    image[8:56, 8:56] = 60
    image[26:34, 26:34] = 220
    return image


def test_the_usual_mask_is_the_one_that_segment_predict_finds(
    tmp_path: Path, image: np.typing.NDArray[np.uint8]
) -> None:
    Image.fromarray(image).save(tmp_path / "a.png")
    Image.fromarray(image // 200 * 255).save(tmp_path / "m.png")
    table = pd.DataFrame({"path": ["a.png"], "mask": ["m.png"]})
    bundle = gliaboost.segment_train(gliaboost.Manifest.of(table, tmp_path), model="otsu")
    source = ImageSource.from_array("up", image)
    found = tumour_map(bundle, source, spacing=(0.5, 0.5))
    (expected,) = gliaboost.segment_predict(bundle, source, spacing=0.5)
    mask, measured = found.measured()
    assert np.array_equal(mask, expected.mask) and mask.any()
    assert measured == expected.measurements
    assert np.array_equal(found.mask(found.usual), mask)


@pytest.mark.parametrize("threshold", [0.15, 0.3, 0.5, 0.61, 1.0])
def test_no_pixel_inside_is_less_probable_than_the_threshold(threshold: float) -> None:
    rng = np.random.default_rng(0)
    hill = np.exp(-((np.arange(40) - 20) ** 2) / 40)
    probability = (0.6 * hill[:, None] * hill).astype(np.float32)
    found = TumourMap(rng.integers(0, 9, (40, 40), np.uint8), probability, Decision(0.5, 0.5))
    mask = found.mask(threshold)
    assert mask.any() == (threshold <= found.peak)
    assert np.array_equal(mask, probability >= threshold)


def test_without_a_tumour_the_usual_threshold_finds_none_and_a_lower_one_does() -> None:
    faint = np.zeros((9, 9), np.float32)
    faint[4, 4] = 0.2
    found = TumourMap(np.zeros((9, 9), np.uint8), faint, Decision(least=0.5))
    assert found.usual == 0.5 and not found.mask().any() and not found.mask(found.usual).any()
    assert found.mask(0.1).sum() == 1


def test_a_map_without_any_probability_has_no_mask() -> None:
    nothing = TumourMap(np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.float32), Decision())
    assert not nothing.mask().any() and not nothing.mask(0.01).any()
