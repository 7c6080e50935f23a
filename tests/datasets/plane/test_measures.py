from __future__ import annotations

import cv2
import numpy as np
import pytest

from gliaboost.datasets.phantom.anatomy import load_head
from gliaboost.datasets.phantom.patient import PLANES, draw_patient, render
from gliaboost.datasets.plane.measures import measure_names, plane_measures

# The simulated head takes seconds to build, once a process.
pytestmark = pytest.mark.xdist_group("phantom")


@pytest.fixture(scope="module")
def slices() -> dict[str, np.ndarray]:
    """One slice a plane, of one simulated patient."""
    rng, head = np.random.default_rng(5), load_head()
    patient = draw_patient("glioma", 1, head, rng)
    return {plane: render(patient, plane, at, 256, head, rng)[0] for plane, at in patient.slices}


def measured(image: np.ndarray) -> np.ndarray:
    found = plane_measures(image)
    assert found is not None
    return found


def test_every_measure_has_a_name(slices: dict[str, np.ndarray]) -> None:
    found = measured(slices["axial"])
    assert found.shape == (len(measure_names()),) and found.dtype == np.float32
    assert len(set(measure_names())) == len(measure_names())
    assert np.isfinite(found).all()


@pytest.mark.parametrize("plane", PLANES)
def test_a_mirror_image_measures_the_same(slices: dict[str, np.ndarray], plane: str) -> None:
    image = slices[plane]
    mirrored = measured(np.ascontiguousarray(image[:, ::-1]))
    np.testing.assert_allclose(mirrored, measured(image), atol=2e-3)


@pytest.mark.parametrize("plane", PLANES)
def test_size_ground_and_brightness_matter_less_than_the_plane(
    slices: dict[str, np.ndarray], plane: str
) -> None:
    own = measured(slices[plane])
    others = [np.abs(measured(slices[p]) - own).mean() for p in PLANES if p != plane]
    image = slices[plane]
    for changed in (
        cv2.resize(image, (170, 170), interpolation=cv2.INTER_AREA),
        cv2.resize(image, (512, 512)),
        np.pad(image, ((10, 40), (60, 20))),
        (image * 0.6).astype(np.uint8),
    ):
        assert np.abs(measured(changed) - own).mean() < 0.6 * min(others)


def test_a_mirror_turns_signs_that_are_dropped_and_no_others() -> None:
    """A half moon is told from its mirror image by odd frequencies, which are made alike."""
    image = np.zeros((64, 64), np.uint8)
    cv2.circle(image, (32, 32), 24, 200, -1)
    image[:, 36:] = 0
    found = dict(zip(measure_names(), measured(image), strict=True))
    assert found["upright_y0_x1"] > 0.01
    assert found["slanting_y0_x0"] >= 0
    flipped = dict(zip(measure_names(), measured(image[::-1].copy()), strict=True))
    # Upside down is no mirror that a plane is blind to.
    shaped = image.copy()
    shaped[:20] = 0
    upright = measured(shaped)
    assert np.abs(upright - measured(shaped[::-1].copy())).max() > 0.02
    assert abs(found["aspect"] - flipped["aspect"]) < 1e-6


@pytest.mark.parametrize(
    "image", [np.zeros((64, 64)), np.full((40, 50), 200), np.zeros((0, 0))], ids=str
)
def test_a_blank_picture_has_no_measures(image: np.ndarray) -> None:
    assert plane_measures(image.astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 300), (300, 2), (5, 5)])
def test_tiny_and_narrow_pictures_do_no_harm(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    found = plane_measures(image)
    assert found is None or np.isfinite(found).all()
