"""Images with masks and classes, paired by name: masks beside the images, or in a parallel tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gliaboost.datasets.image_files import image_files
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    folder_at,
    manifest_of,
    source,
    split_of,
    targets,
    wrong_layout,
)
from gliaboost.datasets.sources.labels import known_class
from gliaboost.datasets.sources.mask_names import Key, is_mask, key_of
from gliaboost.errors import UsageError
from gliaboost.few import few

EXPECTED = (
    "images in a folder a class with masks: NAME_mask beside NAME, or folders masks/ parallel to "
    "images/"
)
SHOWN = 5


@source("curated-masks")
def read_curated_masks(path: Path) -> Manifest:
    """Pair images and masks by folder and name.

    Parameters
    ----------
    path : pathlib.Path
        E.g. with ``glioma/1.png`` and ``glioma/1_mask.png``, or with ``images/glioma/1.jpg`` and
        ``masks/glioma/1.png``, or with ``glioma/images/1.jpg`` and ``glioma/masks/1.png``; all may
        lie below train, val and test.

    Returns
    -------
    Manifest
        With ``mask``, empty for images without one (healthy images have none). ``label`` is the
        name of the image's folder, in its usual spelling where it is a usual class.

    Raises
    ------
    UsageError
        If there is no mask at all, or one without its image, or two for one; names them.
    """
    folder_at(path, EXPECTED)
    images: dict[Key, Path] = {}
    masks: dict[Key, Path] = {}
    faults: list[str] = []
    for file in image_files(path):
        inside = file.relative_to(path)
        taken = masks if is_mask(inside) else images
        key = key_of(inside)
        if key in taken:
            other = taken[key].relative_to(path).as_posix()
            faults.append(f"{inside.as_posix()} and {other} have one name")
        taken[key] = file
    if not images or not masks:
        raise wrong_layout(path, "curated-masks", EXPECTED)
    lone = [masks[k].relative_to(path).as_posix() for k in masks if k not in images]
    faults += [f"{name} is a mask without an image" for name in lone]
    if faults:
        raise UsageError(f"{path}: {few(faults, SHOWN, '; ')}; expected {EXPECTED}")
    rows = [_row(path, key, file, masks.get(key)) for key, file in images.items()]
    return manifest_of(rows, path, "curated-masks", EXPECTED)


def _row(path: Path, key: Key, file: Path, mask: Path | None) -> dict[str, Any]:
    folders = key[:-1]
    split = next(filter(None, map(split_of, folders)), None)
    classes = [f for f in folders if not split_of(f)]
    name = classes[-1] if classes else None
    label = None if name is None else (known_class(name) or name)
    return {
        "path": file.relative_to(path).as_posix(),
        "mask": None if mask is None else mask.relative_to(path).as_posix(),
        **targets(label),
        "split": split,
        "source": "curated-masks",
    }
