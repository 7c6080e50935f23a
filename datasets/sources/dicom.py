"""A tree of DICOM files: patient, modality, plane and window from the tags."""

from __future__ import annotations

import hashlib
import hmac
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gliaboost.datasets.burnt_in import shows_text
from gliaboost.datasets.dicom.files import open_dicom
from gliaboost.datasets.dicom.passing import HELD_BACK
from gliaboost.datasets.dicom.slices import dicom_files, passed_over, slices_of
from gliaboost.datasets.image_files import by_ending
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sequences import chosen_sequences
from gliaboost.datasets.sources.base import folder_at, source, wrong_layout
from gliaboost.datasets.sources.converted import (
    convert,
    default_images,
    without_converted,
    write_grey,
)
from gliaboost.datasets.sources.dicom_patients import given_patients, name_patients
from gliaboost.datasets.sources.dicom_tree import DicomHeader, class_like, read_headers, with_labels
from gliaboost.datasets.sources.labels import fingerprint, read_labels, told
from gliaboost.datasets.windows import find_window
from gliaboost.errors import DecodeError, UsageError
from gliaboost.files import sha256_file

EXPECTED = "DICOM files (most have DICM at byte 128), in folders of any depth"
# Raised whenever the same tree gives other slices.
RULES = 3
SHOWN = 5
# More classes than these are patients, if each has one.
MANY = 5
# Folder of slices whose patient is not known.
_UNKNOWN = "unknown"
_HINT = "; --all-images takes localizers, screenshots and pictures with text too"


@source("dicom")
def read_dicom(
    path: Path,
    *,
    images: Path | None = None,
    labels: Path | None = None,
    window: str | None = None,
    salt: str | None = None,
    class_folders: bool = False,
    patient_from: str | None = None,
    patients: Path | None = None,
    patient_regex: str | None = None,
    sequence: str | None = None,
    all_images: bool = False,
) -> Manifest:
    """Read a tree of DICOM; slices are written once as PNG.

    Parameters
    ----------
    path : pathlib.Path
        The tree. Files that are no DICOM are passed over; localizers, screenshots, files without
        pixels, of other modalities than MR and CT, or that cannot be decoded are counted and named
        in a warning.
    images : pathlib.Path, optional
        Folder for the PNG files; default: one in the user's cache, never one of the data.
    labels : pathlib.Path, optional
        CSV with ``label`` and ``patient`` (the tag PatientID) or ``file`` (the file's name).
    window : str, optional
        ``brain``, ``subdural``, ``bone`` or ``CENTRE:WIDTH``, in Hounsfield units, for CT. Default:
        the file's own window, and ``brain`` for CT without one.
    salt : str, optional
        A secret that turns PatientID into a pseudonym (HMAC-SHA256): with the same one a patient
        has the same pseudonym in every tree. Kept nowhere. Default: the content of the tree's
        first file, so that the pseudonyms can be made again from that tree alone.
    class_folders : bool
        Take the first level of folders for labels, whatever their names. Without it folders are
        labels where all files lie in one that is a class by its name (``yes``, ``no``, ``glioma``).
        `labels` go before them.
    patient_from : str, optional
        Who is a patient, where the tags do not tell it right: ``tag`` (PatientID), ``study``,
        ``folder:N``, the N-th folder below `path`, or ``none``, unknown.
    patients : pathlib.Path, optional
        Table with a column of patients and one of files of the tree.
    patient_regex : str, optional
        What finds ``(?P<patient>...)`` in a file's path below `path`. Both go before the tags.
    sequence : str, optional
        Take these MR sequences alone, by comma: ``t1``, ``t1c``, ``t2``, ``flair``, ``dwi``,
        ``adc``, ``other``.
    all_images : bool
        Take localizers, screenshots and pictures with text burnt in too.

    Returns
    -------
    Manifest
        Further with ``plane``, ``position`` (mm along the plane's normal), ``series``,
        ``sequence`` and ``window``. Patients are pseudonyms; no identifying tag, date or file name
        is kept. Where PatientID is empty, a word that anonymisers write, or the same in several
        studies, the first level of folders tells patients apart, failing that the study, failing
        that the file; a warning says so. ``split`` is a folder of ``train``, ``val`` or ``test``.

    Raises
    ------
    UsageError
        If there is no DICOM file, no slice in any, or labels contradict each other.
    MissingExtraError
        If pydicom is not installed.
    """
    folder = folder_at(path, EXPECTED)
    files, others = dicom_files(folder)
    if not files:
        raise wrong_layout(folder, "dicom", EXPECTED)
    images = images or default_images(folder, "dicom")
    if window is not None:
        find_window(window)
    wanted = chosen_sequences(sequence)
    known = read_labels(labels)
    key = salt.encode() if salt else sha256_file(files[0]).encode()
    # Two bytes show that the salt is another, and are too few to find it by.
    options = {
        "rules": RULES,
        "window": window,
        "labels": fingerprint(known),
        "salt": _pseudonym(key, "")[:5],
        "sequence": list(wanted),
        "class_folders": class_folders,
        "patient_from": patient_from,
        "patients": None if patients is None else sha256_file(patients),
        "patient_regex": patient_regex,
        "all_images": all_images,
    }
    job = _DicomConversion(
        folder,
        files,
        [f for f in without_converted(others) if f not in (labels, patients)],
        known,
        key,
        window,
        wanted,
        class_folders,
        patient_from,
        patients,
        patient_regex,
        all_images,
    )
    return convert(images, "dicom", files, options, job.write)


