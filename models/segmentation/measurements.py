"""What a mask says: how large, how long, where, how bright, how sure; of all and of each part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.diameters import Diameter, Point, diameters
from gliaboost.models.segmentation.surroundings import brightness, rim_entropy

Mask = NDArray[np.bool_]
Spacing = tuple[float, float]

# Pixels that touch by a side or a corner are one component.
_TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True)
class MaskRegion:
    """The numbers of a set of pixels: a whole mask, or one of its components.

    Attributes
    ----------
    area_pixels : int
        How many pixels, one at least.
    area_mm2 : float, optional
        None where the spacing is unknown.
    longest, perpendicular : Diameter
        As of `gliaboost.models.segmentation.diameters.diameters`. Of a mask with several components
        they are those of the component with the longest one: no line joins two tumours.
    centroid : (row, column)
        In pixels; whole numbers are the middles of pixels.
    box : (top, left, bottom, right)
        In pixels, half-open.
    eccentricity : float
        Of the ellipse with the same second moments, 0 (circle) to 1 (line); in mm where the spacing
        is known.
    mean_grey : float, optional
        Of the pixels inside, 0 to 255; None without an image.
    contrast : float, optional
        `mean_grey` minus the mean of the pixels outside the whole mask that lie within five
        pixels of this region; None without an image, or where nothing lies around.
    rim_entropy : float, optional
        How unsure the outline is: the mean entropy of the probability, in bits (0 sure, 1 even),
        over the pixels that share a side with the outline, inside and outside. None without
        probabilities, or where the mask fills the picture.
    """

    area_pixels: int
    area_mm2: float | None
    longest: Diameter
    perpendicular: Diameter
    centroid: Point
    box: tuple[int, int, int, int]
    eccentricity: float
    mean_grey: float | None = None
    contrast: float | None = None
    rim_entropy: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers without nesting, None where unknown.

        Returns
        -------
        dict
            Attributes under their own names; ends of lines, centroid and box by coordinate.
        """
        values: dict[str, Any] = {"area_pixels": self.area_pixels, "area_mm2": self.area_mm2}
        lines = {"longest": self.longest, "perpendicular": self.perpendicular}
        for name, line in lines.items():
            values |= {f"{name}_pixels": line.pixels, f"{name}_mm": line.mm}
        values |= {"centroid_row": self.centroid[0], "centroid_column": self.centroid[1]}
        values |= dict(zip(("top", "left", "bottom", "right"), self.box, strict=True))
        for name in ("eccentricity", "mean_grey", "contrast", "rim_entropy"):
            values[name] = getattr(self, name)
        for name, line in lines.items():
            for end in ("start", "end"):
                row, column = getattr(line, end)
                values |= {f"{name}_{end}_row": row, f"{name}_{end}_column": column}
        return values


