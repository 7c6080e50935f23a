from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gliaboost.datasets.prepare import Preparation
from gliaboost.reports.pages.glance import MASK_SIDE, MEAN_SIDE, ClassSummary, Glance, glance


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A noisy slice, and a mask of its upper left quarter."""
    image = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    mask = np.zeros((40, 60), np.uint8)
    mask[:20, :30] = 255
    cv2.imwrite(str(tmp_path / "i.png"), image)
    cv2.imwrite(str(tmp_path / "m.png"), mask)
    return tmp_path / "i.png", tmp_path / "m.png"


def test_an_image_is_measured_with_its_mask(files: tuple[Path, Path]) -> None:
    found = glance(*files)
    image = cv2.imread(str(files[0]), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert (found.width, found.height, found.error) == (60, 40, "")
    np.testing.assert_allclose(found.histogram, np.histogram(image, range(257))[0] / image.size)
    assert found.small.shape == (MEAN_SIDE, MEAN_SIDE)
    assert found.small.mean() == pytest.approx(image.mean(), abs=2)
    assert found.mask_share == 0.25
    assert found.mask_map is not None
    half = MASK_SIDE // 2
    assert found.mask_map[: half - 2, : half - 2].min() == 1
    assert found.mask_map[half + 2 :].max() == 0


def test_the_size_is_that_before_preparation(files: tuple[Path, Path]) -> None:
    found = glance(files[0], None, Preparation(size=32))
    assert (found.width, found.height) == (60, 40)
    assert found.mask_map is None
    assert np.isnan(found.mask_share)


def test_what_cannot_be_read_says_why(files: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    assert glance(tmp_path / "bad.png", None).error
    unmasked = glance(files[0], tmp_path / "bad.png")
    assert unmasked.error == ""
    assert unmasked.mask_map is None


def test_a_blank_image_has_no_thumbnail(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((40, 40), np.uint8))
    assert glance(tmp_path / "b.png", None).thumbnail is None


def test_a_class_is_summed_over_its_readable_images() -> None:
    rng = np.random.default_rng(0)
    smalls = rng.uniform(0, 255, (3, MEAN_SIDE, MEAN_SIDE)).astype(np.float32)
    summary = ClassSummary("glioma")
    for small in smalls:
        summary.add(Glance(histogram=np.full(256, 1 / 256), small=small))
    summary.add(Glance(error="cut short"))
    assert (summary.read, summary.failed) == (3, 1)
    np.testing.assert_allclose(summary.mean, smalls.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(summary.deviation, smalls.std(axis=0), atol=1e-2)
    assert summary.histogram.sum() == pytest.approx(1)
    assert summary.mask_shares == []
    masked = Glance(
        histogram=np.zeros(256),
        small=smalls[0],
        mask_share=0.5,
        mask_map=np.ones((MASK_SIDE, MASK_SIDE), np.float32),
    )
    summary.add(masked)
    assert summary.mask_shares == [0.5]
    # How often among the masks, not among the images.
    assert summary.mask_map.max() == 1
