"""Simulated tumours: where they arise, what they look like, what they push aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.phantom.anatomy import ORIGIN, SELLA, Head, Point

Array = NDArray[Any]

# Where each kind arises, MNI mm (either side), and how often. A few common sites, not the whole
# brain: a sample this small could not teach texture features more. Both kinds have one at the
# sella's level, or a slice's position alone would tell a pituitary tumour.
SITES: dict[str, tuple[tuple[Point, float], ...]] = {
    "glioma": (((32, 30, 24), 0.5), ((38, 2, -16), 0.5)),
    "meningioma": (((46, 36, 25), 0.5), ((36, 14, -20), 0.5)),
    "pituitary": ((SELLA, 1.0),),
}
# Scatter about a site in mm, and the share of tumours that are small and pale.
SCATTER = 3.0
SUBTLE = 0.04


@dataclass(frozen=True)
class Tumour:
    """One tumour in template space.

    Attributes
    ----------
    kind : {"glioma", "meningioma", "pituitary"}
        Which model renders it.
    centre : float32 array [3]
        MNI mm.
    radius : float
        Mean radius in mm.
    stretch : float32 array [3]
        Radius along x, y, z over the mean one.
    offset : float32 array [3]
        Where in the texture its raggedness is read, in texture voxels.
    enhancement : float
        0 = like grey matter, 1 = as bright as the patient's enhancing tissue.
    necrosis : float
        Share of the radius that is dead or cystic core.
    oedema : float
        Width in mm of the oedema in white matter.
    push : float
        How far tissue at its rim is displaced, over its radius.
    """

    kind: str
    centre: Array
    radius: float
    stretch: Array
    offset: Array
    enhancement: float
    necrosis: float
    oedema: float
    push: float

    @property
    def reach(self) -> float:
        """Distance in mm from the centre beyond which nothing is changed."""
        return 2.6 * self.radius + self.oedema


def draw_tumour(kind: str, head: Head, rng: np.random.Generator) -> Tumour:
    """Draw a tumour of a kind: place, size, shape and character.

    Parameters
    ----------
    kind : {"glioma", "meningioma", "pituitary"}
        Which.
    head : Head
        The anatomy that limits where it may arise.
    rng : numpy.random.Generator
        The patient's own.
    """
    offset = rng.uniform(0, 48, 3).astype(np.float32)
    size, vigour = (0.6, 0.7) if rng.random() < SUBTLE else (1.0, 1.0)
    if kind == "glioma":
        low_grade = bool(rng.random() < 0.1)
        return Tumour(
            kind,
            _site(kind, rng),
            size * float(rng.uniform(20, 32)),
            np.exp(rng.normal(0, 0.14, 3)).astype(np.float32),
            offset,
            enhancement=float(rng.uniform(0.0, 0.15) if low_grade else rng.uniform(0.6, 1.0))
            * vigour,
            necrosis=0.0 if low_grade else float(rng.uniform(0.3, 0.7)),
            oedema=float(rng.uniform(6, 18)),
            push=float(rng.uniform(0.15, 0.35)),
        )
    if kind == "meningioma":
        radius = size * float(rng.uniform(17, 27))
        return Tumour(
            kind,
            _nearest_dura(head, _site(kind, rng), 0.35 * radius),
            radius,
            np.exp(rng.normal(0, 0.1, 3)).astype(np.float32),
            offset,
            enhancement=float(rng.uniform(0.65, 1.0)) * vigour,
            necrosis=0.0,
            oedema=float(rng.choice([0.0, rng.uniform(4, 14)])),
            push=float(rng.uniform(0.35, 0.6)),
        )
    radius = size * float(rng.uniform(10, 16))
    place = np.asarray(SELLA) + rng.normal(0, [0.8, 1.0, 0.8]) + [0, 0, 0.45 * radius]
    return Tumour(
        kind,
        place.astype(np.float32),
        radius,
        np.exp(rng.normal([0.0, -0.05, 0.1], 0.1)).astype(np.float32),
        offset,
        enhancement=float(rng.uniform(0.5, 0.9)) * vigour,
        necrosis=float(rng.choice([0.0, rng.uniform(0.3, 0.6)], p=[0.75, 0.25])),
        oedema=0.0,
        push=float(rng.uniform(0.25, 0.5)),
    )


def _site(kind: str, rng: np.random.Generator) -> Array:
    """Choose a place near one of a kind's sites, on either side."""
    sites = SITES[kind]
    point = np.array(sites[rng.choice(len(sites), p=[share for _, share in sites])][0])
    side = rng.choice([-1.0, 1.0])
    return np.asarray(point * [side, 1, 1] + rng.normal(0, SCATTER, 3), dtype=np.float32)


