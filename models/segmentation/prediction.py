"""From a segmenter's bundle and files to masks at the pictures' own size, and their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from gliaboost import notebook
from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageLike
from gliaboost.datasets.placement import Placement, placement
from gliaboost.datasets.scans import Looked, SlicePlace, look_at
from gliaboost.errors import DecodeError
from gliaboost.models.familiarity.familiarity import DESCRIPTION, Familiarity, judge
from gliaboost.models.familiarity.sentences import first_of, sentences, some_of
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.bundle import SegmenterBundle
from gliaboost.models.segmentation.decision import tumour_mask
from gliaboost.models.segmentation.measurements import Measurements, measure
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    import pandas as pd

# Pictures that are decoded, mapped and measured together.
BATCH = 16
# Rows that a notebook shows.
SHOWN = 20


@dataclass(frozen=True, eq=False)
class SegmentedPicture:
    """What a segmenter found on one picture.

    Attributes
    ----------
    name : str
        The file's path; of a slice the scan with its number.
    measurements : Measurements or None
        Of the mask, at the picture's own size; None where the picture cannot be read.
    kind : str or None
        The most probable kind of tumour inside the mask, where the segmenter tells kinds apart.
    peak : float or None
        The greatest probability of a tumour on the picture.
    error : str or None
        Why the picture cannot be read.
    place : SlicePlace or None
        Of a slice of a scan.
    familiarity : Familiarity or None
        How the picture stands to those of the training; None where the bundle does not know.
    files : dict of str to str
        What was written of it: ``mask`` and ``overlay``.
    """

    name: str
    measurements: Measurements | None = None
    kind: str | None = None
    peak: float | None = None
    error: str | None = None
    place: SlicePlace | None = None
    familiarity: Familiarity | None = None
    packed: bytes = field(default=b"", repr=False)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The mask: bool [H, W], as the picture."""
        if self.measurements is None:
            raise DecodeError(self.name, self.error or "has no mask")
        height, width = self.measurements.height, self.measurements.width
        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=height * width)
        return bits.astype(bool).reshape(height, width)

    @property
    def found(self) -> bool:
        """Whether a tumour was found."""
        return self.measurements is not None and not self.measurements.empty

    def facts(self) -> dict[str, Any]:
        """Return what is known beside the measurements, in plain values."""
        familiarity = self.familiarity
        return {
            "path": self.name,
            "tumour": "found" if self.found else "none",
            **({} if self.kind is None else {"class": self.kind}),
            "peak_probability": self.peak,
            "typicality": None if familiarity is None else familiarity.typicality,
            "seen": None if familiarity is None else familiarity.seen,
            **self.files,
        }


class Keeper(Protocol):
    """Keeps what was found on each picture."""

    def name(self, looked: Looked) -> str:
        """Name a picture; asked in the order of the pictures."""

    def keep(self, name: str, found: SegmentedPicture, image: NDArray[np.uint8]) -> dict[str, str]:
        """Keep it, and say where; called in threads, `image` is uint8 [H, W]."""


@dataclass(frozen=True, eq=False)
class Segmentations(Sequence[SegmentedPicture]):
    """What a segmenter found on pictures: one `SegmentedPicture` each, in order.

    Attributes
    ----------
    rows : tuple of SegmentedPicture
        All of them; those without an ``error`` have a mask and measurements.
    segmenter : dict
        `SegmenterBundle.summary`.
    volumes : list of dict
        Of each scan of several slices: ``scan``, ``slices``, and where spacing is known
        ``volume_mm3``, ``volume_ml`` and ``volume_slices``.

    Examples
    --------
    >>> nothing = measure(np.zeros((4, 4), bool))
    >>> found = Segmentations((SegmentedPicture("a.png", nothing),), {"modality": ""})
    >>> found[0].found, found.to_frame()["area_pixels"].tolist()
    (False, [0])
    """

    rows: tuple[SegmentedPicture, ...]
    segmenter: dict[str, Any]
    volumes: list[dict[str, Any]] = field(default_factory=list)

    @overload
    def __getitem__(self, index: int) -> SegmentedPicture: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SegmentedPicture, ...]: ...

    def __getitem__(self, index: int | slice) -> SegmentedPicture | tuple[SegmentedPicture, ...]:
        """Return one, or a tuple of some."""
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def read(self) -> list[SegmentedPicture]:
        """Those that could be read."""
        return [row for row in self.rows if row.error is None]

    def to_frame(self) -> pd.DataFrame:
        """Set those that could be read as a table.

        Returns
        -------
        pandas.DataFrame
            One row a picture: `SegmentedPicture.facts` and `Measurements.to_dict`.
        """
        import pandas as pd

        rows = [
            {**row.facts(), **row.measurements.to_dict()}
            for row in self.rows
            if row.measurements is not None
        ]
        return pd.DataFrame(rows)

    @property
    def warnings(self) -> list[str]:
        """What a reader of these must know, a sentence each."""
        read, trained = self.read, self.segmenter["modality"]
        other: dict[str, list[str]] = {}
        for row in read:
            if trained and row.place is not None and row.place.modality != trained:
                other.setdefault(row.place.modality, []).append(row.name)
        said = [
            f"{some_of(names, len(read))} {modality}, and the segmenter was trained on {trained}: "
            f"its masks mean little there: {first_of(names)}"
            for modality, names in other.items()
        ]
        return said + sentences([(row.name, row.familiarity) for row in read])

    def _repr_html_(self) -> str:
        """Show a notebook the first of them."""
        read = self.read
        failed = len(self.rows) - len(read)
        notes = [f"{len(read):,} pictures, a tumour on {sum(r.found for r in read):,}"]
        notes += [f"the first {SHOWN} shown"] if len(read) > SHOWN else []
        notes += [f"{failed:,} unreadable"] if failed else []
        notes += self.warnings
        return notebook.table(
            f"Tumours found by {self.segmenter['segmenter']}",
            ["path", "tumour", "pixels", "mm2"],
            [
                [
                    r.name,
                    "found" if r.found else "none",
                    f"{r.measurements.area_pixels:,}",
                    "" if r.measurements.area_mm2 is None else f"{r.measurements.area_mm2:,.0f}",
                ]
                for r in read[:SHOWN]
                if r.measurements is not None
            ],
            "; ".join(notes),
        )


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
        for one in job.batch(looked[start : start + BATCH]):
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

    def batch(self, looked: Sequence[Looked]) -> Iterator[SegmentedPicture]:
        """Segment some pictures, those that can be read together."""
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
        tasks = zip(names, asked, pictures, maps, known, strict=True)
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
        )
        if self.keeper is not None:
            found.files.update(self.keeper.keep(name, found, seen.image))
        return found


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
