"""Images that texture code must survive: real ones, and those that break it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def saturated() -> Image:
    image = np.full((40, 37), 255, np.uint8)
    image[10:20, 5:9] = 3
    image[30:, :] = 254
    return image


def adversarial() -> dict[str, Image]:
    rng = np.random.default_rng(4)
    return {
        "black": np.zeros((32, 32), np.uint8),
        "constant": np.full((29, 33), 77, np.uint8),
        "saturated": saturated(),
        "noise": rng.integers(0, 256, (33, 51), dtype=np.uint8),
        "three levels": rng.integers(0, 3, (70, 140), dtype=np.uint8),
        "one column": rng.integers(0, 256, (50, 1), dtype=np.uint8),
        "one row": rng.integers(0, 256, (1, 47), dtype=np.uint8),
        "two columns": rng.integers(0, 256, (31, 2), dtype=np.uint8),
        "ramp": np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1)),
        "diagonal": (np.add.outer(np.arange(41), np.arange(43)) * 3 % 256).astype(np.uint8),
        "checkers": (np.indices((36, 36)).sum(0) % 2 * 255).astype(np.uint8),
        # Wide and high enough for the fractions of LBP to change in their last bits.
        "large plateaus": np.kron(
            rng.integers(0, 256, (13, 19), dtype=np.uint8), np.ones((23, 29), np.uint8)
        ),
    }


ADVERSARIAL = adversarial()


@pytest.fixture(params=ADVERSARIAL, ids=lambda name: name.replace(" ", "-"))
def hard_image(request: pytest.FixtureRequest) -> Image:
    """One adversarial image after another."""
    return ADVERSARIAL[request.param]


@pytest.fixture(scope="session")
def noise_batch() -> Image:
    """A few images with structure and noise, [7, 64, 80]."""
    rng = np.random.default_rng(8)
    smooth = cv2.GaussianBlur(rng.normal(0, 1, (64, 80, 7)), (0, 0), 3)
    return np.ascontiguousarray(
        np.clip(smooth * 250 + 110 + rng.normal(0, 4, smooth.shape), 0, 255)
        .astype(np.uint8)
        .transpose(2, 0, 1)
    )


@pytest.fixture(scope="session")
def slices(figshare_folder: Path) -> Image:
    """Three real slices of different classes, [3, 256, 256]."""
    files = [figshare_folder / "images" / f"{i}.jpg" for i in (1, 1200, 2900)]
    images = np.zeros((3, 256, 256), np.uint8)
    for image, file in zip(images, files, strict=True):
        full = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert full is not None, file
        image[:] = cv2.resize(full, (256, 256), interpolation=cv2.INTER_AREA)
    return images
