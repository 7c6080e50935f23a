"""From a segmenter's bundle and files to masks at the pictures' own size, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageLike
from gliaboost.datasets.placement import Placement, placement
from gliaboost.datasets.scans import Looked, look_at
from gliaboost.errors import DecodeError
from gliaboost.models.familiarity.familiarity import DESCRIPTION, Familiarity, judge
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.bundle import SegmenterBundle
from gliaboost.models.segmentation.decision import tumour_mask
from gliaboost.models.segmentation.measurements import measure
from gliaboost.models.segmentation.outline import PREDICTED, outlined
from gliaboost.models.segmentation.segmentations import PICTURED, SegmentedPicture
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress

# Pictures that are decoded, mapped and measured together.
BATCH = 16
# Pixels of the longer side of a picture that a notebook shows.
SIDE = 320


class Keeper(Protocol):
    """Keeps what was found on each picture."""

    def name(self, looked: Looked) -> str:
        """Name a picture; asked in the order of the pictures."""

    def keep(self, name: str, found: SegmentedPicture, image: NDArray[np.uint8]) -> dict[str, str]:
        """Keep it, and say where; called in threads, `image` is uint8 [H, W]."""


def segment_pictures(
    bundle: SegmenterBundle,
    images: Sequence[ImageLike],
    *,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
    spacing: tuple[float, float] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    keeper: Keeper | None = None,
    progress: Progress = SILENT,
) -> tuple[SegmentedPicture, ...]:
    """Find the tumour on pictures, scans and folders of them.

    Parameters
    ----------
    bundle : SegmenterBundle
        From `load_segmenter`.
    images : sequence of path-like or ImageSource
        Image files, DICOM files and series, NIfTI volumes, folders that are searched for them, or
        images in memory.
    position, plane, window
        Which slices of scans, and how they are seen; see `gliaboost.datasets.scans.look_at`.
    spacing : (row mm, column mm), optional
        Of pictures that do not tell it.
    device, jobs
        As on the command line.
    keeper : Keeper, optional
        Keeps each picture that could be read; what it says becomes ``files``.
    progress : Progress
        Hears of each picture.

    Returns
    -------
    tuple of SegmentedPicture
        One a picture or slice, in order; unreadable ones are among them with their reason.

    Raises
    ------
    UsageError
        If a folder holds no image, or a scan no such slice.
    """
    looked = [
        one
        for image in images
        for one in look_at(image, position=position, plane=plane, window=window)
    ]
    segmenter = bundle.model(device=device, jobs=jobs)
    job = _Job(bundle, segmenter, spacing, jobs, keeper)
    found: list[SegmentedPicture] = []
    for start in range(0, len(looked), BATCH):
        missing = PICTURED - sum(one.pictured is not None for one in found)
        for one in job.batch(looked[start : start + BATCH], missing):
            found.append(one)
            progress.step("segmenting", len(found), len(looked))
    return tuple(found)


@dataclass(frozen=True)
class _Seen:
    """A picture, decoded and prepared."""

    image: NDArray[np.uint8]
    prepared: NDArray[np.uint8]
    where: Placement
    key: str


@dataclass(frozen=True)
class _Job:
    bundle: SegmenterBundle
    segmenter: Segmenter
    spacing: tuple[float, float] | None
    jobs: int | None
    keeper: Keeper | None

    def batch(self, looked: Sequence[Looked], pictured: int) -> Iterator[SegmentedPicture]:
        """Segment some pictures, those that can be read together, and draw the first few."""
        seen = list(map_in_order(self._seen, looked, jobs=self.jobs))
        there = [k for k, one in enumerate(seen) if isinstance(one, _Seen)]
        pictures = [one for one in seen if isinstance(one, _Seen)]
        known: list[Familiarity | None] = [None] * len(pictures)
        maps = np.empty((0, 1, 1, 1), np.float32)
        if pictures:
            prepared = np.stack([one.prepared for one in pictures])
            maps = self.segmenter.predict_maps(prepared)
            if self.bundle.familiarity:
                looks = DESCRIPTION.transform(prepared)
                known = [*judge(self.bundle.familiarity, looks, [one.key for one in pictures])]
        asked = [looked[k] for k in there]
        names = [self.keeper.name(one) if self.keeper is not None else "" for one in asked]
        drawn = [k < pictured for k in range(len(pictures))]
        tasks = zip(names, asked, pictures, maps, known, drawn, strict=True)
        done = iter(map_in_order(lambda task: self._measured(*task), list(tasks), jobs=self.jobs))
        for one, picture in zip(looked, seen, strict=True):
            if isinstance(picture, _Seen):
                yield next(done)
            else:
                yield SegmentedPicture(str(one.source.name), error=picture, place=one.place)

    def _seen(self, one: Looked) -> _Seen | str:
        if one.error is not None:
            return one.error
        try:
            image = decode(one.source)
            key = one.source.key() if self.bundle.familiarity else ""
        except DecodeError as error:
            return error.reason
        preparation = self.bundle.preparation_
        return _Seen(image, preparation(image), placement(preparation, image), key)

    def _measured(
        self,
        name: str,
        one: Looked,
        seen: _Seen,
        maps: NDArray[np.float32],
        familiarity: Familiarity | None,
        drawn: bool,
    ) -> SegmentedPicture:
        probability = np.minimum(seen.where.restored(maps.sum(axis=0)), np.float32(1))
        mask = tumour_mask(probability, self.bundle.decision_)
        spacing = self.spacing
        if one.place is not None and one.place.spacing is not None:
            spacing = one.place.spacing
        found = SegmentedPicture(
            str(one.source.name),
            measure(mask, seen.image, probability=probability, spacing=spacing),
            _kind(self.bundle.classes, maps, seen.where, mask),
            float(probability.max()),
            place=one.place,
            familiarity=familiarity,
            packed=np.packbits(mask).tobytes(),
            pictured=_drawn(seen.image, mask) if drawn else None,
        )
        if self.keeper is not None:
            found.files.update(self.keeper.keep(name, found, seen.image))
        return found


def _drawn(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return outlined(image, [(mask, PREDICTED)], scale=SIDE / max(image.shape))


def _kind(
    classes: Sequence[str], maps: NDArray[np.float32], where: Placement, mask: NDArray[np.bool_]
) -> str | None:
    """Name the most probable kind of tumour inside a mask."""
    if len(classes) < 2:
        return None
    if not mask.any():
        return ""
    inside = [float(where.restored(one)[mask].sum()) for one in maps]
    return classes[int(np.argmax(inside))]
