"""A simulated patient: its own anatomy, contrast and scanner, and the slices taken of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.phantom.anatomy import (
    AIR,
    BONE,
    CSF,
    ENHANCED,
    FAT,
    GREY,
    ORIGIN,
    TEMPLATE_ORIGIN,
    WHITE,
    Head,
)
from gliaboost.datasets.phantom.tumours import Tumour, displace, draw_tumour, paint

Array = NDArray[Any]

NO_TUMOUR = "no_tumor"
CLASSES = (NO_TUMOUR, "glioma", "meningioma", "pituitary")
PLANES = ("axial", "coronal", "sagittal")
# Slices of a healthy head lie so many mm apart, or an audit would call them the same picture.
APART = 5.0
TRIES = 50
# The axis that a plane cuts, and the axes (with sign) that its rows and columns run along.
NORMAL = {"axial": 2, "coronal": 1, "sagittal": 0}
ROWS = {"axial": (1, -1), "coronal": (2, -1), "sagittal": (2, -1)}
COLUMNS = {"axial": (0, 1), "coronal": (0, 1), "sagittal": (1, -1)}
# What the scanner is centred on, MNI mm, and the spacing of the deformation's grid in mm.
CENTRE = np.array([0.0, -16.0, -2.0], dtype=np.float32)
SPACING = 8.0


@dataclass(frozen=True, eq=False)
class Patient:
    """Everything that is drawn once a patient.

    Attributes
    ----------
    label : str
        One of `CLASSES`.
    tumour : Tumour or None
        The tumour, in those who have one.
    matrix, shift : float32 array [3, 3], [3]
        From scanner mm to template mm.
    field : float32 array [3, 26, 34, 30]
        Further displacement in mm, on a grid of `SPACING` mm from `ORIGIN`.
    levels : float32 array [256]
        Signal of each grey level of the head.
    fluid, grey, enhancing : float
        Signal of fluid, of grey matter and of fully enhancing tissue.
    bias : float32 array [9]
        Coefficients of the receive field's logarithm.
    fov, thickness, blur, noise, window : float
        Field of view and slice thickness in mm, blur in mm (sd), noise (sd of signal), and the
        signal that is shown white.
    slices : list of (str, float)
        Plane and position in scanner mm.
    """

    label: str
    tumour: Tumour | None
    matrix: Array
    shift: Array
    field: Array
    levels: Array
    fluid: float
    grey: float
    enhancing: float
    bias: Array
    fov: float
    thickness: float
    blur: float
    noise: float
    window: float
    slices: list[tuple[str, float]]


def draw_patient(label: str, slices: int, head: Head, rng: np.random.Generator) -> Patient:
    """Draw a patient of a class.

    Parameters
    ----------
    label : str
        One of `CLASSES`.
    slices : int
        How many slices in each of the three planes.
    head : Head
        The average anatomy.
    rng : numpy.random.Generator
        The patient's own.
    """
    tumour = None if label == NO_TUMOUR else draw_tumour(label, head, rng)
    matrix, shift, field = _draw_anatomy(rng)
    levels, fluid, grey, enhancing = _draw_contrast(rng)
    # Slices through the tumour's middle, never on top of each other.
    parts = (np.arange(slices) + 0.5) / slices * 2 - 1
    taken: list[tuple[str, float]] = []
    for plane in PLANES:
        axis = NORMAL[plane]
        for part in parts + rng.uniform(-0.3, 0.3, slices) / slices:
            for _ in range(TRIES):
                # Without a tumour, where one might have been: positions are alike in all classes.
                aim = tumour or draw_tumour(str(rng.choice(CLASSES[1:])), head, rng)
                middle = _scanner_point(aim.centre, matrix, shift, field)[axis]
                position = float(middle + 0.45 * aim.radius * aim.stretch[axis] * part)
                others = [at for name, at in taken if name == plane]
                if tumour is not None or all(abs(position - at) >= APART for at in others):
                    break
            taken.append((plane, position))
    return Patient(
        label,
        tumour,
        matrix,
        shift,
        field,
        levels,
        fluid,
        grey,
        enhancing,
        bias=rng.normal(0, 0.06, 9).astype(np.float32),
        fov=float(rng.uniform(200, 210)),
        thickness=float(rng.uniform(1.0, 2.5)),
        blur=float(rng.uniform(0.3, 0.45)),
        noise=float(rng.uniform(0.005, 0.010)),
        window=float(rng.uniform(0.88, 1.0)),
        slices=taken,
    )


def _draw_anatomy(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    from scipy import ndimage

    angles = np.deg2rad(rng.normal(0, 1.5, 3))
    rotation = np.eye(3)
    for axis, angle in enumerate(angles):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        rotation = rotation @ turn
    matrix = np.diag(np.exp(rng.normal(0, 0.025, 3))) @ rotation
    shift = CENTRE + rng.normal(0, 1.5, 3)
    shape = (3, 26, 34, 30)
    field = np.zeros(shape, dtype=np.float32)
    for sigma, amplitude in ((4.0, 1.6), (1.6, 0.6)):
        for axis in range(3):
            noise = rng.standard_normal(shape[1:], dtype=np.float32)
            smooth = ndimage.gaussian_filter(noise, sigma)
            field[axis] += amplitude * smooth / smooth.std()
    return matrix.astype(np.float32), shift.astype(np.float32), field


def _draw_contrast(rng: np.random.Generator) -> tuple[Array, float, float, float]:
    fluid = rng.uniform(0.07, 0.17)
    grey = rng.uniform(0.33, 0.41)
    white = grey + rng.uniform(0.06, 0.16)
    enhancing = rng.uniform(0.74, 0.92)
    fat = rng.uniform(0.75, 1.1)
    levels = np.interp(
        np.arange(256),
        [AIR, BONE, CSF, GREY, WHITE, ENHANCED, FAT, 255],
        [0.0, rng.uniform(0.02, 0.06), fluid, grey, white, enhancing, fat, 1.05 * fat],
    )
    return levels.astype(np.float32), float(fluid), float(grey), float(enhancing)


def to_template(points: Array, matrix: Array, shift: Array, field: Array) -> Array:
    """Map scanner mm to template mm, ``float32 [3, ...]`` to the same shape."""
    from scipy import ndimage

    placed = sum(matrix[:, k].reshape(3, *[1] * (points.ndim - 1)) * points[k] for k in range(3))
    placed = placed + shift.reshape(3, *[1] * (points.ndim - 1))
    at = (placed - ORIGIN.reshape(3, *[1] * (points.ndim - 1))) / SPACING
    moved = [ndimage.map_coordinates(f, at, order=1, mode="nearest") for f in field]
    return np.asarray(placed + np.stack(moved), dtype=np.float32)


def _scanner_point(target: Array, matrix: Array, shift: Array, field: Array) -> Array:
    """Invert `to_template` for one point by fixed-point steps."""
    inverse = np.linalg.inv(matrix.astype(np.float64))
    point = inverse @ (target - shift)
    for _ in range(12):
        miss = target - to_template(point.astype(np.float32)[:, None], matrix, shift, field)[:, 0]
        point = point + inverse @ miss
    return np.asarray(point, dtype=np.float32)


def render(
    patient: Patient, plane: str, position: float, size: int, head: Head, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take one slice.

    Parameters
    ----------
    patient : Patient
        Of whom.
    plane : {"axial", "coronal", "sagittal"}
        Radiological convention: anterior or superior on top, the patient's right on the left;
        in sagittal slices the face looks left.
    position : float
        Scanner mm along the plane's normal.
    size : int
        Pixels along either side.
    head : Head
        The average anatomy.
    rng : numpy.random.Generator
        For this slice's noise.

    Returns
    -------
    image, mask : uint8 array [size, size]
        The slice, and 255 where the tumour is.
    """
    from scipy import ndimage

    offsets = patient.thickness * np.array([-1 / 3, 0, 1 / 3], dtype=np.float32)
    signal = np.zeros((size, size), dtype=np.float32)
    share = np.zeros((size, size), dtype=np.float32)
    for offset in offsets:
        points = _slice_points(patient, plane, position + float(offset), size)
        layer, tumour = _signal(patient, points, head)
        signal += layer / len(offsets)
        share += tumour / len(offsets)
    pixel = patient.fov / size
    signal = ndimage.gaussian_filter(signal, patient.blur / pixel)
    signal *= _receive_field(patient, plane, position, size)
    real, imaginary = (
        patient.noise * 1.4 * ndimage.gaussian_filter(n, 0.45)
        for n in rng.standard_normal((2, size, size), dtype=np.float32)
    )
    # The magnitude of a complex signal: Rician noise.
    signal = np.sqrt((signal + real) ** 2 + imaginary**2)
    image = np.clip(np.rint(signal / patient.window * 255), 0, 255).astype(np.uint8)
    mask = ((share > 0.5) * 255).astype(np.uint8)
    return image, mask