def _nearest_dura(head: Head, point: Array, depth: float) -> Array:
    """Find the point `depth` mm inside the dura that is nearest to another."""
    shell = np.argwhere(np.abs(head.depth + depth) < 1.0) * 2 + ORIGIN
    return np.asarray(shell[np.argmin(((shell - point) ** 2).sum(1))], dtype=np.float32)


def displace(tumour: Tumour, points: Array, depth: Array) -> Array:
    """Find where the tissue at each point was before the tumour pushed it away.

    Parameters
    ----------
    tumour : Tumour
        What pushes.
    points : float32 array [3, ...]
        Template mm.
    depth : float32 array [...]
        Signed distance to the dura; bone does not give way.

    Returns
    -------
    float32 array [3, ...]
        Template mm to read the healthy head at.
    """
    arm = points - _column(tumour.centre, points)
    distance = np.sqrt((arm**2).sum(0)) + 1e-3
    soft = np.clip(-depth / 8.0, 0, 1)
    far = np.clip(distance / tumour.radius - 1.0, 0, None)
    amount = tumour.push * tumour.radius * np.exp(-far / 0.7) * soft
    return np.asarray(points - arm * np.minimum(amount / distance, 0.8), dtype=np.float32)


@dataclass(frozen=True)
class Paint:
    """How a tumour changes the signal at some points.

    Attributes
    ----------
    mask : float32 array [...]
        Share of tumour, 0 to 1.
    tumour, oedema : float32 array [...]
        Opacity of either, 0 to 1.
    enhancement : float32 array [...]
        Signal within the tumour: 0 = grey matter, 1 = enhancing tissue, -1 = fluid.
    """

    mask: Array
    tumour: Array
    oedema: Array
    enhancement: Array


def paint(tumour: Tumour, points: Array, depth: Array, white: Array, texture: Array) -> Paint:
    """Render a tumour at template points.

    Parameters
    ----------
    tumour : Tumour
        What to render.
    points : float32 array [3, ...]
        Template mm.
    depth : float32 array [...]
        Signed distance in mm to the dura, negative inside.
    white : float32 array [...]
        Share of white matter, 0 to 1, after displacement.
    texture : float32 array [48, 48, 48]
        `Head.texture`.
    """
    arm = (points - _column(tumour.centre, points)) / _column(tumour.stretch, points)
    distance = np.sqrt((arm**2).sum(0))

    def noise(scale: float) -> Array:
        """Read the texture with lumps about `scale` mm wide."""
        return _texture(texture, points / (scale / 3.0) + _column(tumour.offset, points))

    return {"glioma": _glioma, "meningioma": _meningioma, "pituitary": _pituitary}[tumour.kind](
        tumour, arm, distance, depth, white, noise
    )


