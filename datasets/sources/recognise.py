"""Which layout a folder has, told by the names in it and the first bytes of its files."""

from __future__ import annotations

import re
from pathlib import Path

from gliaboost.datasets.image_files import all_folders, files_ending, image_files, is_hidden
from gliaboost.datasets.sources.base import letters
from gliaboost.regular_files import open_regular

# How many files are opened at most to look for DICOM.
OPENED = 50
VOLUMES = (".nii", ".nii.gz")
_DICOM = (".dcm", ".dicom", ".ima")
_MASK_FILE = re.compile(r"[ _.-](mask|seg|segmentation)$", re.IGNORECASE)
_CT_MRI = re.compile(r"(ct|mri)[ _-]+(healthy|glioma|meningioma|pituitary|tumou?r)", re.IGNORECASE)


def recognise(folder: Path) -> str | None:
    """Name the source that reads a folder; None where nothing in it is known.

    Only layouts that a folder of classes would misread are told apart from one: `"folder"` stands
    for all others that hold images. A few pictures beside more scans are no data set.

    Parameters
    ----------
    folder : pathlib.Path
        An existing folder.

    Returns
    -------
    str or None
        A source, or ``figshare-mat`` for the publisher's ``.mat`` files.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> recognise(folder) is None
    True
    >>> (folder / "scan.nii.gz").touch()
    >>> recognise(folder)
    'nifti'
    """
    images = [f.relative_to(folder) for f in image_files(folder)]
    if (folder / "metadata.csv").is_file() and {"images", "masks"} <= {f.parts[0] for f in images}:
        return "figshare"
    volumes, dicom = files_ending(folder, VOLUMES), files_ending(folder, _DICOM)
    matlab = files_ending(folder, (".mat",))
    if images and len(images) >= max(map(len, (volumes, dicom, matlab))):
        return _of_images(folder, images)
    if any(f.stem.isdigit() or f.stem == "cvind" for f in matlab):
        return "figshare-mat"
    if len(volumes) > len(dicom):
        return "nifti"
    return "dicom" if _holds_dicom(folder) else None


def _of_images(folder: Path, images: list[Path]) -> str:
    folders = {letters(f.name) for f in all_folders(folder) if f != folder}
    named = [f.name for f in all_folders(folder)]
    masked = any(_MASK_FILE.search(f.stem) for f in images)
    if masked and any(name.startswith("TCGA_") for name in named):
        return "lgg"
    modalities = [letters(n) for n in named if letters(n).endswith(("images", "image"))]
    if any(_CT_MRI.fullmatch(name.strip()) for name in named) or (
        any("ctscan" in n for n in modalities) and any("mri" in n for n in modalities)
    ):
        return "kaggle-ct-mri"
    if {"brainglioma", "brainmenin"} <= folders:
        return "bangladesh"
    return "folder"


def _holds_dicom(folder: Path) -> bool:
    opened = 0
    for file in sorted(folder.rglob("*")):
        if is_hidden(file.relative_to(folder)) or not file.is_file():
            continue
        if file.suffix.lower() in _DICOM:
            return True
        try:
            with open_regular(file) as f:
                if f.read(132)[128:] == b"DICM":
                    return True
        except OSError:  # what cannot be read says nothing
            pass
        opened += 1
        if opened == OPENED:
            break
    return False
