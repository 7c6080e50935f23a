"""Volumes to slices on disk and their rows; what gives none is passed over by name."""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from gliaboost.datasets.matching import check_names
from gliaboost.datasets.modality import path_texts
from gliaboost.datasets.nifti_file import count_frames, stem
from gliaboost.datasets.sequences import count_sequences, find_sequence
from gliaboost.datasets.sources.base import NO_TUMOR, TUMOR
from gliaboost.datasets.sources.converted import write_grey
from gliaboost.datasets.sources.labels import told
from gliaboost.datasets.sources.nifti_layout import Entry, ScanTree, without_lone_split
from gliaboost.datasets.sources.scan_masks import pair_masks
from gliaboost.datasets.sources.scan_names import role_of
from gliaboost.datasets.volume_masks import read_mask
from gliaboost.datasets.volumes import read_volume, upright
from gliaboost.errors import DamagedFileError, DecodeError
from gliaboost.few import few
from gliaboost.json_file import read_json
from gliaboost.outside_text import csv_frame

PASSED_OVER = "passed-over.csv"
SHOWN = 5


@dataclass(frozen=True)
class Conversion:
    """One conversion: what is read and how, and what is to be said of it at the end."""

    layout: ScanTree
    labels: Mapping[str, str]
    wanted: Sequence[str]
    axis: str
    every: int
    window: str
    modality: str | None
    passed: list[tuple[str, str]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def write(self, target: Path) -> Iterator[dict[str, Any]]:
        """Write the slices of all scans, and yield their rows."""
        scans = self.layout.scans
        paired, unclear, unused = pair_masks(scans, self.layout.masks)
        self.passed.extend(
            (utf8_name(name), reason)
            for reason, names in self.layout.passed.items()
            for name in names
        )
        self.passed.extend((mask.as_posix(), "a mask that fits no volume") for mask in unused)
        said = [*self._check_labels(), *self._check_classes(), *self._check_places()]
        sequences: list[str] = []
        others: list[str] = []
        for scan in self._taken(paired, unclear):
            for frame, channel in self._frames(scan):
                named = find_sequence(channel, scan.name, *_kinds(scan))
                if self.wanted and named not in self.wanted:
                    others.append(named)
                    continue
                try:
                    rows = list(self._slices(target, scan, frame, channel, paired.get(scan.path)))
                except DecodeError as error:
                    at = (
                        "" if error.path == str(scan.file) else f"its mask {Path(error.path).name} "
                    )
                    self._pass(scan, f"{at}{error.reason}")
                    continue
                for row in rows:
                    row["sequence"] = named if row["modality"] == "MRI" else None
                    sequences += [named] if row["modality"] == "MRI" else []
                    yield row
        if others:
            said.append(f"volumes of other sequences left out: {count_sequences(others)}")
        if len(set(sequences)) > 1 and not self.wanted:
            said.append(
                f"several sequences in one manifest ({count_sequences(sequences)} slices): they "
                "are not the same picture; choose with --sequence"
            )
        self._report(target, said)

    def _taken(
        self, paired: Mapping[PurePath, Path], unclear: Mapping[PurePath, str]
    ) -> list[Entry]:
        """Leave out scans whose mask is unclear, and tests that a publisher keeps the labels of."""
        taken = []
        for scan in self.layout.scans:
            if scan.path in unclear:
                self._pass(scan, unclear[scan.path])
            elif (
                scan.path not in paired
                and self._label(scan) is None
                and any(part.lower() == "imagests" for part in scan.path.parent.parts)
            ):
                self._pass(scan, "in imagesTs, with neither mask nor label; --labels gives one")
            else:
                taken.append(scan)
        return without_lone_split(taken)

    def _frames(self, scan: Entry) -> list[tuple[int | None, str | None]]:
        """List which volumes of a file are taken, with what is said of each."""
        channels = _channels(scan)
        if scan.channel is not None:
            return [(None, channels.get(scan.channel))]
        if len(channels) > 1 and _frame_count(scan.file) == len(channels):
            return [(frame, channels[frame]) for frame in sorted(channels)]
        return [(None, channels.get(0) if len(channels) == 1 else None)]

    def _slices(
        self, target: Path, scan: Entry, frame: int | None, channel: str | None, mask: Path | None
    ) -> Iterator[dict[str, Any]]:
        about = [*([channel] if channel else []), *path_texts(scan.path.parent)]
        volume = read_volume(
            scan.file, window=self.window, modality=self.modality, frame=frame, about=about
        )
        drawn = None if mask is None else read_mask(mask, volume)
        positions = volume.positions(self.axis)[:: self.every]
        if not positions:
            raise DecodeError(scan.file, "shows no head in any slice")
        self.notes.update(volume.notes)
        label = self._label(scan)
        name = utf8_name(scan.path.with_name(scan.path.name[: len(stem(scan.path))]).as_posix())
        name += f".{frame}" if frame else ""
        for k in positions:
            image = f"{name}-{self.axis}-{k:04}.png"
            write_grey(target / "images" / image, volume.cut(self.axis, k))
            row: dict[str, Any] = {
                "path": f"images/{image}",
                **told(label),
                "patient": scan.patient and utf8_name(scan.patient),
                "modality": volume.modality,
                "split": scan.split,
                "source": "nifti",
                "plane": self.axis,
                "position": k,
                "volume": name,
                "session": scan.session and utf8_name(scan.session),
                "mask": None,
            }
            if drawn is not None:
                part = upright(drawn, self.axis, k, volume.spacing, nearest=True)
                if part.any():
                    write_grey(target / "masks" / image, part)
                    row["mask"] = f"masks/{image}"
                if not self.labels and scan.label is None:
                    row |= told(TUMOR if part.any() else NO_TUMOR)
            yield row

    def _label(self, scan: Entry) -> str | None:
        found = (self.labels[name] for name in _names(scan) if name in self.labels)
        return next(found, scan.label)

    def _check_labels(self) -> list[str]:
        if not self.labels:
            return []
        scans = self.layout.scans
        without = sum(self._label(scan) is None for scan in scans)
        names = [name for scan in scans for name in _names(scan)]
        said = check_names(self.labels, names, "the table of labels", "patients or files")
        if without:
            said.append(f"{without} of {len(scans)} volumes have no row in the table of labels")
        return said

    def _check_places(self) -> list[str]:
        """Tell of one name of a patient in several data sets, which may be several people."""
        places: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for scan in self.layout.scans:
            if scan.patient and not scan.derived:
                own = [part.startswith(scan.patient) for part in scan.levels]
                above = scan.levels[: own.index(True)] if any(own) else scan.levels
                places[scan.patient].add(above)
        twice = sorted(patient for patient, above in places.items() if len(above) > 1)
        if not twice:
            return []
        return [
            f"{len(twice)} patients lie in several folders, and are taken for one person each: "
            f"{few(twice, SHOWN)}"
        ]

    def _check_classes(self) -> list[str]:
        classes: dict[str, set[str]] = defaultdict(set)
        for scan in self.layout.scans:
            if scan.patient and scan.label:
                classes[scan.patient].add(scan.label)
        both = sorted(patient for patient, labels in classes.items() if len(labels) > 1)
        if not both:
            return []
        return [
            f"{len(both)} patients lie in the folders of several classes, and are taken for one "
            f"person each: {few(both, SHOWN)}"
        ]

    def _pass(self, scan: Entry, reason: str) -> None:
        self.passed.append((utf8_name(scan.path.as_posix()), reason))

    def _report(self, target: Path, said: list[str]) -> None:
        count = len(self.layout.scans)
        for note, times in sorted(self.notes.items()):
            warnings.warn(f"{times} of {count} volumes: {note}", stacklevel=2)
        for line in said:
            warnings.warn(line, stacklevel=2)
        if self.passed:
            import pandas as pd

            table = pd.DataFrame(self.passed, columns=["path", "reason"])
            csv_frame(table).to_csv(target / PASSED_OVER, index=False)
            warnings.warn(
                f"{len(self.passed)} of {self._files()} volumes were passed over: "
                f"{_by_reason(self.passed)}",
                stacklevel=2,
            )

    def _files(self) -> int:
        layout = self.layout
        return len(layout.scans) + len(layout.masks) + sum(map(len, layout.passed.values()))


def _by_reason(passed: Sequence[tuple[str, str]]) -> str:
    """Name files with their reasons, the most frequent reason first."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, reason in passed:
        found[reason].append(path)
    groups = sorted(found.items(), key=lambda group: -len(group[1]))
    said = [f"{few(names, SHOWN)}: {reason}" for reason, names in groups[:SHOWN]]
    left = sum(len(names) for _, names in groups[SHOWN:])
    return "; ".join([*said, *([f"and {left} more for other reasons"] if left else [])])


def _names(scan: Entry) -> list[str]:
    """List what a table of labels may call a scan, the most particular first."""
    whole = scan.path.as_posix()
    names = [whole, whole[: len(whole) - len(scan.path.name) + len(stem(scan.path))]]
    names += [scan.path.name, stem(scan.path), scan.name]
    if scan.patient:
        names += [scan.patient, scan.patient.removeprefix("sub-")]
    return names


def _kinds(scan: Entry) -> list[str]:
    """List the folders that are of a kind of picture, the nearest first."""
    return [p.name for p in scan.path.parents if p.name and role_of(p.name) == "images"]


def _channels(scan: Entry) -> dict[int, str]:
    """Read what the decathlon's or nnU-Net's table says of the volumes of a file."""
    for parent in scan.file.parents[: len(scan.path.parts)]:
        try:
            table = read_json(parent / "dataset.json")
        except (OSError, DamagedFileError):
            continue
        table = table if isinstance(table, dict) else {}
        named = table.get("channel_names") or table.get("modality")
        if isinstance(named, dict):
            return {int(k): str(v) for k, v in named.items() if str(k).isdecimal()}
    return {}


def _frame_count(file: Path) -> int:
    """Count the volumes of a file; 0 if it cannot be read, which reading it will say."""
    try:
        return count_frames(file)
    except DecodeError:
        return 0


def utf8_name(text: str) -> str:
    """Write bytes of a file's name that are no UTF-8 so that a table can hold them."""
    return re.sub("[\udc80-\udcff]", lambda m: f"%{ord(m[0]) - 0xDC00:02X}", text)
