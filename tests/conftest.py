"""What many tests share: small image folders that are made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# A busy machine is no fault of the code: what is slow is marked, not timed.
settings.register_profile("gliaboost", deadline=None)
settings.load_profile("gliaboost")

SHARED = Path(__file__).parents[2] / "shared" / "data"

MakeImages = Callable[..., Path]


@pytest.fixture(scope="session")
def figshare_folder() -> Path:
    """The real figshare slices, where they are at hand."""
    folder = SHARED / "figshare"
    if not folder.is_dir():
        pytest.skip(f"the figshare slices are not at {folder}")
    return folder


@pytest.fixture
def make_images(tmp_path: Path) -> MakeImages:
    """Return a function that writes textured images of two or more classes and their manifest."""

    def make(
        patients: int = 10,
        per_patient: int = 3,
        classes: tuple[str, ...] = ("fine", "coarse"),
        size: int = 48,
        name: str = "data",
    ) -> Path:
        rng = np.random.default_rng(0)
        rows = []
        (tmp_path / name).mkdir()
        for p in range(patients):
            label = classes[p % len(classes)]
            sigma = 0.5 + 1.5 * classes.index(label)
            for s in range(per_patient):
                noise = rng.normal(128, 60, (size, size)).astype(np.float32)
                image = cv2.GaussianBlur(noise, (0, 0), sigma)
                image = np.clip((image - image.mean()) / image.std() * 40 + 128, 0, 255)
                path = f"p{p:02}-{s}.png"
                assert cv2.imwrite(str(tmp_path / name / path), image.astype(np.uint8))
                rows.append({"path": path, "label": label, "patient": f"p{p:02}"})
        manifest = tmp_path / name / "manifest.csv"
        pd.DataFrame(rows).to_csv(manifest, index=False)
        return manifest

    return make
