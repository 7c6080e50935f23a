"""From a bundle and files to probabilities, by the same road as training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.errors import UsageError
from gliaboost.features.extract import features_of
from gliaboost.features.prepared import read_images
from gliaboost.models.bundle import Bundle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Prediction:
    """What the model says of one file.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    predicted : str or None
        The most probable class; None where the file cannot be read.
    probabilities : dict of str to float
        By class, summing to 1; empty where the file cannot be read.
    error : str or None
        Why the file cannot be read.
    """

    path: Path
    predicted: str | None
    probabilities: dict[str, float]
    error: str | None = None


def predict(
    bundle: Bundle, paths: Sequence[Path | str], *, jobs: int | None = None
) -> list[Prediction]:
    """Predict files and folders of images.

    Parameters
    ----------
    bundle : Bundle
        From `gliaboost.load`.
    paths : sequence of path-like
        Image files, or folders that are searched for them.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    list of Prediction
        One a file, in order; unreadable files are among them with their reason.

    Raises
    ------
    UsageError
        If a folder holds no image.
    """
    files = [file for path in paths for file in _files(Path(path))]
    preparation, takes = bundle.preparation_, bundle.takes
    beside: dict[str, NDArray[np.float32]] = {}
    given: NDArray[Any]
    if takes == "columns":
        given, rows, failed = features_of(files, bundle.extractors(), preparation, jobs=jobs)
    else:
        given, rows, failed = read_images(files, preparation, jobs=jobs)
    if takes == "both":
        readable = [files[row] for row in rows]
        columns, _, _ = features_of(readable, bundle.extractors(), preparation, jobs=jobs)
        beside = {"columns": columns}
    probabilities = bundle.predict_proba(given, **beside, jobs=jobs) if rows else ()
    by_row = dict(zip(rows, probabilities, strict=True))
    result = []
    for row, file in enumerate(files):
        if row in failed:
            result.append(Prediction(file, None, {}, failed[row]))
            continue
        values = {c: float(p) for c, p in zip(bundle.classes, by_row[row], strict=True)}
        result.append(Prediction(file, max(values, key=values.__getitem__), values))
    return result


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(f for f in path.rglob("*") if f.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise UsageError(f"no image in {path}; looked for {', '.join(IMAGE_SUFFIXES)}")
    yield from found
