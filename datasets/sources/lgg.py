"""LGG segmentation (Buda 2019): FLAIR slices of 110 patients of the TCGA, each with a mask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gliaboost.datasets.decode import decode_mask
from gliaboost.datasets.image_files import all_folders, image_files
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    NO_TUMOR,
    TUMOR,
    folder_at,
    manifest_of,
    shallowest,
    source,
    wrong_layout,
)
from gliaboost.errors import DecodeError
from gliaboost.few import few
from gliaboost.parallel import map_in_order

EXPECTED = "a folder TCGA_* a patient, with NAME.tif and NAME_mask.tif for each slice"
MASK = "_mask"
SHOWN = 5


@source("lgg")
def read_lgg(path: Path) -> Manifest:
    """Read the folders of the patients; a slice shows a tumour where its mask has a white pixel.

    Parameters
    ----------
    path : pathlib.Path
        The folder around the patients' (``kaggle_3m``), or one around it. Where the archive's
        second copy lies deeper, it is passed over.

    Returns
    -------
    Manifest
        With ``patient`` (``TCGA_CS_4941``), ``mask``, and ``site``, the TCGA's code of the hospital
        (``CS``), for folds by site. ``label`` and ``presence`` are ``tumor`` or ``no_tumor``;
        ``type`` is ``glioma`` where there is a tumour.

        Slices without a mask, or whose mask cannot be read, are passed over and named: nobody
        knows whether they show a tumour.

    Raises
    ------
    UsageError
        If there is no such folder, or no slice with a mask.
    """
    folder_at(path, EXPECTED)
    patients = shallowest(f for f in all_folders(path) if f.name.startswith("TCGA_"))
    if not patients:
        raise wrong_layout(path, "lgg", EXPECTED)
    pairs, notes = _pairs(patients)
    rows, broken = [], []
    for (image, mask), shown in zip(pairs, map_in_order(_shows_tumour, pairs), strict=True):
        if isinstance(shown, str):
            broken.append(f"{mask.name} ({shown})")
        else:
            rows.append(_row(path, image, mask, shown))
    notes += _passed("slices whose mask cannot be read", broken)
    return manifest_of(rows, path, "lgg", EXPECTED, tuple(notes))


def _pairs(patients: Sequence[Path]) -> tuple[list[tuple[Path, Path]], list[str]]:
    """Pair slices and masks by name; say which have no other half."""
    pairs, slices, masks = [], list[str](), list[str]()
    for folder in patients:
        files = {f.stem: f for f in image_files(folder)}
        for name, file in files.items():
            if name.endswith(MASK):
                masks += [] if name.removesuffix(MASK) in files else [file.name]
            elif name + MASK in files:
                pairs.append((file, files[name + MASK]))
            else:
                slices.append(file.name)
    return pairs, [*_passed("slices without a mask", slices), *_passed("masks alone", masks)]


def _shows_tumour(pair: tuple[Path, Path]) -> bool | str:
    """Tell whether a mask shows anything, or why it cannot be read."""
    try:
        return bool(decode_mask(pair[1]).any())
    except DecodeError as error:
        return error.reason


def _passed(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"passed over: {what} ({len(names)}): {few(names, SHOWN)}"]


def _row(path: Path, image: Path, mask: Path, tumour: bool) -> dict[str, Any]:
    # The folder's fourth part is the day of the examination, which is nobody's name.
    parts = image.parent.name.split("_")
    return {
        "path": image.relative_to(path).as_posix(),
        "mask": mask.relative_to(path).as_posix(),
        "label": TUMOR if tumour else NO_TUMOR,
        "presence": TUMOR if tumour else NO_TUMOR,
        "type": "glioma" if tumour else None,
        "patient": "_".join(parts[:3]),
        "site": parts[1],
        "modality": "MRI",
        "source": "lgg",
    }