def _pseudonym(key: bytes, name: str) -> str:
    # A folder's name may hold bytes of another encoding than UTF-8.
    secret = name.encode("utf-8", "surrogateescape")
    return "P" + hmac.new(key, secret, hashlib.sha256).hexdigest()[:12]


@dataclass(frozen=True)
class _DicomConversion:
    """The writing of a tree's slices, with what was asked for."""

    folder: Path
    files: list[Path]
    others: list[Path]
    labels: Mapping[str, str]
    key: bytes
    window: str | None
    wanted: tuple[str, ...]
    class_folders: bool
    patient_from: str | None
    patients: Path | None
    patient_regex: str | None
    all_images: bool

    def write(self, target: Path) -> Iterator[dict[str, Any]]:
        """Write all slices below `target` and yield their rows; say what was done and not done."""
        headers, passed = read_headers(self.folder, self.files, all_images=self.all_images)
        headers = with_labels(self.folder, headers, self.class_folders)
        notes = self._on_classes(headers)
        if self.class_folders:
            passed += [(h.path.name, "in no class folder") for h in headers if h.label is None]
            headers = [h for h in headers if h.label is not None]
        people, said = name_patients(headers, self.patient_from)
        given, counted = given_patients(headers, self.folder, self.patients, self.patient_regex)
        said = counted if None not in given else [*said, *counted]
        people = [own or other for own, other in zip(given, people, strict=True)]
        notes += [*said, *self._on_labels(headers)]
        labels = [self._label(header) for header in headers]
        self._check_levels(labels, people)
        taken: Counter[str] = Counter()
        left: Counter[str] = Counter()
        series: dict[tuple[str, str], int] = {}
        series_of: Counter[str] = Counter()
        count: Counter[tuple[str, int]] = Counter()
        lettered: list[str] = []
        for header, person, label in zip(headers, people, labels, strict=True):
            if not self._wants(header.sequences):
                left.update(s or "CT" for s in header.sequences)
                continue
            try:
                data = open_dicom(header.file)
                slices = list(slices_of(data, header.file.name, self.window))
            except DecodeError as error:
                passed.append((header.file.name, error.reason))
                continue
            patient = None if person is None else _pseudonym(self.key, person)
            place = patient or _UNKNOWN
            if (uid := (place, header.series)) not in series:
                series_of[place] += 1
                series[uid] = series_of[place]
            number = series[uid]
            for each in slices:
                (taken if self._wants((each.sequence,)) else left)[each.sequence or "CT"] += 1
                if not self._wants((each.sequence,)):
                    continue
                count[place, number] += 1
                name = f"{place}/S{number:02}-{count[place, number]:04}.png"
                write_grey(target / name, each.image)
                if shows_text(each.image):
                    lettered.append(name)
                yield {
                    "path": name,
                    **told(label),
                    "patient": patient,
                    "modality": each.modality,
                    "split": header.split,
                    "source": "dicom",
                    "series": f"{place}-S{number:02}",
                    "window": each.window,
                    "plane": each.plane,
                    "position": each.position,
                    "sequence": each.sequence,
                }
        if lettered:
            shown = ", ".join(lettered[:SHOWN]) + (" ..." if len(lettered) > SHOWN else "")
            notes.append(
                f"text seems to be burnt into the rim of {len(lettered)} slices ({shown}): look at "
                "them, as it may name patients, and a model may read it"
            )
        self._tell(taken, left, passed, notes)

    def _wants(self, sequences: Sequence[str | None]) -> bool:
        return not self.wanted or any(s in self.wanted for s in sequences)

    def _label(self, header: DicomHeader) -> str | None:
        """Look up what a table says, by patient, file or folder; failing that, the class folder."""
        return next(
            (self.labels[n] for n in _names(header) if n in self.labels),
            header.label,
        )

    def _on_labels(self, headers: Sequence[DicomHeader]) -> list[str]:
        """Refuse a table of another tree; count what else it speaks of, naming nobody."""
        there = {name for header in headers for name in _names(header)}
        lost = [name for name in self.labels if name not in there]
        if not lost:
            return []
        bare = {name.lstrip("0") for name in there}
        zeros = sum(name.lstrip("0") in bare for name in lost)
        if zeros:
            raise UsageError(
                f"{zeros} names in --labels differ from the tree's by zeros in front, as after a "
                "spreadsheet; write them as the tree has them"
            )
        if headers and len(lost) == len(self.labels):
            raise UsageError(
                "--labels names none of the tree's patients (PatientID, or the folder of one), "
                "files or studies"
            )
        return [f"--labels names {len(lost)} patients or files that are not there"]

    def _check_levels(self, labels: list[str | None], people: list[str | None]) -> None:
        """Refuse class folders that are the patients'."""
        pairs = {(label, person) for label, person in zip(labels, people, strict=True)}
        classes = {label for label, _ in pairs}
        alone = len(pairs) == len(classes) == len({person for _, person in pairs})
        if self.class_folders and not self.labels and alone and len(classes) > MANY:
            raise UsageError(
                f"{self.folder}: --class-folders, but each of {len(classes)} folders holds one "
                "patient; are they the patients' folders?"
            )

    def _on_classes(self, headers: Sequence[DicomHeader]) -> list[str]:
        counts = Counter(header.label for header in headers if header.label is not None)
        if counts and not self.class_folders:
            shown = ", ".join(f"{name} {n} files" for name, n in counts.most_common(SHOWN))
            return [f"the folders are taken for labels: {shown}"]
        if not counts and not self.labels and (names := class_like(headers)):
            return [
                f"the folders {', '.join(names[:SHOWN])} look like classes, but not all files lie "
                "in one; with --class-folders the first level of folders is the label"
            ]
        return []

    def _tell(
        self,
        taken: Counter[str],
        left: Counter[str],
        passed: Sequence[tuple[str, str]],
        notes: list[str],
    ) -> None:
        said = passed_over(sorted(passed))
        hint = _HINT if any(reason in HELD_BACK for _, reason in passed) else ""
        others = ", ".join(f"{name} {count}" for name, count in sorted(left.items()))
        if not taken:
            if left:
                raise UsageError(
                    f"no slice of --sequence {','.join(self.wanted)} in {len(self.files)} DICOM "
                    f"files; there are: {others}"
                )
            raise UsageError(f"no slice in {len(self.files)} DICOM files: {said}{hint}")
        if left:
            notes.append(f"sequences left out: {others}")
        elif len(taken) - ("CT" in taken) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in sorted(taken.items()))
            notes.append(
                f"several MR sequences are in one manifest (slices: {shown}); --sequence takes some"
            )
        if passed:
            notes.append(
                f"{len(passed)} of {len(self.files)} DICOM files give no slice: {said}{hint}"
            )
        if self.others:
            notes.append(f"no DICOM, and not looked at: {by_ending(self.others)}")
        for note in notes:
            warnings.warn(note, stacklevel=2)


def _names(header: DicomHeader) -> list[str]:
    """List what a table may call a file or its patient, the patient first."""
    names = [header.patient, *header.levels[:1], header.path.as_posix(), header.file.name]
    return [name for name in [*names, header.file.stem, header.study] if name]
