"""Slices that lie in other containers (MATLAB, DICOM, NIfTI), written once as PNG with their table.

All that follows a manifest reads image files, so a container is opened here and nowhere else, and
what it says of the patient beyond the table's columns stays in it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.files import replacing_folder

# Raised whenever the same containers give other files.
VERSION = 2
RECORD = "gliaboost.json"
TABLE = "manifest.parquet"
DEEPEST = 2**16 - 1

Rows = Iterable[Mapping[str, Any]]


def convert(
    images: Path,
    source: str,
    containers: Sequence[Path],
    options: Mapping[str, Any],
    write: Callable[[Path], Rows],
) -> Manifest:
    """Write slices and their table into a folder, whole or not at all, and only when needed.

    Parameters
    ----------
    images : pathlib.Path
        The folder to make. One made before from the same containers with the same options is used
        as it is; another one that gliaboost made is replaced.
    source : str
        Name of the source.
    containers : sequence of pathlib.Path
        The files that slices are cut from.
    options : mapping
        Plain values that change the slices.
    write : callable
        Given a folder, writes images into it and returns their rows, with paths relative to it.

    Returns
    -------
    Manifest
        Rooted in `images`, as its ``notes`` say.

    Raises
    ------
    UsageError
        If `images` holds something else, cannot be written, or no slice came out.
    """
    record = {
        "source": source,
        "version": VERSION,
        "options": dict(options),
        "containers": _fingerprint(containers),
    }
    if images.exists():
        known = _record(images)
        if known == record:
            return _converted(images)
        if known is None and (not images.is_dir() or any(images.iterdir())):
            raise UsageError(
                f"{images} holds something else than converted slices; name another folder with "
                "--images"
            )
    with replacing_folder(images, UsageError, "name a folder with --images") as folder:
        rows = list(write(folder))
        if not rows:
            raise UsageError(f"no slice in {len(containers)} {source} file(s)")
        import pandas as pd

        Manifest.of(pd.DataFrame(rows), folder).write(folder / TABLE)
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return _converted(images)


def _converted(images: Path) -> Manifest:
    manifest = Manifest.read(images / TABLE)
    return replace(manifest, notes=(*manifest.notes, f"slices are in {images}"))


def default_images(folder: Path, source: str) -> Path:
    """Name the folder for the slices of a data set whose user names none: in the user's cache.

    Nothing is ever written among the user's data unasked.

    Parameters
    ----------
    folder : pathlib.Path
        The data set's; another one has another place.
    source : str
        Name of the source.

    Examples
    --------
    >>> default_images(Path("/data/scans"), "nifti").name.rpartition("-")[0]
    'scans-nifti'
    """
    import platformdirs

    whole = folder.resolve()
    mark = hashlib.sha256(os.fsencode(whole)).hexdigest()[:8]
    cache = platformdirs.user_cache_path("gliaboost", appauthor=False)
    return cache / "slices" / f"{whole.name or 'root'}-{source}-{mark}"


def images_beside(out: Path, data: Path) -> Path | None:
    """Name the folder for slices beside the manifest that is written, unless it is in the data.

    Examples
    --------
    >>> images_beside(Path("/work/m.parquet"), Path("/data")).as_posix()
    '/work/m-png'
    >>> images_beside(Path("/data/m.parquet"), Path("/data")) is None
    True
    """
    beside = out.with_name(f"{out.stem}-png")
    return None if beside.resolve().is_relative_to(data.resolve()) else beside


def without_converted(files: Iterable[Path]) -> list[Path]:
    """Leave out slices that were converted into a folder of the data before, as was once usual."""
    listed = list(files)
    own = {f.parent for f in listed if f.name == RECORD}
    return [f for f in listed if own.isdisjoint(f.parents)]


def write_grey(file: Path, pixels: NDArray[Any]) -> None:
    """Write a slice as PNG: ``uint8`` as it is, all else as 16 bits.

    Parameters
    ----------
    file : pathlib.Path
        Ends in ``.png``; its folder is created.
    pixels : array [H, W]
        Integers whose range fits 16 bits keep their steps, shifted to begin at 0 if any is
        negative. Others are scaled to the full range.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    import cv2

    if pixels.dtype != np.uint8:
        pixels = _to_16_bit(pixels)
    file.parent.mkdir(parents=True, exist_ok=True)
    encoded, data = cv2.imencode(".png", pixels)
    if not encoded:
        raise OSError(f"cannot encode {file}")
    file.write_bytes(data.tobytes())


def _to_16_bit(pixels: NDArray[Any]) -> NDArray[np.uint16]:
    low, high = pixels.min(), pixels.max()
    if np.issubdtype(pixels.dtype, np.integer):
        shift = min(int(low), 0)
        if int(high) - shift <= DEEPEST:
            return (pixels.astype(np.int64) - shift).astype(np.uint16)
    values = np.nan_to_num(pixels.astype(np.float64))
    values -= values.min()
    values *= DEEPEST / max(float(values.max()), 1e-300)
    return np.rint(values).astype(np.uint16)


def _fingerprint(containers: Sequence[Path]) -> str:
    base = os.path.commonpath([c.parent for c in containers]) if containers else ""
    lines = []
    for file in containers:
        status = file.stat()
        lines.append(f"{file.relative_to(base)}\t{status.st_size}\t{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def _record(folder: Path) -> Any:
    try:
        return json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return None
