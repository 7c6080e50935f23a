"""Any folder of images: the folder an image lies in is its class."""

from __future__ import annotations

from pathlib import Path

from gliaboost.datasets.image_files import image_files
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import (
    folder_at,
    manifest_of,
    source,
    split_of,
)
from gliaboost.datasets.sources.labels import fill_targets

EXPECTED = "images in a folder a class (PATH/<class>/*.png)"


@source("folder")
def read_folder(path: Path) -> Manifest:
    """Read ``PATH/<class>/**/*``, ``PATH/<train|test>/<class>/**/*`` or a flat ``PATH/*``.

    Parameters
    ----------
    path : pathlib.Path
        The folder.

    Returns
    -------
    Manifest
        ``label`` is the folder below `path`, empty for images directly in it. Where every image
        lies under train, val or test (in any usual spelling), that is its ``split`` and ``label``
        the folder below. Usual spellings of classes also fill ``presence`` and ``type``.
    """
    folder_at(path, EXPECTED)
    files = [f.relative_to(path) for f in image_files(path)]
    split = bool(files) and all(len(f.parts) > 1 and split_of(f.parts[0]) for f in files)
    rows = [
        {
            "path": f.as_posix(),
            "label": f.parts[split] if len(f.parts) > 1 + split else None,
            "split": split_of(f.parts[0]) if split else None,
        }
        for f in files
    ]
    return fill_targets(manifest_of(rows, path, "folder", EXPECTED))
