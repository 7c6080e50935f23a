"""LGG segmentation (Buda 2019): FLAIR slices of 110 patients of the TCGA, each with a mask."""

from __future__ import annotations

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
from gliaboost.errors import UsageError
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

    Raises
    ------
    UsageError
        If there is no such folder, or a slice or a mask lacks its other half.
    DecodeError
        If a mask cannot be read.
    """
    folder_at(path, EXPECTED)
    patients = shallowest(f for f in all_folders(path) if f.name.startswith("TCGA_"))
    if not patients:
        raise wrong_layout(path, "lgg", EXPECTED)
    pairs = [pair for folder in patients for pair in _pairs(folder)]
    shown = list(map_in_order(lambda pair: bool(decode_mask(pair[1]).any()), pairs))
    rows = [
        _row(path, image, mask, tumour) for (image, mask), tumour in zip(pairs, shown, strict=True)
    ]
    return manifest_of(rows, path, "lgg", EXPECTED)


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    files = {f.stem: f for f in image_files(folder)}
    slices = [s for s in files if not s.endswith(MASK)]
    alone = [f"{s} has no mask" for s in slices if s + MASK not in files]
    alone += [
        f"{s} has no slice" for s in files if s.endswith(MASK) and s.removesuffix(MASK) not in files
    ]
    if alone:
        more = f" and {len(alone) - SHOWN} more" if len(alone) > SHOWN else ""
        raise UsageError(f"{folder}: {', '.join(alone[:SHOWN])}{more}; expected {EXPECTED}")
    return [(files[s], files[s + MASK]) for s in slices]


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
