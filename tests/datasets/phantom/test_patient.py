"""One patient's slices, in a head of one tissue with a mark, so that every side is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from gliaboost.datasets.phantom.anatomy import FAT, GREY, ORIGIN, SHAPE, Head
from gliaboost.datasets.phantom.patient import (
    APART,
    CENTRE,
    CLASSES,
    NO_TUMOUR,
    PLANES,
    Patient,
    draw_patient,
    render,
    to_template,
)
from gliaboost.datasets.phantom.tumours import Tumour

Point = tuple[float, float, float]


def head_with(mark: Point | None = None) -> Head:
    tissue = np.full(SHAPE, int(GREY), np.uint8)
    if mark is not None:
        low = (np.array(mark) - ORIGIN - 6).astype(int)
        tissue[tuple(slice(a, a + 13) for a in low)] = int(FAT)
    depth = np.full((101, 133, 116), -60, np.float32)
    white = np.zeros((197, 233, 189), np.uint8)
    return Head(tissue, depth, white, np.zeros((48, 48, 48), np.float32))


def still(**changed: Any) -> Patient:
    """An undeformed patient in a scanner without blur, noise and shading."""
    plain = Patient(
        NO_TUMOUR,
        None,
        np.eye(3, dtype=np.float32),
        np.zeros(3, np.float32),
        np.zeros((3, 26, 34, 30), np.float32),
        np.linspace(0, 1, 256).astype(np.float32),
        fluid=0.1,
        grey=0.4,
        enhancing=0.8,
        bias=np.zeros(9, np.float32),
        fov=200.0,
        thickness=1.0,
        blur=0.01,
        noise=0.0,
        window=1.0,
        slices=[],
    )
    return replace(plain, **changed)


def taken(patient: Patient, plane: str, at: float, head: Head) -> tuple[np.ndarray, np.ndarray]:
    return render(patient, plane, at, 64, head, np.random.default_rng(0))


def middle(bright: np.ndarray) -> tuple[float, float]:
    y, x = ndimage.center_of_mass(bright)
    return float(y), float(x)


# A mark 40 mm to the patient's left, 30 mm forward, 20 mm up; half a pixel is 1.6 mm.
LEFT, FORWARD, UP = 40.0, 30.0, 20.0


@pytest.mark.parametrize(
    ("plane", "position", "right_of_middle", "above_middle"),
    [
        ("axial", UP, LEFT, FORWARD),
        ("coronal", FORWARD, LEFT, UP),
        ("sagittal", LEFT, -FORWARD, UP),
    ],
)
def test_slices_are_shown_as_radiologists_do(
    plane: str, position: float, right_of_middle: float, above_middle: float
) -> None:
    head = head_with((LEFT, FORWARD, UP))
    image, mask = taken(still(), plane, position, head)
    assert not mask.any()
    y, x = middle(image > (GREY + FAT) / 2)
    pixel = 200 / 64
    assert (x - 31.5) * pixel == pytest.approx(right_of_middle, abs=2)
    assert (31.5 - y) * pixel == pytest.approx(above_middle, abs=2)
    beside, _ = taken(still(), plane, position + 15, head)
    assert beside.max() < (GREY + FAT) / 2


def test_signal_is_the_levels_over_the_window() -> None:
    levels = np.zeros(256, np.float32)
    levels[int(GREY)] = 0.3
    image, _ = taken(still(levels=levels, window=0.9), "axial", 0, head_with())
    assert set(np.unique(image)) == {round(0.3 / 0.9 * 255)}
    image, _ = taken(still(levels=levels, window=0.2), "axial", 0, head_with())
    assert set(np.unique(image)) == {255}


def test_noise_and_shading_are_the_patients() -> None:
    head = head_with()
    noisy = still(noise=0.02)
    first, _ = render(noisy, "axial", 0, 64, head, np.random.default_rng(0))
    again, _ = render(noisy, "axial", 0, 64, head, np.random.default_rng(0))
    other, _ = render(noisy, "axial", 0, 64, head, np.random.default_rng(1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5
    assert 2 < first.astype(float).std() < 8
    # The field's first coefficient is x: the image's right becomes brighter.
    shaded, _ = taken(still(bias=np.array([0.2] + [0] * 8, np.float32)), "axial", 0, head)
    assert shaded[:, -1].mean() > 1.3 * shaded[:, 0].mean()


@pytest.mark.parametrize("plane", PLANES)
def test_the_mask_is_the_tumour(plane: str) -> None:
    centre = np.array([10, -20, 5], np.float32)
    ball = Tumour("meningioma", centre, 20.0, np.ones(3, np.float32), np.zeros(3, np.float32),
                  enhancement=1.0, necrosis=0.0, oedema=0.0, push=0.0)  # fmt: skip
    axis = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    patient = still(tumour=ball, label="meningioma")
    image, mask = taken(patient, plane, float(centre[axis]), head_with())
    assert set(np.unique(mask)) == {0, 255}
    pixel = 200 / 64
    assert (mask > 0).sum() * pixel**2 == pytest.approx(np.pi * 20**2, rel=0.05)
    inside = ndimage.binary_erosion(mask > 0, iterations=2)
    assert image[inside].mean() == pytest.approx(0.8 * 255, rel=0.02)
    away, none = taken(patient, plane, float(centre[axis]) + 60, head_with())
    assert not none.any()
    assert set(np.unique(away)) == {int(GREY)}


@pytest.mark.parametrize("label", CLASSES)
def test_a_drawn_patient_has_slices_in_all_planes_through_what_ails_them(label: str) -> None:
    head = head_with()
    # Meningiomas look for the dura.
    depth = head.depth.copy()
    depth[:, :, 100:] = np.arange(-10, 22, 2, dtype=np.float32)
    head = replace(head, depth=depth)
    patient = draw_patient(label, 3, head, np.random.default_rng(1))
    assert [plane for plane, _ in patient.slices] == [p for p in PLANES for _ in range(3)]
    assert (patient.tumour is None) == (label == NO_TUMOUR)
    for plane in PLANES:
        axis = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
        positions = sorted(at for name, at in patient.slices if name == plane)
        if patient.tumour is None:
            assert np.diff(positions).min() >= APART
            continue
        point = np.zeros((3, 1), np.float32)
        for at in positions:
            # Within the tumour along the normal, once the deformation is undone.
            point[axis] = at
            placed = to_template(point, patient.matrix, patient.shift, patient.field)[axis, 0]
            half = patient.tumour.radius * patient.tumour.stretch[axis]
            assert abs(placed - patient.tumour.centre[axis]) < half + 8
    assert patient.fluid < patient.grey < patient.enhancing


def test_the_generator_decides() -> None:
    head = head_with()
    drawn = [draw_patient("glioma", 1, head, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert repr(drawn[0]) == repr(drawn[1])
    assert drawn[0].slices != drawn[2].slices


def test_points_are_turned_shifted_and_bent() -> None:
    points = np.array([[0, 10], [0, 0], [0, 0]], np.float32)
    quarter = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    field = np.zeros((3, 26, 34, 30), np.float32)
    field[2] = 4
    got = to_template(points, quarter, CENTRE, field)
    np.testing.assert_allclose(got[:, 0] - CENTRE, [0, 0, 4], atol=1e-4)
    np.testing.assert_allclose(got[:, 1] - CENTRE, [0, 10, 4], atol=1e-4)
