"""A simulated head: the MNI152 template's brain inside a procedural skull, scalp and face."""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import GliaboostError

Volume = NDArray[Any]
Point = tuple[float, float, float]

# Corner of the head's grid in MNI mm, 1 mm a voxel; reaching below the template for face and neck.
ORIGIN = np.array([-100.0, -140.0, -125.0], dtype=np.float32)
SHAPE = (201, 266, 231)
TEMPLATE_ORIGIN = np.array([-98, -134, -72])
SELLA: Point = (0.0, 3.0, -34.0)

# Grey levels of the head volume. A patient's contrast maps them to signal; see phantom_patient.
AIR, BONE, CSF, MUSCLE, GREY, MARROW, WHITE, MUCOSA, ENHANCED, FAT = (
    0.0, 8.0, 40.0, 92.0, 105.0, 118.0, 140.0, 165.0, 200.0, 235.0,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Head:
    """The average head that every simulated patient is a deformation of.

    Attributes
    ----------
    tissue : uint8 array [201, 266, 231]
        Grey levels (see `AIR` ... `FAT`) on a 1 mm grid, x to the right, y forward, z up.
    depth : float32 array [101, 133, 116]
        Signed distance in mm to the inner surface of the dura, negative inside; 2 mm grid with the
        same corner.
    white : uint8 array [197, 233, 189]
        The template's probability of white matter, 0 to 255, on the template's own grid.
    texture : float32 array [48, 48, 48]
        Periodic smooth noise of mean 0 and sd 1 for ragged edges and mottled tissue.
    """

    tissue: NDArray[np.uint8]
    depth: Volume
    white: NDArray[np.uint8]
    texture: Volume


def template_path(kind: str) -> Path:
    """Find a map of the MNI152 template in nilearn's wheel, without importing nilearn.

    Parameters
    ----------
    kind : {"t1", "gm", "wm"}
        T1 signal, grey matter or white matter.

    Raises
    ------
    GliaboostError
        If nilearn is not installed, or its wheel has no such file.
    """
    spec = importlib.util.find_spec("nilearn")
    name = f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "datasets" / "data" / name
        if path.is_file():
            return path
    seen = "nilearn is not installed" if spec is None else f"nilearn's package has no {name}"
    raise GliaboostError(
        f"{seen}; the phantom is simulated in the brain template that nilearn >= 0.11 carries: "
        "pip install 'nilearn>=0.11'"
    )


def _template(kind: str) -> NDArray[np.uint8]:
    import nibabel

    image: Any = nibabel.load(template_path(kind))
    return np.asarray(image.dataobj, dtype=np.uint8)


@functools.cache
def load_head() -> Head:
    """Build the average head once a process; the arrays are shared and read-only."""
    t1 = _template("t1")
    white = _template("wm")
    texture = periodic_noise(48, 1.0)
    depth = dura_distance(t1)
    tissue = _tissue(t1, depth, texture)
    for array in (tissue, depth, white, texture):
        array.setflags(write=False)
    return Head(tissue, depth, white, texture)


def periodic_noise(size: int, sigma: float) -> Volume:
    """Make smooth noise that tiles: float32 [size, size, size], mean 0 and sd 1."""
    from scipy import ndimage

    noise = np.random.default_rng(152).standard_normal((size, size, size), dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, sigma, mode="wrap")
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float32)


def dura_distance(t1: NDArray[np.uint8]) -> Volume:
    """Measure the signed distance to the dura on the head's grid at 2 mm.

    The dura is the brain's mask closed by a ball of 8 mm (it bridges sulci and fissures, but not
    the gap between the temporal lobes where the sella lies) and moved out by 1.5 mm of fluid.

    Parameters
    ----------
    t1 : uint8 array [197, 233, 189]
        The template; zero outside the brain.
    """
    from scipy import ndimage

    padded = np.zeros(SHAPE, dtype=bool)
    padded[_template_box()] = t1[:, :, : SHAPE[2] - 53] > 0
    brain = ndimage.binary_opening(padded[::2, ::2, ::2], iterations=2)
    # The cord leaves through the bottom of the template: without it the base would close over it.
    brain[:, :, :27] = brain[:, :, 27:28]
    near = ndimage.distance_transform_edt(~brain, sampling=2.0) <= 8.0
    hull = ndimage.distance_transform_edt(near, sampling=2.0) > 8.0
    outside = ndimage.distance_transform_edt(~hull, sampling=2.0)
    inside = ndimage.distance_transform_edt(hull, sampling=2.0)
    distance = ndimage.gaussian_filter((outside - inside).astype(np.float32), 1.0)
    return np.asarray(distance - 1.5, dtype=np.float32)


