"""Bangladesh Brain Cancer MRI (Mendeley mk56jw9rns): 6,056 slices of 512 x 512, three classes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gliaboost.datasets.columns import USUAL
from gliaboost.datasets.image_files import all_folders, image_files, subfolders
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    TUMOR,
    folder_at,
    letters,
    manifest_of,
    shallowest,
    source,
    targets,
    tumour_class,
    wrong_layout,
)
from gliaboost.datasets.sources.csv import images_of
from gliaboost.errors import UsageError
from gliaboost.few import few

EXPECTED = (
    "folders Brain_Glioma, Brain_Menin and Brain Tumor, or one CSV table with an image and a label "
    "column"
)
SHOWN = 5
# Names that only a table of known content may have: elsewhere they might mean anything.
NAMES = {
    **USUAL,
    "path": (*USUAL["path"], "image_name", "imagename", "img", "image_id", "name"),
    "label": (*USUAL["label"], "class_name", "tumor_type", "tumour_type", "type", "tumor"),
}


@source("bangladesh")
def read_bangladesh(path: Path) -> Manifest:
    """Read the class folders, or a table of images.

    Parameters
    ----------
    path : pathlib.Path
        The folder, or one around it; or the CSV file. The table's images are looked for where it
        says and, failing that, by their name (with or without its ending) in the table's folder
        and below.

    Returns
    -------
    Manifest
        ``label`` is ``glioma``, ``meningioma`` or ``tumor``. The publisher's third class, "Brain
        Tumor", is not one type, so ``type`` is empty there. Patients are not known.

    Raises
    ------
    UsageError
        If there is neither, or a class has another name; lists images that are not there.
    """
    if path.is_file():
        return _from_table(path)
    folder_at(path, EXPECTED)
    parents = shallowest(
        {
            f.parent
            for f in all_folders(path)
            if f != path and letters(f.name) in ("brainglioma", "brainmenin")
        }
    )
    if parents:
        return manifest_of(_folder_rows(path, parents[0]), path, "bangladesh", EXPECTED)
    tables = sorted(path.glob("*.csv"))
    if len(tables) != 1:
        raise wrong_layout(path, "bangladesh", EXPECTED)
    return _from_table(tables[0])


def _label(name: str) -> str | None:
    if letters(name) in ("tumor", "tumour", "braintumor", "braintumour"):
        return TUMOR
    label = tumour_class(name)
    return None if label == "no_tumor" else label


def _folder_rows(path: Path, parent: Path) -> Iterator[dict[str, Any]]:
    for folder in subfolders(parent):
        files = image_files(folder)
        if not files:
            continue
        label = _label(folder.name)
        if label is None:
            raise UsageError(f"{folder} is no known class; expected {EXPECTED}")
        for file in files:
            yield {
                "path": file.relative_to(path).as_posix(),
                **targets(label),
                "modality": "MRI",
                "source": "bangladesh",
            }


def _from_table(file: Path) -> Manifest:
    manifest = images_of(file, NAMES)
    if manifest.table["label"].isna().all():
        raise UsageError(
            f"{file} has no column with classes; expected one of {', '.join(NAMES['label'])}; its "
            f"columns are {', '.join(manifest.table.columns[manifest.table.notna().any()])}"
        )
    names = manifest.table["label"]
    labels = names.map(_label, na_action="ignore")
    strange = sorted(set(names[labels.isna()].fillna("an empty cell")))
    if strange:
        raise UsageError(
            f"{file}: no known class: {', '.join(strange[:SHOWN])}; expected Brain_Glioma, "
            "Brain_Menin and Brain Tumor in a column such as 'label'"
        )
    by_name: dict[str, list[str]] = {}
    for image in image_files(file.parent):
        for name in {image.name, image.stem}:
            by_name.setdefault(name, []).append(image.relative_to(file.parent).as_posix())
    places, lost = [], []
    for given in manifest.table["path"]:
        given = str(given).replace("\\", "/")
        if (file.parent / given).is_file():
            places.append(given)
            continue
        found = by_name.get(os.path.basename(given), [])  # noqa: PTH119 - a name, not a file
        if len(found) == 1:
            places.append(found[0])
        else:
            lost.append(f"{given} ({len(found)} of that name)")
    if lost:
        raise UsageError(
            f"{file} names {len(lost)} images that are not to be found: "
            f"{few(lost, SHOWN)}; put the table beside its images"
        )
    table = manifest.table.assign(path=places, modality="MRI", source="bangladesh")
    for column in ("label", "presence", "type"):  # "Brain Tumor" is a spelling of this set alone
        table[column] = [targets(label)[column] for label in labels]
    return Manifest.of(table, manifest.root, manifest.name)
