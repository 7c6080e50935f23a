"""Images to measure on: real slices where they are at hand, else simulated texture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FIGSHARE = Path(__file__).parents[2] / "shared" / "data" / "figshare"


def slices(count: int, size: int) -> tuple[NDArray[np.uint8], str]:
    """Return images and what they are.

    Returns
    -------
    images : uint8 array [count, size, size]
    description : str
    """
    files = sorted((FIGSHARE / "images").glob("*.jpg"))
    if not files:
        return texture(count, size), f"simulated texture, {size} x {size}"
    chosen = files[:: len(files) // count][:count]
    images = np.zeros((count, size, size), np.uint8)
    for image, file in zip(images, chosen, strict=True):
        full = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        assert full is not None, file
        image[:] = cv2.resize(full, (size, size), interpolation=cv2.INTER_AREA)
    return images, f"real MRI slices (figshare), {size} x {size}"


def texture(count: int, size: int) -> NDArray[np.uint8]:
    """Simulate a bright, structured disc on a dark, noisy ground, as MRI slices are."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:size, :size] / size - 0.5
    head = (x**2 + y**2 < 0.2).astype(np.float32)
    images = np.zeros((count, size, size), np.uint8)
    for image in images:
        smooth = cv2.GaussianBlur(rng.normal(0, 1, (size, size)), (0, 0), size / 64)
        noise = np.abs(rng.normal(0, 3, (size, size)))
        image[:] = np.clip(head * (110 + 500 * smooth) + noise, 0, 255)
    return images


def noise(count: int, size: int) -> NDArray[np.uint8]:
    """Draw every intensity alike."""
    return np.random.default_rng(0).integers(0, 256, (count, size, size), dtype=np.uint8)