def _template_box() -> tuple[slice, slice, slice]:
    low = TEMPLATE_ORIGIN - ORIGIN.astype(int)
    return (
        slice(low[0], low[0] + 197),
        slice(low[1], low[1] + 233),
        slice(low[2], SHAPE[2]),
    )


def _tissue(t1: NDArray[np.uint8], depth: Volume, texture: Volume) -> NDArray[np.uint8]:
    from scipy import ndimage

    d = ndimage.zoom(depth, [n / m for n, m in zip(SHAPE, depth.shape, strict=True)], order=1)
    x, y, z = (
        np.arange(n, dtype=np.float32).reshape([-1 if i == a else 1 for i in range(3)]) + ORIGIN[a]
        for a, n in enumerate(SHAPE)
    )
    fine = _tiled(texture, 1)
    coarse = _tiled(texture, 3)

    outer = _smooth_union(
        ndimage.gaussian_filter(d, 3.0) - 14.0,
        _ellipsoid(x, y, z, (0, 38, -68), (70, 56, 74)),
        _ellipsoid(x, y, z, (0, 90, -57), (12, 18, 18)),
        _ellipsoid(x, y, z, (0, -32, -125), (64, 68, 95)),
    )
    # Muscles parted by sheets of fat, under a layer of fat, under skin.
    septa = 0.8 * _step(4.0 * (0.16 - np.abs(_tiled(texture, 6))))
    head = MUSCLE + 7.0 * fine + 6.0 * coarse + (FAT - 20 - MUSCLE) * septa
    _face(head, x, y, z, fine, coarse)
    head = _mix(head, FAT - 22 + 8 * fine, _step(outer + 5.5 + 0.8 * coarse))
    head = _mix(head, np.float32(GREY), _step(outer + 1.5))
    head = _mix(head, np.float32(AIR), _step(1.5 * outer))

    # Skull: two dark tables around fatty marrow, which is absent where the bone is thin.
    skull = _step(d - 1.0) * _step(9.0 - d)
    marrow = _step(1.5 * (d - 3.2)) * _step(1.5 * (6.6 - d)) * _step(coarse + 1.3)
    head = _mix(head, BONE + (MARROW + 30 + 20 * fine - BONE) * marrow, skull)
    _base(head, x, y, z, fine, coarse)
    inside = _step(-2.0 * (d - 1.0))
    head = _mix(head, np.float32(CSF), inside)
    head = _mix(head, np.float32(GREY - 10), _step(2.5 * (d - 0.2)) * _step(2.5 * (1.4 - d)) * 0.8)

    brain = np.zeros(SHAPE, dtype=np.float32)
    levels = np.interp(
        np.arange(256), [0, 70, 167, 222, 255], [CSF, CSF, GREY, WHITE, WHITE + 12]
    ).astype(np.float32)
    brain[_template_box()] = levels[t1[:, :, : SHAPE[2] - 53]]
    mask = np.zeros(SHAPE, dtype=np.float32)
    mask[_template_box()] = t1[:, :, : SHAPE[2] - 53] > 0
    mask = ndimage.gaussian_filter(mask, 0.6)
    brain[brain == 0] = CSF
    head = _mix(head, brain, mask)
    _vessels(head, d, x, y, z, fine, coarse)
    return np.clip(np.rint(head), 0, 255).astype(np.uint8)


