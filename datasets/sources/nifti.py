"""NIfTI volumes, cut into slices along an axis, with masks beside them and labels from a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gliaboost.datasets.image_files import by_ending, files_ending, walk_images
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.modality import check_modality
from gliaboost.datasets.nifti_file import SUFFIXES
from gliaboost.datasets.patients import with_patients
from gliaboost.datasets.sequences import chosen_sequences
from gliaboost.datasets.sources.base import folder_at, source, wrong_layout
from gliaboost.datasets.sources.converted import convert, default_images, without_converted
from gliaboost.datasets.sources.labels import fingerprint, read_labels
from gliaboost.datasets.sources.nifti_layout import ScanTree, find_scans
from gliaboost.datasets.sources.nifti_slices import PASSED_OVER, Conversion, utf8_name
from gliaboost.datasets.sources.patient_level import UnclearPatientsError
from gliaboost.datasets.volumes import check_plane
from gliaboost.datasets.windows import find_window
from gliaboost.errors import UsageError

# Raised whenever the same volumes give other slices.
VERSION = 3
EXPECTED = "volumes ending in .nii or .nii.gz, masks beside them as NAME_seg or NAME_mask"


@source("nifti")
def read_nifti(
    path: Path,
    *,
    images: Path | None = None,
    labels: Path | None = None,
    class_folders: bool = False,
    patient_from: str | None = None,
    patients: Path | None = None,
    patient_regex: str | None = None,
    sequence: str | None = None,
    axis: str = "axial",
    every: int = 1,
    window: str = "brain",
    modality: str | None = None,
) -> Manifest:
    """Read volumes; slices are written once as PNG, in radiological orientation.

    Parameters
    ----------
    path : pathlib.Path
        A folder of volumes: ``PATH/<patient>/**/scan.nii.gz``, one volume a patient, BIDS, or
        imagesTr and labelsTr as the Medical Segmentation Decathlon and nnU-Net have them. A level
        of ``train``, ``val`` and ``test`` above the patients becomes the split.
    images : pathlib.Path, optional
        Folder for the PNG files; default: a folder in the user's cache, never one of the data.
    labels : pathlib.Path, optional
        Table with ``label`` and ``patient`` or ``file``. Without it a slice of a volume with a mask
        is ``tumor`` where the mask shows, else ``no_tumor``.
    class_folders : bool
        Take the first level of folders for labels: ``PATH/hgg/<patient>/``.
    patient_from : str, optional
        Who is a patient, where that is not clear from the folders: ``folder:N``, the N-th folder
        below `path`; ``file``, the file's name without what tells sequence and visit; ``bids``,
        the entity ``sub-``; ``none``, unknown.
    patients : pathlib.Path, optional
        Table with a column of patients and one of volumes: path, file name or name without ending.
        It goes before all else that says who is a patient.
    patient_regex : str, optional
        A regular expression that finds the group ``(?P<patient>...)`` in the path of a volume below
        `path`. It goes before all but `patients`.
    sequence : str, optional
        Take these MR sequences alone, by comma: ``t1``, ``t1c``, ``t2``, ``flair``, ``dwi``,
        ``adc``, ``other``.
    axis : {"axial", "coronal", "sagittal"}
        Across which the volumes are cut.
    every : int
        Take every n-th slice that shows the head.
    window : str
        For CT, as for the source ``dicom``. MRI is stretched between the 0.5th and 99.5th
        percentile of the volume's foreground.
    modality : str, optional
        ``MRI`` or ``CT``. Default: what names, JSON files beside the volumes and headers say;
        failing these the values, which a warning tells.

    Returns
    -------
    Manifest
        Further with ``plane``, ``position`` (slice number), ``volume``, ``sequence`` and
        ``session``. Files that give no slice are named in a warning with their reason, and all of
        them in ``passed-over.csv`` in `images`.

    Raises
    ------
    UsageError
        If there is no volume, an option is out of range, or it is unclear who is a patient.
    """
    folder = folder_at(path, EXPECTED)
    files = files_ending(folder, SUFFIXES)
    check_plane(axis)
    if every < 1:
        raise UsageError(f"every = {every}; expected 1 or more")
    find_window(window)
    wanted = chosen_sequences(sequence)
    known = read_labels(labels)
    layout, notes = _scans(
        folder, files, class_folders, patient_from, patients=patients, regex=patient_regex
    )
    if not layout.scans and not layout.passed:
        raise wrong_layout(folder, "nifti", EXPECTED)
    options = {
        "version": VERSION,
        "axis": axis,
        "every": every,
        "window": window,
        "modality": check_modality(modality),
        "labels": fingerprint(known),
        "class_folders": class_folders,
        "patients": _whose(layout),
        "sequence": list(wanted),
    }
    job = Conversion(layout, known, wanted, axis, every, window, check_modality(modality))
    manifest = convert(
        images or default_images(folder, "nifti"),
        "nifti",
        [*files, *files_ending(folder, (".json",))],
        options,
        job.write,
    )
    notes = (*notes, *_left(folder), *manifest.notes, *_passed(manifest.root / PASSED_OVER))
    return replace(manifest, notes=notes)


def _scans(
    folder: Path,
    files: list[Path],
    class_folders: bool,
    patient_from: str | None,
    *,
    patients: Path | None,
    regex: str | None,
) -> tuple[ScanTree, tuple[str, ...]]:
    """Find the scans, and whose they are: by their place, or as the user says."""
    told = patients is not None or regex is not None
    try:
        tree = find_scans(folder, files, class_folders=class_folders, patient_from=patient_from)
    except UnclearPatientsError:
        if not told:
            raise
        tree = find_scans(folder, files, class_folders=class_folders, patient_from="none")
    if not told or not tree.scans:
        return tree, ()
    import pandas as pd

    rows = [
        {"path": utf8_name(s.path.as_posix()), "patient": s.patient, "label": s.label}
        for s in tree.scans
    ]
    known = with_patients(Manifest.of(pd.DataFrame(rows), folder), patients, regex)
    found = [p if isinstance(p, str) else None for p in known.table["patient"]]
    tree.scans = [replace(s, patient=p) for s, p in zip(tree.scans, found, strict=True)]
    return tree, tuple(note.replace(" images", " volumes") for note in known.notes)


def _left(folder: Path) -> list[str]:
    """Count the files that are no volumes and say nothing of one."""
    files = [
        f for f in without_converted(walk_images(folder).others) if f.suffix.lower() != ".json"
    ]
    others = [f for f in files if not f.name.lower().endswith((*SUFFIXES, ".json"))]
    return [f"no NIfTI, and not looked at: {by_ending(others)}"] if others else []


def _passed(table: Path) -> list[str]:
    """Say again, also when slices of before are used, that volumes were passed over."""
    if not table.exists():
        return []
    import pandas as pd

    return [f"{len(pd.read_csv(table))} volumes were passed over, with their reasons in {table}"]


def _whose(tree: ScanTree) -> str:
    """Hash whose each scan is, so that a record of it names nobody."""
    return fingerprint({str(scan.path): str(scan.patient) for scan in tree.scans})
