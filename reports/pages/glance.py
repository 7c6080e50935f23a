"""What a page about a data set keeps of its images: sums by class, never the images."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliaboost import notebook
from gliaboost.datasets.audit.pictures import is_blank, thumbnail
from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.plane.column import completed_planes, given_planes
from gliaboost.datasets.plane.inference import plane_probabilities
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError, UsageError
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress

NO_LABEL = "(no label)"
# Sides of the mean images and of the mask maps, in pixels.
MEAN_SIDE = 128
MASK_SIDE = 64


@dataclass(eq=False)
class Glance:
    """What is measured of one image.

    Attributes
    ----------
    error : str
        Why it could not be read; then nothing else is known.
    width, height : int
        In pixels, before any preparation.
    histogram : float array [256]
        Share of pixels by grey.
    small : float32 array [128, 128]
        The image, scaled.
    thumbnail : float16 array [64, 64] or None
        See `gliaboost.datasets.audit.pictures.thumbnail`; None for a blank image.
    mask_share : float
        Share of the mask that is tumour; nan without a mask.
    mask_map : float32 array [64, 64] or None
        The mask, scaled, 0 to 1.
    plane : float32 array [3] or None
        Probabilities from `gliaboost.datasets.plane.inference.plane_probabilities`.
    """

    error: str = ""
    width: int = 0
    height: int = 0
    histogram: NDArray[np.float64] = field(default_factory=lambda: np.zeros(256))
    small: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    thumbnail: NDArray[np.float16] | None = None
    mask_share: float = np.nan
    mask_map: NDArray[np.float32] | None = None
    plane: NDArray[np.float32] | None = None


@dataclass(eq=False)
class ClassSummary:
    """The sums over the images of one class.

    Attributes
    ----------
    label : str
        The class.
    read, failed : int
        Images, and files that could not be read.
    mask_shares : list of float
        Share of each mask that is tumour.
    """

    label: str
    read: int = 0
    failed: int = 0
    mask_shares: list[float] = field(default_factory=list)
    _histogram: NDArray[np.float64] = field(default_factory=lambda: np.zeros(256))
    _sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros((MEAN_SIDE,) * 2))
    _squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros((MEAN_SIDE,) * 2))
    _masks: NDArray[np.float64] = field(default_factory=lambda: np.zeros((MASK_SIDE,) * 2))

    def add(self, glance: Glance) -> None:
        """Take one image in."""
        if glance.error:
            self.failed += 1
            return
        self.read += 1
        self._histogram += glance.histogram
        self._sum += glance.small
        self._squares += glance.small.astype(np.float64) ** 2
        if glance.mask_map is not None:
            self._masks += glance.mask_map
            self.mask_shares.append(glance.mask_share)

    @property
    def histogram(self) -> NDArray[np.float64]:
        """Mean share of pixels by grey, float array [256]."""
        return self._histogram / max(1, self.read)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean image, float array [128, 128], 0 to 255."""
        return self._sum / max(1, self.read)

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Standard deviation of the images, float array [128, 128]."""
        variance = self._squares / max(1, self.read) - self.mean**2
        return np.sqrt(np.maximum(0, variance))

    @property
    def mask_map(self) -> NDArray[np.float64]:
        """How often each place is tumour in the masks, float array [64, 64], 0 to 1."""
        return self._masks / max(1, len(self.mask_shares))


@dataclass(eq=False)
class Overview:
    """All that was measured of a data set.

    Attributes
    ----------
    classes : list of ClassSummary
        By label, sorted.
    errors : list of str
        By row: why it could not be read, or nothing.
    sizes : list of (int, int)
        By row: width and height.
    thumbnails : list of float16 array [64, 64] or None
        By row; None for a blank or unreadable image.
    planes : list of str
        By row: as the manifest gives it, or as the picture tells; ``unknown`` where that is not
        sure, or the image is unreadable.
    planes_given : int
        Rows whose plane the manifest gives.
    """

    classes: list[ClassSummary]
    errors: list[str]
    sizes: list[tuple[int, int]]
    thumbnails: list[NDArray[np.float16] | None]
    planes: list[str] = field(default_factory=list)
    planes_given: int = 0

    def __repr__(self) -> str:
        unreadable = sum(map(bool, self.errors))
        return notebook.two_lines(
            "Overview",
            f"{len(self.errors):,} files, {unreadable:,} unreadable",
            notebook.listed(f"{c.read:,} {c.label}" for c in self.classes),
        )

    def _repr_html_(self) -> str:
        """Show a notebook the classes: images, mean grey, masks, unreadable files."""
        rows = [
            (
                c.label,
                f"{c.read:,}",
                f"{float(c.histogram @ np.arange(256)):.0f}",
                f"{len(c.mask_shares):,}",
                f"{c.failed:,}",
            )
            for c in self.classes
        ]
        sizes = Counter(size for size in self.sizes if any(size))
        (width, height), most = sizes.most_common(1)[0]
        return notebook.table(
            f"{len(self.errors):,} files",
            ["class", "images", "mean grey", "masks", "unreadable"],
            rows,
            f"{most:,} of {width} x {height} pixels; sizes in all: {len(sizes):,}",
        )


def look(
    manifest: Manifest,
    preparation: Preparation | None = None,
    *,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Overview:
    """Read every image once, in threads.

    Parameters
    ----------
    manifest : Manifest
        Any rows.
    preparation : Preparation, optional
        Applied before anything but the size is measured.
    jobs : int, optional
        Threads; default all cores of this process.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    Overview
        Some 8 kB an image.

    Raises
    ------
    UsageError
        If the manifest has no rows, or no file of it can be read.
    """
    if not len(manifest):
        raise UsageError(f"{manifest.name}: no rows; expected at least one image")
    paths, masks = manifest.paths, manifest.masks
    labels = list(manifest.table["label"].fillna(NO_LABEL))
    classes = {label: ClassSummary(label) for label in sorted(set(labels))}
    given = given_planes(manifest.table)
    planes: list[NDArray[np.float32] | None] = []
    overview = Overview(list(classes.values()), [], [], [])

    def see(i: int) -> Glance:
        return glance(paths[i], masks[i], preparation, plane=given[i] is None)

    with closing(map_in_order(see, range(len(paths)), jobs=jobs)) as seen:
        for done, (label, one) in enumerate(zip(labels, seen, strict=True), 1):
            classes[label].add(one)
            overview.errors.append(one.error)
            overview.sizes.append((one.width, one.height))
            overview.thumbnails.append(one.thumbnail)
            planes.append(one.plane)
            progress.step("reading", done, len(paths))
    if all(overview.errors):
        raise UsageError(
            f"{manifest.name}: none of its {len(manifest)} files can be read; the first "
            f"{overview.errors[0]}"
        )
    overview.planes = completed_planes(given, planes)
    overview.planes_given = sum(plane is not None for plane in given)
    return overview


def glance(
    path: Path, mask: Path | None, preparation: Preparation | None = None, *, plane: bool = False
) -> Glance:
    """Measure one image and its mask, and its plane where that is asked.

    A mask that cannot be read counts as none.
    """
    try:
        image = decode(path)
    except DecodeError as error:
        return Glance(error=error.reason)
    height, width = image.shape
    if preparation is not None:
        image = preparation(image)
    found = Glance(
        width=width,
        height=height,
        histogram=np.bincount(image.ravel(), minlength=256) / image.size,
        small=_scaled(image.astype(np.float32), MEAN_SIDE),
        thumbnail=None if is_blank(image) else thumbnail(image),
        plane=plane_probabilities(image) if plane else None,
    )
    if mask is not None:
        try:
            tumour = decode_mask(mask)
        except DecodeError:
            return found
        found.mask_share = float(tumour.mean())
        found.mask_map = _scaled(tumour.astype(np.float32), MASK_SIDE)
    return found


def _scaled(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    import cv2

    way = cv2.INTER_AREA if min(image.shape) >= side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=way), np.float32)