def _face(head: Volume, x: Volume, y: Volume, z: Volume, fine: Volume, coarse: Volume) -> None:
    """Paint orbits, airways, mouth and neck over the muscle, in place."""
    bubbles = _step(3.0 * (coarse + 0.3))
    for side in (-1, 1):
        for centre, radii, value in (
            ((33, 50, -33), (19, 24, 18), FAT - 10),
            ((33, 64, -33), (12.5, 12.5, 12.5), CSF + 6),
            ((33, 73, -33), (5, 2.5, 5), GREY),
            ((24, 44, -33), (2.5, 16, 6), MUSCLE + 30),
            ((41, 46, -33), (2.5, 16, 6), MUSCLE + 30),
            ((32, 46, -25), (6, 16, 2.5), MUSCLE + 30),
            ((32, 46, -41), (6, 16, 2.5), MUSCLE + 30),
            ((28, 38, -33), (3, 16, 3), GREY),
            ((30, 52, -64), (15, 18, 16), MUCOSA),
            ((30, 52, -64), (13, 16, 14), AIR),
            ((9, 82, -8), (9, 5, 11), AIR),
            ((47, 22, -88), (9, 22, 26), BONE),
            ((47, 22, -88), (6, 18, 22), MARROW),
            ((62, 0, -75), (8, 20, 22), MARROW + 40),
        ):
            _paint(head, (side * centre[0], centre[1], centre[2]), radii, value)
    _paint(head, (0, 66, -58), (17, 32, 20), MUSCLE + 25)
    for side in (-1, 1):
        for height in (-68, -58, -48):
            _paint(head, (side * 6.5, 70, height), (3.2, 27, 3.2), AIR)
    _paint(head, (0, 52, -33), (13, 22, 10), MUCOSA, cut=bubbles, inner=AIR)
    _paint(head, (0, 20, -80), (14, 16, 9), AIR)
    _paint(head, (0, 10, -103), (11, 7, 26), AIR)
    _paint(head, (0, 66, -84), (24, 30, 4), GREY + 15)
    _paint(head, (0, 55, -102), (24, 32, 15), MUSCLE + 25)
    _paint(head, (0, 88, -98), (26, 8, 14), BONE)


def _base(head: Volume, x: Volume, y: Volume, z: Volume, fine: Volume, coarse: Volume) -> None:
    """Paint the skull's base: sphenoid, clivus, mastoids, spine, and the sella's contents."""
    cells = _step(3.0 * (coarse + 0.1))
    for side in (-1, 1):
        _paint(head, (side * 52, -36, -46), (13, 17, 17), MUSCLE, cut=cells, inner=AIR)
        _paint(head, (side * 38, -26, -40), (14, 8, 7), BONE)
        _paint(head, (side * 26, 14, -40), (12, 10, 6), MARROW)
    _paint(head, (0, 8, -46), (21, 22, 13), BONE)
    _paint(head, (0, 8, -46), (18, 19, 10), MARROW + 20)
    _paint(head, (0, 18, -47), (13, 13, 9), MUCOSA)
    _paint(head, (0, 18, -47), (12, 12, 8), AIR)
    for k in range(6):
        _paint(head, (0, -9 - 3.0 * k, -42 - 5.5 * k), (11, 5.5, 6), BONE)
    for k in range(6):
        _paint(head, (0, -9 - 3.0 * k, -42 - 5.5 * k), (9.5, 4, 5.5), MARROW + 25)
    for k in range(3):
        _paint(head, (0, -24 - 2.0 * k, -88 - 17 * k), (11, 8, 7.5), BONE)
        _paint(head, (0, -24 - 2.0 * k, -88 - 17 * k), (9.5, 6.5, 6), MARROW + 15)
        _paint(head, (0, -82, -92 - 17 * k), (5, 14, 5), MARROW + 15)
    for k in range(14):
        _paint(head, (0, -47 - 0.7 * k, -74 - 4.0 * k), (10, 9, 5), CSF)
    for k in range(14):
        _paint(head, (0, -47 - 0.7 * k, -74 - 4.0 * k), (6, 5, 5), WHITE - 8)
    _paint(head, (0, SELLA[1], SELLA[2] + 4), (13, 10, 9), CSF)
    for side in (-1, 1):
        _paint(head, (side * 13, SELLA[1] - 1, SELLA[2]), (5.5, 11, 6.5), MUCOSA)
        _paint(head, (side * 14, SELLA[1] - 2, SELLA[2] - 1), (2.5, 9, 2.5), ENHANCED)
        _paint(head, (side * 7, SELLA[1] + 4, SELLA[2] + 14), (4, 5, 1.8), GREY)
    _paint(head, SELLA, (6.5, 5.0, 3.8), MUCOSA + 20)
    _paint(head, (0, SELLA[1] - 1, SELLA[2] + 8), (1.3, 1.3, 7), MUCOSA + 10)


