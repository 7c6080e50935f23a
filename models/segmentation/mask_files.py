"""Masks, overlays and measurements as files that others read, each whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.files import replacing
from gliaboost.models.segmentation.measurements import Measurements
from gliaboost.outside_text import csv_cell
from gliaboost.seals import sealed_json

Measured = tuple[Mapping[str, Any], Measurements]


def write_mask(mask: NDArray[np.bool_], path: Path | str) -> Path:
    """Write a mask as a PNG of one channel: 255 inside, 0 outside.

    Parameters
    ----------
    mask : bool array [H, W]
        At the size of its image.
    path : path-like
        Ends in ``.png``; its folder is made.

    Returns
    -------
    pathlib.Path
        The file, which `gliaboost.datasets.decode.decode_mask` reads back.

    Raises
    ------
    UsageError
        If it is no mask, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from gliaboost.datasets.decode import decode_mask
    >>> file = write_mask(np.eye(3, dtype=bool), Path(tempfile.mkdtemp()) / "m.png")
    >>> bool((decode_mask(file) == np.eye(3)).all())
    True
    """
    if mask.ndim != 2 or mask.dtype != bool or not mask.size:
        raise UsageError(f"a mask is {mask.dtype} {list(mask.shape)}; expected bool [H, W]")
    return _write_png(np.where(mask, np.uint8(255), np.uint8(0)), path)


def write_overlay(picture: NDArray[np.uint8], path: Path | str) -> Path:
    """Write a picture, as `gliaboost.models.segmentation.outline.outlined` draws it, as PNG.

    Parameters
    ----------
    picture : uint8 array [H, W, 3]
        RGB.
    path : path-like
        Ends in ``.png``; its folder is made.

    Raises
    ------
    UsageError
        If it is no picture, or cannot be written.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise UsageError(
            f"a picture is {picture.dtype} {list(picture.shape)}; expected uint8 [H, W, 3]"
        )
    return _write_png(picture, path)


def write_measurements_csv(rows: Iterable[Measured], path: Path | str) -> Path:
    """Write a line an image: what was given of it, then the numbers of its whole mask.

    Parameters
    ----------
    rows : iterable of (mapping, Measurements)
        Facts of each image, such as ``path`` and ``class``, with what was measured on its mask.
        Images may have other facts; what one lacks stays empty, as does what an empty mask lacks.
    path : path-like
        The file; its folder is made.

    Raises
    ------
    UsageError
        If a fact has the name of a measurement, or the file cannot be written.
    """
    lines = [_line(facts, found) for facts, found in rows]
    # Facts of all rows first, so that columns do not depend on which image comes first.
    facts = list(dict.fromkeys(name for told, _ in lines for name in told))
    numbers = list(dict.fromkeys(name for _, found in lines for name in found))
    with written(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as f:
        writer = csv.DictWriter(f, [*facts, *numbers], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: csv_cell(value) for name, value in {**told, **found}.items()}
            for told, found in lines
        )
    return Path(path)


def write_measurements_json(rows: Iterable[Measured], path: Path | str) -> Path:
    """Write the same with each component by itself: a list of objects.

    Parameters
    ----------
    rows : iterable of (mapping, Measurements)
        As for `write_measurements_csv`; facts are plain values.
    path : path-like
        The file; its folder is made.

    Returns
    -------
    pathlib.Path
        The file. Each object has the columns of the CSV and ``regions``, the components' numbers,
        the largest first; null where a number is unknown.

    Raises
    ------
    UsageError
        As for `write_measurements_csv`.
    """
    told = []
    for facts, measured in rows:
        given, numbers = _line(facts, measured)
        told.append({**given, **numbers, "regions": [c.to_dict() for c in measured.components]})
    text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
    with written(Path(path)) as temporary:
        temporary.write_bytes(sealed_json(text))
    return Path(path)


def at_stored_size(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """Bring the mask of a picture back to the grid that it was drawn from.

    Parameters
    ----------
    mask : bool array [H, W]
        Of a slice that was drawn with square pixels.
    height, width : int
        As the scan holds it: no more than H and W.

    Returns
    -------
    bool array [height, width]
        True where half of a pixel, or more, is inside.

    Examples
    --------
    >>> at_stored_size(np.array([[True, True, False, False]]), 1, 2).tolist()
    [[True, False]]
    """
    import cv2

    if mask.shape == (height, width):
        return mask
    share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 0.5)


def written(path: Path) -> AbstractContextManager[Path]:
    """Give what `gliaboost.files.replacing` does; it ends in a UsageError where it cannot."""
    return replacing(path, UsageError, "free space or name another place")


def _line(facts: Mapping[str, Any], found: Measurements) -> tuple[dict[str, Any], dict[str, Any]]:
    numbers = found.to_dict()
    taken = [name for name in facts if name in numbers or name == "regions"]
    if taken:
        raise UsageError(f"facts named {', '.join(taken)}, as measurements are; rename them")
    return dict(facts), numbers


def _write_png(pixels: NDArray[np.uint8], path: Path | str) -> Path:
    from PIL import Image

    path = Path(path)
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path}: a picture is written as .png; name it so")
    with written(path) as temporary:
        # Three times as fast as the usual compression, which matters by the hundred.
        Image.fromarray(pixels).save(temporary, "PNG", compress_level=1)
    return path
