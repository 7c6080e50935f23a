"""What a segmenter found, as a folder of masks, overlays and tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.nifti_file import stem
from gliaboost.datasets.scans import NIFTI, Looked, SlicePlace
from gliaboost.datasets.volumes import read_volume
from gliaboost.errors import DecodeError, UsageError
from gliaboost.models.segmentation.dicom_seg import write_dicom_seg
from gliaboost.models.segmentation.mask_files import (
    write_mask,
    write_measurements_csv,
    write_measurements_json,
    write_overlay,
    written,
)
from gliaboost.models.segmentation.nifti_mask import volume_mask, write_nifti_mask
from gliaboost.models.segmentation.outline import PREDICTED, outlined
from gliaboost.models.segmentation.segmentations import SegmentedPicture
from gliaboost.models.segmentation.series_volume import volume
from gliaboost.seals import sealed_json

TABLE, VOLUMES = "measurements", "volumes.json"
# By how much the distances of neighbouring slices may differ for a volume to be told.
UNEVEN = 0.1


@dataclass(eq=False)
class MaskFolder:
    """Writes each picture's mask and overlay, and in the end the tables and the masks of scans.

    Parameters
    ----------
    folder : pathlib.Path
        Where to write.
    roots : sequence of pathlib.Path
        Folders that were named; pictures below one keep their subfolders.
    """

    folder: Path
    roots: Sequence[Path] = ()
    _taken: set[str] = field(default_factory=set, init=False)

    def name(self, looked: Looked) -> str:
        """Name a picture's files, without their endings, from the folder."""
        place = looked.place
        if place is not None:
            scan = _plain(stem(str(place.scan.name)) or "scan")
            return self._free(f"{scan}/{place.plane or 'slice'}-{place.number:03d}")
        path = Path(looked.source.name)
        root = next((root for root in self.roots if path.is_relative_to(root)), path.parent)
        inside = path.relative_to(root) if path != root else Path(path.name)
        return self._free("/".join(_plain(part) for part in (*inside.parts[:-1], inside.stem)))

    def keep(self, name: str, found: SegmentedPicture, image: NDArray[np.uint8]) -> dict[str, str]:
        """Write the mask and the overlay of a picture; say where, from the folder."""
        mask = found.mask
        lines = []
        if found.measurements is not None and found.measurements.whole is not None:
            whole = found.measurements.whole
            lines = [whole.longest, whole.perpendicular]
        scale = max(1.0, 384 / max(image.shape))
        files = {"mask": f"{name}-mask.png", "overlay": f"{name}-overlay.png"}
        write_mask(mask, self.folder / files["mask"])
        drawn = outlined(image, [(mask, PREDICTED)], lines, scale=scale)
        write_overlay(drawn, self.folder / files["overlay"])
        return files

    def finish(
        self, rows: Sequence[SegmentedPicture], *, dicom_seg: bool = False, algorithm: str = ""
    ) -> list[dict[str, Any]]:
        """Write the tables, NIfTI masks of volumes, and DICOM segmentations where asked for.

        Returns
        -------
        list of dict
            As ``Segmentations.volumes``, with the ``mask`` of each scan from the folder, or an
            ``error`` that kept it from being written.
        """
        measured = [(r.facts(), r.measurements) for r in rows if r.measurements is not None]
        write_measurements_csv(measured, self.folder / f"{TABLE}.csv")
        write_measurements_json(measured, self.folder / f"{TABLE}.json")
        volumes = []
        for place, slices in scans_of(rows):
            known = series_of(place, slices)
            name = stem(str(place.scan.name)) or "scan"
            try:
                if place.kind == NIFTI:
                    known["mask"] = self._nifti(place, slices, name)
                elif dicom_seg:
                    known["mask"] = self._dicom(slices, name, algorithm)
            except (DecodeError, UsageError) as error:
                # Of a file of many frames some alone cannot be written as its segmentation.
                known["error"] = error.reason if isinstance(error, DecodeError) else str(error)
            volumes.append(known)
        if volumes:
            with written(self.folder / VOLUMES) as temporary:
                temporary.write_bytes(sealed_json(json.dumps(volumes, indent=1)))
        return volumes

    def _nifti(self, place: SlicePlace, slices: Sequence[SegmentedPicture], name: str) -> str:
        file = f"{self._free(name)}-mask.nii.gz"
        scan = read_volume(place.scan)
        plane = place.plane or "axial"
        masks = {one.place.number: one.mask for one in slices if one.place is not None}
        write_nifti_mask(volume_mask(masks, plane, scan), place.scan, self.folder / file)
        return file

    def _dicom(self, slices: Sequence[SegmentedPicture], name: str, algorithm: str) -> str:
        file = f"{self._free(name)}-seg.dcm"
        files = [one.place.file for one in slices if one.place is not None]
        several = len({str(f.name) for f in files}) > 1
        write_dicom_seg(
            [one.mask for one in slices],
            files if several else files[:1],
            self.folder / file,
            algorithm=algorithm,
        )
        return file

    def _free(self, name: str) -> str:
        """Give a name that no other picture has, on disks too that know no case."""
        count, free = 1, name
        while free.casefold() in self._taken:
            count += 1
            free = f"{name}-{count}"
        self._taken.add(free.casefold())
        return free


def scans_of(
    rows: Iterable[SegmentedPicture],
) -> list[tuple[SlicePlace, list[SegmentedPicture]]]:
    """Put the slices of each scan together, in their order."""
    read = [r for r in rows if r.place is not None and r.error is None]
    found = []
    for _, group in groupby(read, key=lambda r: str(r.place.scan.name) if r.place else ""):
        slices = list(group)
        if slices[0].place is not None:
            found.append((slices[0].place, slices))
    return found


def series_of(place: SlicePlace, slices: Sequence[SegmentedPicture]) -> dict[str, Any]:
    """Sum up a scan: how many slices, and the volume where the slices' places tell it."""
    known: dict[str, Any] = {"scan": str(place.scan.name), "slices": len(slices)}
    places = [one.place.millimetres for one in slices if one.place is not None]
    if place.spacing is None or len(slices) < 2 or any(p is None for p in places):
        return known
    steps = np.array([abs((b or 0.0) - (a or 0.0)) for a, b in pairwise(places)])
    usual = float(np.median(steps))
    if usual <= 0:
        return known
    if (np.abs(steps / usual - 1) > UNEVEN).any():
        return {**known, "note": "slices lie unevenly apart: no volume"}
    try:
        summed = volume([one.mask for one in slices], place.spacing, usual)
    except UsageError as error:
        return {**known, "note": str(error)}
    return {**known, **summed.to_dict()}


def _plain(text: str) -> str:
    """Make a name that every disk takes."""
    return re.sub(r"[^\w.+ -]+", "-", text).strip(" .") or "picture"
