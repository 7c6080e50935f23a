"""Kaggle's "Brain tumor multimodal image (CT & MRI)": two modalities, tumour or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gliaboost.datasets.image_files import all_folders, image_files, subfolders
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    NO_TUMOR,
    TUMOR,
    folder_at,
    letters,
    manifest_of,
    shallowest,
    source,
    split_of,
    targets,
    tumour_class,
    wrong_layout,
)
from gliaboost.errors import UsageError

EXPECTED = (
    "'... CT scan Images/' and '... MRI images/' with Healthy/ and Tumor/, or train/, val/, test/ "
    "with ct_healthy, ct_tumor, mri_healthy, mri_glioma, mri_meningioma, mri_pituitary, mri_tumor"
)
# MRI is looked for first: "ct" also lies in other words.
MODALITIES = {
    "MRI": re.compile(r"(?<![a-z])mri(?![a-z])"),
    "CT": re.compile(r"(?<![a-z])ct(?![a-z])"),
}
PRESENCE = {"healthy": NO_TUMOR, "tumor": TUMOR, "tumour": TUMOR}


@source("kaggle-ct-mri")
def read_kaggle_ct_mri(path: Path) -> Manifest:
    """Read the published layout (folders by modality), or the flat one of seven classes.

    Parameters
    ----------
    path : pathlib.Path
        A folder with ``... CT scan Images`` and ``... MRI images``, or with the seven class
        folders, themselves or below train, val and test; either may lie deeper.

    Returns
    -------
    Manifest
        With ``modality``. ``label`` is the tumour's name where folder or file name tells it, which
        only MRI does, else ``tumor`` or ``no_tumor``; ``presence`` is ``tumor`` or ``no_tumor``
        (``--target presence``), ``type`` the tumour's name alone. Patients are not known.

    Raises
    ------
    UsageError
        If the folder has neither layout, or holds a class of another name.
    """
    folder_at(path, EXPECTED)
    folders = all_folders(path)
    flat = [f for f in folders if f != path and _seven(f.name) is not None]
    rows = _flat_rows(path, flat) if flat else _modality_rows(path, folders)
    return manifest_of(rows, path, "kaggle-ct-mri", EXPECTED)


def _seven(name: str) -> tuple[str, str] | None:
    """Split ``mri_glioma`` into modality and class."""
    found = re.fullmatch(r"(ct|mri)[ _-]+([a-z _-]+)", name.strip().lower())
    if not found:
        return None
    plain = letters(found[2])
    label = PRESENCE.get(plain) or tumour_class(plain)
    return None if label is None else (found[1].upper(), label)


def _flat_rows(path: Path, classes: list[Path]) -> Iterator[dict[str, Any]]:
    parents = {f.parent for f in classes}
    parents = set(shallowest(parents))
    strange = sorted(
        f.relative_to(path).as_posix()
        for p in parents
        for f in subfolders(p)
        if _seven(f.name) is None and image_files(f)
    )
    if strange:
        raise UsageError(f"{path}: no known class: {', '.join(strange)}; expected {EXPECTED}")
    for folder in sorted(f for f in classes if f.parent in parents):
        modality, label = _seven(folder.name) or ("", "")
        kind = targets(label)["type"]
        presence = NO_TUMOR if label == NO_TUMOR else TUMOR
        split = None if folder.parent == path else split_of(folder.parent.name)
        for file in image_files(folder):
            yield _row(path, file, modality, presence, kind, split)


def _modality_rows(path: Path, folders: list[Path]) -> Iterator[dict[str, Any]]:
    found: dict[Path, str] = {}
    for folder in folders:
        inside = {letters(f.name) for f in subfolders(folder)}
        modality = _modality(folder.name)
        if modality and "healthy" in inside and inside & {"tumor", "tumour"}:
            found[folder] = modality
    if not found:
        raise wrong_layout(path, "kaggle-ct-mri", EXPECTED)
    for folder in shallowest(found):
        for part in subfolders(folder):
            presence = PRESENCE.get(letters(part.name))
            if presence is None:
                raise UsageError(
                    f"{part} is no known class; expected Healthy and Tumor beside each other"
                )
            for file in image_files(part):
                named = targets(tumour_class(file.stem))["type"] if presence == TUMOR else None
                yield _row(path, file, found[folder], presence, named, None)


def _modality(name: str) -> str | None:
    plain = re.sub(r"[^a-z]+", " ", name.lower())
    return next((m for m, pattern in MODALITIES.items() if pattern.search(plain)), None)


def _row(
    path: Path, file: Path, modality: str, presence: str, kind: str | None, split: str | None
) -> dict[str, Any]:
    return {
        "path": file.relative_to(path).as_posix(),
        "label": kind or presence,
        "presence": presence,
        "type": kind,
        "split": split,
        "modality": modality,
        "source": "kaggle-ct-mri",
    }