@dataclass(frozen=True)
class Measurements:
    """What was measured of a mask.

    Attributes
    ----------
    height, width : int
        Of the mask, in pixels.
    spacing : (row mm, column mm), optional
        None where it is unknown.
    whole : MaskRegion, optional
        All pixels of the mask; None where it is empty.
    components : tuple of MaskRegion
        The largest first; pixels that touch by a side or a corner are together.
    """

    height: int
    width: int
    spacing: Spacing | None
    whole: MaskRegion | None
    components: tuple[MaskRegion, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing in the mask: no tumour was found."""
        return self.whole is None

    @property
    def area_pixels(self) -> int:
        """How many pixels belong to the mask."""
        return self.whole.area_pixels if self.whole is not None else 0

    @property
    def area_mm2(self) -> float | None:
        """Area in square millimetres; None where the spacing is unknown."""
        if self.spacing is None:
            return None
        return self.area_pixels * self.spacing[0] * self.spacing[1]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers of the whole mask without nesting, for a row of CSV.

        Returns
        -------
        dict
            ``height``, ``width``, ``spacing_row_mm``, ``spacing_column_mm``, ``components`` (how
            many), and what `MaskRegion.to_dict` gives. The keys are always the same; of an empty
            mask areas are 0 and all that needs a pixel is None.
        """
        row, column = self.spacing or (None, None)
        values = {
            "height": self.height,
            "width": self.width,
            "spacing_row_mm": row,
            "spacing_column_mm": column,
            "components": len(self.components),
        }
        if self.whole is not None:
            return values | self.whole.to_dict()
        nothing = dict.fromkeys(_DOT.to_dict())
        return values | nothing | {"area_pixels": 0, "area_mm2": self.area_mm2}


def measure(
    mask: Mask,
    image: NDArray[np.uint8] | None = None,
    *,
    probability: NDArray[np.floating[Any]] | None = None,
    spacing: Spacing | None = None,
) -> Measurements:
    """Measure a mask, as a whole and by component.

    Parameters
    ----------
    mask : bool array [H, W]
        True inside.
    image : uint8 array [H, W], optional
        Greys, for what is bright.
    probability : float array [H, W], optional
        0 to 1, for how sure the outline is.
    spacing : (row mm, column mm), optional
        Between the middles of neighbouring rows, and of neighbouring columns.

    Returns
    -------
    Measurements

    Raises
    ------
    UsageError
        If an array has another shape or type, or the spacing is none; all faults at once.

    Examples
    --------
    >>> mask = np.zeros((20, 20), bool)
    >>> mask[5:9, 4:12] = True
    >>> found = measure(mask, spacing=(0.5, 0.5))
    >>> found.area_pixels, found.area_mm2, len(found.components)
    (32, 8.0, 1)
    >>> measure(np.zeros((20, 20), bool)).empty
    True
    """
    from scipy import ndimage

    check_mask(mask, image, probability, spacing)
    labels, count = ndimage.label(mask, _TOUCHING)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    found = []
    for n in np.argsort(-sizes, kind="stable"):
        box = boxes[n]
        part = labels[box] == n + 1
        found.append(_region(part, box, mask, image, probability, spacing))
    whole = _whole(mask, found, image, probability, spacing)
    return Measurements(mask.shape[0], mask.shape[1], spacing, whole, tuple(found))


def check_mask(mask: Any, image: Any = None, probability: Any = None, spacing: Any = None) -> None:
    """Refuse what cannot be measured, with all its faults; see `measure`."""
    faults = []
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.ndim != 2 or not mask.size:
        raise UsageError(f"a mask is {_kind(mask)}; expected bool [H, W], as `image > threshold`")
    if image is not None and (_shape(image) != mask.shape or image.dtype != np.uint8):
        faults.append(
            f"the image is {_kind(image)}; expected uint8 {list(mask.shape)}, as the mask"
        )
    if probability is not None:
        if _shape(probability) != mask.shape or probability.dtype.kind != "f":
            faults.append(
                f"the probability is {_kind(probability)}; expected float {list(mask.shape)}, as "
                "the mask"
            )
        elif not (probability.min() >= 0 and probability.max() <= 1):
            faults.append("the probability holds what is not within 0 to 1")
    if spacing is not None and not (
        len(spacing) == 2 and all(np.isfinite(s) and s > 0 for s in spacing)
    ):
        faults.append(f"the spacing is {spacing}; expected mm between rows and between columns")
    if faults:
        raise UsageError("; ".join(faults))


def _shape(array: Any) -> tuple[int, ...] | None:
    return array.shape if isinstance(array, np.ndarray) else None


def _kind(array: Any) -> str:
    if not isinstance(array, np.ndarray):
        return type(array).__name__
    return f"{array.dtype} {list(array.shape)}"


def _whole(
    mask: Mask,
    found: list[MaskRegion],
    image: NDArray[np.uint8] | None,
    probability: NDArray[np.floating[Any]] | None,
    spacing: Spacing | None,
) -> MaskRegion | None:
    if len(found) < 2:
        return found[0] if found else None
    boxes = np.array([region.box for region in found])
    top, left = boxes[:, :2].min(axis=0)
    bottom, right = boxes[:, 2:].max(axis=0)
    box = slice(int(top), int(bottom)), slice(int(left), int(right))
    known = spacing is not None
    longest = max(found, key=lambda r: (r.longest.mm or 0.0) if known else r.longest.pixels)
    lines = longest.longest, longest.perpendicular
    return _region(mask[box], box, mask, image, probability, spacing, lines)


def _region(
    part: Mask,
    box: tuple[slice, slice],
    mask: Mask,
    image: NDArray[np.uint8] | None,
    probability: NDArray[np.floating[Any]] | None,
    spacing: Spacing | None,
    lines: tuple[Diameter, Diameter] | None = None,
) -> MaskRegion:
    """Measure the pixels of a box."""
    rows, columns = np.nonzero(part)
    top, left = box[0].start, box[1].start
    longest, perpendicular = (
        (_moved(line, top, left) for line in diameters(part, spacing)) if lines is None else lines
    )
    area = len(rows)
    grey, contrast = brightness(part, box, mask, image)
    return MaskRegion(
        area,
        area * spacing[0] * spacing[1] if spacing is not None else None,
        longest,
        perpendicular,
        (float(rows.mean() + top), float(columns.mean() + left)),
        (top, left, box[0].stop, box[1].stop),
        _eccentricity(rows, columns, spacing or (1.0, 1.0)),
        grey,
        contrast,
        rim_entropy(part, box, probability),
    )


def _moved(line: Diameter, down: int, right: int) -> Diameter:
    start, end = ((row + down, column + right) for row, column in (line.start, line.end))
    return Diameter(start, end, line.pixels, line.mm)


def _eccentricity(rows: NDArray[Any], columns: NDArray[Any], spacing: Spacing) -> float:
    places = np.stack([rows * spacing[0], columns * spacing[1]])
    small, large = np.linalg.eigvalsh(np.cov(places, bias=True))
    return float(np.sqrt(1 - max(small, 0.0) / large)) if large > 0 else 0.0


# What an empty mask takes its keys from.
_DOT = MaskRegion(
    1, None, Diameter((0, 0), (0, 0), 1.0), Diameter((0, 0), (0, 0), 1.0), (0, 0), (0, 0, 1, 1), 0.0
)