def _slice_points(patient: Patient, plane: str, position: float, size: int) -> Array:
    """Give the template point of every pixel, float32 [3, size, size].

    The deformation is smooth: it is computed at every fourth pixel and interpolated.
    """
    import cv2

    coarse = size // 4
    step = patient.fov / coarse
    along = ((np.arange(coarse) - (coarse - 1) / 2) * step).astype(np.float32)
    points = np.full((3, coarse, coarse), position, dtype=np.float32)
    row_axis, row_sign = ROWS[plane]
    column_axis, column_sign = COLUMNS[plane]
    points[row_axis] = row_sign * along[:, None]
    points[column_axis] = column_sign * along[None, :]
    placed = to_template(points, patient.matrix, patient.shift, patient.field)
    return np.stack([cv2.resize(p, (size, size), interpolation=cv2.INTER_CUBIC) for p in placed])


def _signal(patient: Patient, points: Array, head: Head) -> tuple[Array, Array]:
    """Give signal and the tumour's share at template points [3, H, W]."""
    share = np.zeros(points.shape[1:], dtype=np.float32)
    tumour = patient.tumour
    if tumour is None:
        return _healthy(patient, points, head), share
    distance = np.abs(points - tumour.centre.reshape(3, 1, 1)).max(0)
    rows, columns = np.nonzero(distance < tumour.reach)
    if not len(rows):
        return _healthy(patient, points, head), share
    box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    near = points[(slice(None), *box)]
    depth = _read(head.depth, near, ORIGIN, 2.0)
    before = displace(tumour, near, depth)
    points = points.copy()
    points[(slice(None), *box)] = before
    signal = _healthy(patient, points, head)
    white = _read(head.white, before, TEMPLATE_ORIGIN, 1.0) / 255
    painted = paint(tumour, near, depth, white, head.texture)
    part = signal[box]
    part += (0.72 * patient.grey - part) * painted.oedema * 0.6
    lift = np.where(
        painted.enhancement > 0,
        painted.enhancement * (patient.enhancing - patient.grey),
        painted.enhancement * (patient.grey - patient.fluid),
    )
    part += (patient.grey + lift - part) * painted.tumour
    share[box] = painted.mask
    return signal, share


