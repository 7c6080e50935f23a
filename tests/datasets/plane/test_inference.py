from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from gliaboost.datasets.decode import decode
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.datasets.plane.inference import (
    LEAST,
    PLANES,
    UNKNOWN,
    named_plane,
    plane_probabilities,
)

# The simulated head takes seconds to build, once a process.
pytestmark = pytest.mark.xdist_group("phantom")

LABELS = Path(__file__).with_name("figshare_planes.csv")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[np.ndarray, str]]:
    """Slices of simulated patients that nothing was learned from, with their planes."""
    manifest = make_phantom(
        tmp_path_factory.mktemp("drawn") / "phantom", patients=12, slices=1, size=128, seed=77
    )
    images = [decode(path) for path in manifest.paths]
    return list(zip(images, manifest.table["plane"], strict=True))


@pytest.mark.integration
def test_the_planes_of_other_patients_are_found(drawn: list[tuple[np.ndarray, str]]) -> None:
    named = [named_plane(plane_probabilities(image)) for image, _ in drawn]
    right = [name == plane for name, (_, plane) in zip(named, drawn, strict=True)]
    assert np.mean(right) >= 0.97


@pytest.mark.integration
def test_a_mirror_image_has_the_same_plane(drawn: list[tuple[np.ndarray, str]]) -> None:
    for image, _ in drawn[:6]:
        mirrored = np.ascontiguousarray(image[:, ::-1])
        np.testing.assert_allclose(
            plane_probabilities(mirrored), plane_probabilities(image), atol=0.05
        )


def test_the_planes_of_the_slices_kept_aside_are_found(figshare_folder: Path) -> None:
    with LABELS.open(encoding="utf-8") as f:
        rows = [row for row in csv.DictReader(f) if row["part"] == "kept aside"]
    named = [
        named_plane(
            plane_probabilities(decode(figshare_folder / "images" / f"{r['image_id']}.jpg"))
        )
        for r in rows
    ]
    right = [name == row["plane"] for name, row in zip(named, rows, strict=True)]
    assert len(rows) == 120 and np.mean(right) >= 0.97


@pytest.mark.parametrize("image", [np.zeros((64, 64)), np.full((64, 64), 255), np.zeros((0, 5))])
def test_nothing_is_no_plane(image: np.ndarray) -> None:
    found = plane_probabilities(image.astype(np.uint8))
    np.testing.assert_allclose(found, 1 / 3, rtol=1e-6)
    assert named_plane(found) == UNKNOWN


def test_a_plane_is_named_where_it_is_probable_enough() -> None:
    for i, plane in enumerate(PLANES):
        sure = np.full(3, (1 - LEAST) / 2)
        sure[i] = LEAST
        assert named_plane(sure) == plane
        sure[i] -= 0.02
        assert named_plane(sure) == UNKNOWN


@pytest.mark.integration
def test_probabilities_sum_to_one(drawn: list[tuple[np.ndarray, str]]) -> None:
    found = np.stack([plane_probabilities(image) for image, _ in drawn])
    assert found.dtype == np.float32 and found.min() >= 0
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