def _glioma(
    tumour: Tumour, arm: Array, distance: Array, depth: Array, white: Array, noise: object
) -> Paint:
    """Ragged, along white matter; irregular bright rim round a dead core, or no enhancement."""
    lumps, grain = noise(14.0), noise(5.0)  # type: ignore[operator]
    ragged = tumour.radius * (1 + 0.17 * lumps + 0.06 * grain + 0.25 * (white - 0.5))
    rim = ragged - distance
    inside = np.clip(-depth - 1.0, 0, 1)
    width = 3.0 if tumour.enhancement > 0.3 else 6.0
    alpha = _smooth(rim / width + 0.5) * inside
    core = _smooth((tumour.necrosis * ragged * (1 + 0.15 * lumps) - distance) / 3.0 + 0.5)
    if tumour.necrosis == 0:
        core = np.zeros_like(core)
    solid = tumour.enhancement * np.clip(0.75 + 0.3 * grain + 0.15 * lumps, 0.1, 1.2)
    if tumour.enhancement < 0.3:
        solid = solid - 0.45 + 0.12 * lumps
    enhancement = solid + (-0.65 + 0.1 * lumps - solid) * core
    oedema = _smooth(1.0 + rim / max(tumour.oedema, 1.0)) * (0.15 + 0.85 * white) * inside
    return Paint(alpha, alpha, 0.75 * oedema, enhancement)


def _meningioma(
    tumour: Tumour, arm: Array, distance: Array, depth: Array, white: Array, noise: object
) -> Paint:
    """Smooth and even, broad on the dura with a tail along it, a cleft of fluid round the rest."""
    lumps, grain = noise(20.0), noise(4.0)  # type: ignore[operator]
    rim = tumour.radius * (1 + 0.06 * lumps) - distance
    inside = np.clip(0.5 - depth, 0, 1)
    alpha = np.clip(rim / 1.2 + 0.5, 0, 1) * inside
    tail = np.clip((1.75 * tumour.radius - distance) / (0.8 * tumour.radius), 0, 1)
    tail = np.clip(2.4 * tail + depth + 0.3, 0, 1) * inside * (tail > 0)
    enhancement = tumour.enhancement * (1 + 0.06 * grain) + 0 * distance
    oedema = _smooth(1.0 + (rim + 2) / max(tumour.oedema, 1.0)) * white * inside
    if tumour.oedema == 0:
        oedema = np.zeros_like(oedema)
    cleft = np.clip(1.0 - np.abs(rim + 1.2) / 1.0, 0, 1) * np.clip(-depth - 2, 0, 1)
    enhancement = np.where(cleft > alpha, -0.8, enhancement)
    return Paint(
        alpha, np.maximum.reduce([alpha, 0.85 * tail, 0.45 * cleft]), 0.7 * oedema, enhancement
    )


def _pituitary(
    tumour: Tumour, arm: Array, distance: Array, depth: Array, white: Array, noise: object
) -> Paint:
    """Smooth, in the sella and up out of it, waisted where the diaphragm holds it."""
    lumps, grain = noise(12.0), noise(4.0)  # type: ignore[operator]
    upper = np.sqrt(arm[0] ** 2 + arm[1] ** 2 + (arm[2] - 0.55 * tumour.radius) ** 2)
    lower = np.sqrt(arm[0] ** 2 + arm[1] ** 2 + (arm[2] + 0.45 * tumour.radius) ** 2)
    nearest = np.minimum(upper / 0.72, lower / 0.8)
    rim = tumour.radius * (1 + 0.07 * lumps) - nearest
    alpha = np.clip(rim / 1.3 + 0.5, 0, 1)
    solid = tumour.enhancement * (1 + 0.1 * grain + 0.08 * lumps)
    cyst = _smooth((tumour.necrosis * tumour.radius * (1 + 0.2 * lumps) - upper) / 2.0 + 0.5)
    if tumour.necrosis == 0:
        cyst = np.zeros_like(cyst)
    return Paint(alpha, alpha, np.zeros_like(alpha), solid + (-0.5 - solid) * cyst)


def _texture(texture: Array, at: Array) -> Array:
    from scipy import ndimage

    return np.asarray(ndimage.map_coordinates(texture, at, order=1, mode="grid-wrap"))


def _smooth(value: Array) -> Array:
    """Rise from 0 to 1 with level ends (smoothstep)."""
    t = np.clip(value, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _column(vector: Array, like: Array) -> Array:
    return vector.reshape(3, *[1] * (like.ndim - 1))
