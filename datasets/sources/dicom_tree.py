"""A tree of DICOM files before any pixel is read: headers, splits, and folders that are classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from gliaboost.datasets.dicom.files import open_dicom
from gliaboost.datasets.dicom.passing import no_image, no_slice
from gliaboost.datasets.dicom.tags import number, quiet, sequence_of, text_of, value_of
from gliaboost.datasets.sources.base import split_of, targets
from gliaboost.datasets.sources.class_names import same_classes
from gliaboost.datasets.sources.labels import known_class
from gliaboost.errors import DecodeError, UsageError
from gliaboost.few import few

SHOWN = 4


@dataclass(frozen=True)
class DicomHeader:
    """What a file's tags and its place say, but for its pixels.

    Parameters
    ----------
    file : pathlib.Path
        The file.
    path : pathlib.PurePath
        The same, seen from the tree's folder.
    patient, study, series, instance : str
        PatientID and the UIDs, "" where there is none. They identify: none leaves the reader.
    sequences : tuple of str or None
        By frame.
    split, label : str or None
        What its folders say.
    levels : tuple of str
        Its other folders, from the tree's down.
    """

    file: Path
    path: PurePath
    patient: str = field(repr=False)
    study: str = field(repr=False)
    series: str = field(repr=False)
    instance: str = field(repr=False)
    sequences: tuple[str | None, ...]
    split: str | None = None
    label: str | None = None
    levels: tuple[str, ...] = ()


def read_headers(
    folder: Path, files: Sequence[Path], *, all_images: bool
) -> tuple[list[DicomHeader], list[tuple[str, str]]]:
    """Read the headers of files that hold a slice; name the others with their reason."""
    headers, passed = [], []
    for file in files:
        try:
            data = open_dicom(file, pixels=False)
        except DecodeError as error:
            passed.append((file.name, error.reason))
            continue
        with quiet():
            reason = no_image(data) or (None if all_images else no_slice(data))
            if reason is not None:
                passed.append((file.name, reason))
            else:
                headers.append(_header(file, file.relative_to(folder), data))
    return _placed(headers), passed


def with_labels(folder: Path, headers: Sequence[DicomHeader], asked: bool) -> list[DicomHeader]:
    """Take class folders for labels: where all files lie in one that is known, or where asked.

    Parameters
    ----------
    folder : pathlib.Path
        The tree's, for errors.
    headers : sequence of DicomHeader
        Without labels.
    asked : bool
        Take the first level of folders that can be classes, whatever their names.

    Returns
    -------
    list of DicomHeader
        With `label`, and `levels` without the class; as they are where no level is the classes'.
        Where asked, files outside of all class folders have no label.

    Raises
    ------
    UsageError
        If folders of one path name two classes that contradict each other, or if it was asked for
        and there are no two folders.
    """
    level = _class_level(headers, known=True)
    if level is None and asked:
        level = _class_level(headers, known=False)
        if level is None:
            raise UsageError(
                f"{folder}: --class-folders, but all files lie in one folder; expected a folder "
                "for each class"
            )
        deeper = {n for h in headers for n in h.levels[level + 1 :] if known_class(n)}
        here = {h.levels[level] for h in headers if len(h.levels) > level}
        if deeper and not any(known_class(n) for n in here):
            raise UsageError(
                f"{folder}: --class-folders, but it is unclear which are the classes: "
                f"{few(sorted(here), SHOWN)}, or {few(sorted(deeper), SHOWN)} below them, in which "
                "not all files lie"
            )
    if level is None:
        return list(headers)
    names = same_classes(h.levels[level] for h in headers if len(h.levels) > level)
    labelled = []
    for h in headers:
        if len(h.levels) <= level:
            labelled.append(h)
            continue
        _check_contradiction(h, level)
        rest = (*h.levels[:level], *h.levels[level + 1 :])
        # A name of another encoding than UTF-8 cannot stand in a table as it is.
        label = names[h.levels[level]].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        labelled.append(replace(h, label=label, levels=rest))
    _check_copies(labelled)
    return labelled


def class_like(headers: Sequence[DicomHeader]) -> list[str]:
    """Name the folders that look like classes though they were not taken for labels."""
    return sorted({n for h in headers if h.label is None for n in h.levels if known_class(n)})


def _header(file: Path, path: PurePath, data: Any) -> DicomHeader:
    frames = max(1, int(number(value_of(data, "NumberOfFrames"), 1)))
    return DicomHeader(
        file,
        path,
        text_of(data, "PatientID"),
        text_of(data, "StudyInstanceUID"),
        text_of(data, "SeriesInstanceUID"),
        text_of(data, "SOPInstanceUID"),
        tuple(sequence_of(data, index) for index in range(frames)),
    )


def _placed(headers: list[DicomHeader]) -> list[DicomHeader]:
    """Take off the folders that all files share, and those of splits."""
    parents = [h.path.parent.parts for h in headers]
    shared = 0
    while (
        parents
        and all(len(p) > shared for p in parents)
        and len({p[shared] for p in parents}) == 1
        and known_class(parents[0][shared]) is None
        and split_of(parents[0][shared]) is None
    ):
        shared += 1
    placed = []
    for header, parts in zip(headers, parents, strict=True):
        split, kept = None, list[str]()
        for part in parts[shared:]:
            # Below a patient's folder, "test" is a name like another.
            above = all(known_class(name) is not None for name in kept)
            if above and split is None and split_of(part) is not None:
                split = split_of(part)
            else:
                kept.append(part)
        placed.append(replace(header, split=split, levels=tuple(kept)))
    if len({h.split for h in placed}) == 1:
        return [replace(h, split=None) for h in placed]
    return placed


def _class_level(headers: Sequence[DicomHeader], *, known: bool) -> int | None:
    deepest = max((len(h.levels) for h in headers), default=0)
    for level in range(deepest):
        names = {h.levels[level] for h in headers if len(h.levels) > level}
        if known and all(len(h.levels) > level and known_class(h.levels[level]) for h in headers):
            if len({known_class(n) for n in names}) > 1:
                return level
        elif not known and (len(names) > 1 or any(known_class(n) for n in names)):
            return level
    return None


def _check_contradiction(header: DicomHeader, level: int) -> None:
    """Refuse ``yes/no/1.dcm``; ``yes/glioma/1.dcm`` says one thing twice."""
    said = targets(known_class(header.levels[level]))
    for part in header.levels[level + 1 :]:
        other = targets(known_class(part))
        for target in ("presence", "type"):
            if other[target] and said[target] and other[target] != said[target]:
                raise UsageError(
                    f"{header.path.parent}: the folders {header.levels[level]} and {part} name two "
                    "classes for what is in them; give each image one"
                )


def _check_copies(headers: Sequence[DicomHeader]) -> None:
    """Refuse one image in the folders of two classes."""
    first: dict[str, DicomHeader] = {}
    twice: list[str] = []
    for h in headers:
        if not h.instance or h.label is None:
            continue
        known = first.setdefault(h.instance, h)
        # Anonymised trees may give all images one UID.
        if known.label != h.label and known.file.read_bytes() == h.file.read_bytes():
            twice.append(f"{known.path} and {h.path}")
    if twice:
        raise UsageError(
            f"one image lies in the folders of two classes: {few(twice, SHOWN, '; ')}; keep "
            "one, or name its label with --labels"
        )