def _healthy(patient: Patient, points: Array, head: Head) -> Array:
    levels = _read(head.tissue, points, ORIGIN, 1.0)
    return np.interp(levels, np.arange(256), patient.levels).astype(np.float32)


def _read(
    volume: NDArray[np.generic], points: Array, corner: NDArray[np.generic], spacing: float
) -> Array:
    from scipy import ndimage

    at = (points - corner.reshape(3, 1, 1).astype(np.float32)) / np.float32(spacing)
    outside = float(volume.max()) if volume.dtype == np.float32 else 0.0
    return np.asarray(
        ndimage.map_coordinates(
            volume, at, order=1, mode="constant", cval=outside, output=np.float32
        )
    )


def _receive_field(patient: Patient, plane: str, position: float, size: int) -> Array:
    """Give the coil's smooth brightness over a slice, about 1."""
    along = np.linspace(-1, 1, size, dtype=np.float32) * patient.fov / 200
    axes: list[Array] = [np.full((1, 1), position / 100, dtype=np.float32)] * 3
    row_axis, row_sign = ROWS[plane]
    column_axis, column_sign = COLUMNS[plane]
    axes[row_axis] = row_sign * along[:, None]
    axes[column_axis] = column_sign * along[None, :]
    x, y, z = axes
    terms = (x, y, z, x * x, y * y, z * z, x * y, y * z, x * z)
    return np.asarray(np.exp(sum(c * t for c, t in zip(patient.bias, terms, strict=True))))
