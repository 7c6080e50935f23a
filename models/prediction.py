"""From a bundle and files to probabilities, by the same road as training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from gliaboost import notebook
from gliaboost.datasets.image_files import IMAGE_SUFFIXES, image_files
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.errors import UsageError
from gliaboost.features.extract import features_of
from gliaboost.features.prepared import read_images
from gliaboost.models.bundle import Bundle
from gliaboost.models.familiarity.familiarity import DESCRIPTION, Familiarity, judge

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

# Rows that a notebook shows.
SHOWN = 20


@dataclass(frozen=True)
class Prediction:
    """What the model says of one image.

    Attributes
    ----------
    name : str
        The file's path, or the name that its bytes came with.
    predicted : str or None
        The most probable class; None where the image cannot be read.
    probabilities : dict of str to float
        By class, summing to 1; empty where the image cannot be read.
    error : str or None
        Why the image cannot be read.
    familiarity : Familiarity or None
        How the image stands to those that the model was trained on; None where the bundle does not
        know, as those of older versions.
    """

    name: str
    predicted: str | None
    probabilities: dict[str, float]
    error: str | None = None
    familiarity: Familiarity | None = None


@dataclass(frozen=True, eq=False)
class Predictions(Sequence[Prediction]):
    """What a model says of images: one `Prediction` each, in order.

    Attributes
    ----------
    rows : tuple of Prediction
        All of them; those without an ``error`` have probabilities.
    classes : list of str
        In the order of the columns of `to_frame`.
    model : dict
        `Bundle.summary` of the model.

    Examples
    --------
    >>> one = Prediction("a.png", "glioma", {"glioma": 0.75, "healthy": 0.25})
    >>> predictions = Predictions((one,), ["glioma", "healthy"], {"model": "lightgbm"})
    >>> predictions[0].predicted, predictions.to_frame()["proba_glioma"].tolist()
    ('glioma', [0.75])
    """

    rows: tuple[Prediction, ...]
    classes: list[str]
    model: dict[str, Any]

    @overload
    def __getitem__(self, index: int) -> Prediction: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Prediction, ...]: ...

    def __getitem__(self, index: int | slice) -> Prediction | tuple[Prediction, ...]:
        """Return one, or a tuple of some."""
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """Set them as a table.

        Returns
        -------
        pandas.DataFrame
            One row an image: ``path``, ``predicted``, ``proba_<class>`` in float64 and ``error``;
            missing is what a file does not have.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "path": [p.name for p in self.rows],
                "predicted": pd.Series([p.predicted for p in self.rows], dtype="str"),
                **{
                    f"proba_{c}": [p.probabilities.get(c, float("nan")) for p in self.rows]
                    for c in self.classes
                },
                "error": pd.Series([p.error for p in self.rows], dtype="str"),
            }
        )

    def _repr_html_(self) -> str:
        """Show a notebook the first of them, and how many could not be read."""
        read = [p for p in self.rows if p.error is None]
        failed = len(self.rows) - len(read)
        notes = [f"{len(read):,} images"]
        notes += [f"the first {SHOWN} shown"] if len(read) > SHOWN else []
        notes += [f"{failed:,} unreadable: see to_frame()"] if failed else []
        return notebook.table(
            f"Predictions of {self.model['model']}",
            ["path", "predicted", *self.classes],
            [
                [p.name, p.predicted, *(f"{p.probabilities[c]:.3f}" for c in self.classes)]
                for p in read[:SHOWN]
            ],
            "; ".join(notes),
        )


def predict(bundle: Bundle, images: Sequence[ImageLike], *, jobs: int | None = None) -> Predictions:
    """Predict files and folders of images.

    Parameters
    ----------
    bundle : Bundle
        From `gliaboost.load`.
    images : sequence of path-like or ImageSource
        Image files, folders that are searched for them, or images in memory.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    Predictions
        One an image, in order; unreadable files are among them with their reason.

    Raises
    ------
    UsageError
        If a folder holds no image.
    """
    sources = [source for image in images for source in _sources(ImageSource.of(image))]
    preparation, takes = bundle.preparation_, bundle.takes
    described = [DESCRIPTION] if bundle.familiarity else []
    beside: dict[str, NDArray[np.float32]] = {}
    given: NDArray[Any]
    looks = np.empty((0, 0), np.float32)
    if takes == "columns":
        extractors = [*bundle.extractors(), *described]
        wide, rows, failed = features_of(sources, extractors, preparation, jobs=jobs)
        given, looks = wide[:, : bundle.columns], wide[:, bundle.columns :]
    else:
        given, rows, failed = read_images(sources, preparation, jobs=jobs)
        looks = DESCRIPTION.transform(given)
    if takes == "both":
        readable = [sources[row] for row in rows]
        columns, _, _ = features_of(readable, bundle.extractors(), preparation, jobs=jobs)
        beside = {"columns": columns}
    probabilities = bundle.predict_proba(given, **beside, jobs=jobs) if rows else ()
    known: list[Familiarity | None] = [None] * len(rows)
    if bundle.familiarity:
        known = [*judge(bundle.familiarity, looks, [sources[row].key() for row in rows])]
    by_row = dict(zip(rows, zip(probabilities, known, strict=True), strict=True))
    result: list[Prediction] = []
    for row, source in enumerate(sources):
        name = str(source.name)
        if row in failed:
            result.append(Prediction(name, None, {}, failed[row]))
            continue
        p, familiarity = by_row[row]
        values = {c: float(v) for c, v in zip(bundle.classes, p, strict=True)}
        best = max(values, key=values.__getitem__)
        result.append(Prediction(name, best, values, familiarity=familiarity))
    return Predictions(tuple(result), list(bundle.classes), bundle.summary())


def _sources(source: ImageSource) -> Iterator[ImageSource]:
    """Give the images of a folder, or the image itself."""
    folder = Path(source.name)
    if source.data is not None or not folder.is_dir():
        yield source
        return
    found = image_files(folder)
    if not found:
        raise UsageError(f"no image in {folder}; looked for {', '.join(IMAGE_SUFFIXES)}")
    yield from map(ImageSource, found)
