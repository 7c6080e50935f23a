"""A tree of DICOM files: patient, modality, plane and window from the tags."""

from __future__ import annotations

import hashlib
import hmac
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gliaboost.datasets.dicom.files import open_dicom
from gliaboost.datasets.dicom.passing import no_slice
from gliaboost.datasets.dicom.slices import dicom_files, passed_over, slices_of
from gliaboost.datasets.dicom.tags import text_of
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import folder_at, source, wrong_layout
from gliaboost.datasets.sources.converted import FOLDER, convert, write_grey
from gliaboost.datasets.sources.labels import fingerprint, read_labels, told
from gliaboost.datasets.windows import find_window
from gliaboost.errors import DecodeError, UsageError
from gliaboost.files import sha256_file

EXPECTED = "DICOM files (most have DICM at byte 128), in folders of any depth"
# Raised whenever the same tree gives other slices.
RULES = 2


@source("dicom")
def read_dicom(
    path: Path,
    *,
    images: Path | None = None,
    labels: Path | None = None,
    window: str | None = None,
    salt: str | None = None,
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
        Folder for the PNG files; default: ``gliaboost-png`` in `path`.
    labels : pathlib.Path, optional
        CSV with ``label`` and ``patient`` (the tag PatientID) or ``file`` (the file's name).
    window : str, optional
        ``brain``, ``subdural``, ``bone`` or ``CENTRE:WIDTH``, in Hounsfield units, for CT. Default:
        the file's own window, and ``brain`` for CT without one.
    salt : str, optional
        A secret that turns PatientID into a pseudonym (HMAC-SHA256): with the same one a patient
        has the same pseudonym in every tree. Kept nowhere. Default: the content of the tree's
        first file, so that the pseudonyms can be made again from that tree alone.
    all_images : bool
        Take localizers, screenshots and pictures with text burnt in too.

    Returns
    -------
    Manifest
        Further with ``plane``, ``position`` (mm along the plane's normal), ``series``,
        ``sequence`` and ``window``. Patients are pseudonyms; no identifying tag, date or file name
        is kept. A file without PatientID belongs to its study, failing that to itself.

    Raises
    ------
    UsageError
        If there is no DICOM file, or no slice in any.
    MissingExtraError
        If pydicom is not installed.
    """
    folder = folder_at(path, EXPECTED)
    files = dicom_files(folder)
    if not files:
        raise wrong_layout(folder, "dicom", EXPECTED)
    if window is not None:
        find_window(window)
    known = read_labels(labels)
    key = salt.encode() if salt else sha256_file(files[0]).encode()
    # Two bytes show that the salt is another, and are too few to find it by.
    options = {
        "rules": RULES,
        "window": window,
        "labels": fingerprint(known),
        "salt": _pseudonym(key, "")[:5],
        "all_images": all_images,
    }
    return convert(
        images or folder / FOLDER,
        "dicom",
        files,
        options,
        lambda target: _slices(folder, files, target, known, window, key, all_images),
    )


def _pseudonym(key: bytes, name: str) -> str:
    return "P" + hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:12]


def _slices(
    folder: Path,
    files: list[Path],
    target: Path,
    labels: Mapping[str, str],
    window: str | None,
    key: bytes,
    all_images: bool,
) -> Iterator[dict[str, Any]]:
    series: dict[tuple[str, str], int] = {}
    count: dict[tuple[str, int], int] = {}
    passed: list[tuple[str, str]] = []
    for file in files:
        try:
            data = open_dicom(file)
            if not all_images and (reason := no_slice(data)) is not None:
                raise DecodeError(file, reason)
            frames = list(slices_of(data, file.name, window))
        except DecodeError as error:
            passed.append((file.name, error.reason))
            continue
        named = text_of(data, "PatientID")
        study = text_of(data, "StudyInstanceUID")
        patient = _pseudonym(key, named or study or file.relative_to(folder).as_posix())
        uid = (patient, text_of(data, "SeriesInstanceUID"))
        number = series.setdefault(uid, 1 + sum(p == patient for p, _ in series))
        label = labels.get(named) or labels.get(file.name) or labels.get(file.stem)
        for each in frames:
            count[patient, number] = index = count.get((patient, number), 0) + 1
            name = f"{patient}/S{number:02}-{index:04}.png"
            write_grey(target / name, each.image)
            yield {
                "path": name,
                **told(label),
                "patient": patient,
                "modality": each.modality,
                "source": "dicom",
                "series": f"{patient}-S{number:02}",
                "window": each.window,
                "plane": each.plane,
                "position": each.position,
                "sequence": each.sequence,
            }
    said = passed_over(passed)
    if not count:
        hint = "; --all-images takes localizers and screenshots too" if passed else ""
        raise UsageError(f"no slice in {len(files)} DICOM files: {said}{hint}")
    if passed:
        warnings.warn(
            f"{len(passed)} of {len(files)} DICOM files give no slice: {said}", stacklevel=2
        )