def _vessels(
    head: Volume, d: Volume, x: Volume, y: Volume, z: Volume, fine: Volume, coarse: Volume
) -> None:
    """Brighten venous sinuses, falx and sulcal vessels: all of them take up contrast agent."""
    fluid = _step((GREY - 22 - head) / 6.0)
    vessels = fluid * _step(-d - 0.5) * _step(3.0 * (0.22 - np.abs(coarse))) * _step(2 * fine)
    head += (ENHANCED - 25 - head) * vessels * (0.25 + 0.5 * _step(np.abs(x) - 3))
    falx = _step(1.2 - np.abs(x)) * _step(-d) * _step((z + 0.25 * y - 26) / 20) * fluid
    head += (GREY + 30 - head) * falx * 0.7
    upper = _step(5.0 - np.abs(x) - 0.8 * np.abs(d)) * _step((z + 0.9 * y + 60) / 4 * (z > 0))
    upper = upper * (z > -5) * _step((30 - y) / 15)
    head += (ENHANCED - head) * upper * 0.9
    lateral = _step(2.5 - np.abs(z + 16) - np.abs(d + 0.5)) * _step((-42 - y) / 4)
    head += (ENHANCED - head) * lateral * 0.9


def _paint(
    head: Volume,
    centre: Point,
    radii: Point,
    value: float,
    *,
    cut: Volume | None = None,
    inner: float | None = None,
) -> None:
    """Fill an ellipsoid with `value`; where `cut` is 1, with `inner` instead."""
    low = np.floor(np.asarray(centre) - radii - ORIGIN - 2).astype(int)
    high = np.ceil(np.asarray(centre) + radii - ORIGIN + 3).astype(int)
    box = tuple(
        slice(max(0, int(a)), max(0, min(n, int(b))))
        for a, b, n in zip(low, high, SHAPE, strict=True)
    )
    axes = [
        np.arange(s.start, s.stop, dtype=np.float32).reshape(
            [-1 if i == a else 1 for i in range(3)]
        )
        + ORIGIN[a]
        for a, s in enumerate(box)
    ]
    alpha = _step(-1.5 * _ellipsoid(axes[0], axes[1], axes[2], centre, radii))
    part = head[box]
    filled: Volume | float = value
    if cut is not None and inner is not None:
        filled = value + (inner - value) * cut[box]
    part += (filled - part) * alpha


def _ellipsoid(x: Volume, y: Volume, z: Volume, centre: Point, radii: Point) -> Volume:
    """Approximate the signed distance in mm to an ellipsoid."""
    squares = sum(((a - c) / r) ** 2 for a, c, r in zip((x, y, z), centre, radii, strict=True))
    return np.asarray((np.sqrt(squares) - 1.0) * min(radii), dtype=np.float32)


def _smooth_union(first: Volume, *others: Volume, radius: float = 10.0) -> Volume:
    for other in others:
        blend = np.clip(0.5 + 0.5 * (other - first) / radius, 0, 1)
        first = other + (first - other) * blend - radius * blend * (1 - blend)
    return first


def _step(value: Volume) -> Volume:
    """Rise from 0 at -0.5 to 1 at 0.5, in millimetres a boundary one voxel wide."""
    return np.clip(value + 0.5, 0, 1)


def _mix(below: Volume, above: Volume | np.float32, alpha: Volume) -> Volume:
    return below + (above - below) * alpha


def _tiled(texture: Volume, stretch: int) -> Volume:
    """Spread the texture over the head's grid, each of its voxels `stretch` mm long."""
    from scipy import ndimage

    if stretch > 1:
        texture = ndimage.zoom(texture, stretch, order=1, mode="grid-wrap", grid_mode=True)
    repeats = [-(-n // m) for n, m in zip(SHAPE, texture.shape, strict=True)]
    return np.tile(texture, repeats)[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
