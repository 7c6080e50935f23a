"""Any folder of images: the folder an image lies in is its class."""

from __future__ import annotations

from pathlib import Path

from gliaboost.datasets.errors import UsageError
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import image_files, manifest_of, source


@source("folder")
def read_folder(path: Path) -> Manifest:
    """Read ``PATH/<class>/**/*`` or a flat ``PATH/*`` without labels.

    Parameters
    ----------
    path : pathlib.Path
        The folder.

    Returns
    -------
    Manifest
        ``label`` is the first folder below `path`; empty for images directly in it.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is a file; expected a folder with a folder of images a class")
    rows = []
    for file in image_files(path):
        parts = file.relative_to(path).parts
        rows.append(
            {"path": "/".join(parts), "label": parts[0] if len(parts) > 1 else None}
        )
    return manifest_of(rows, path, "folder", "images in a folder a class (PATH/<class>/*.png)")
