"""From a bundle and files to probabilities, by the same road as training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from gliaboost import notebook
from gliaboost.datasets.image_source import ImageLike
from gliaboost.datasets.scans import look_at
from gliaboost.features.extract import features_and_images, features_of
from gliaboost.features.prepared import read_images
from gliaboost.models.bundle import Bundle
from gliaboost.models.familiarity.familiarity import DESCRIPTION, Familiarity, judge
from gliaboost.models.familiarity.sentences import sentences
from gliaboost.models.pictured import Pictured, card

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

# Rows that a notebook shows, and how many of them with their picture.
SHOWN, PICTURED = 20, 3


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
    pictured : Pictured or None
        What the model was given, for a notebook; of the first `PICTURED` that could be read.
    """

    name: str
    predicted: str | None
    probabilities: dict[str, float]
    error: str | None = None
    familiarity: Familiarity | None = None
    pictured: Pictured | None = field(default=None, repr=False, compare=False)

    @property
    def typicality(self) -> float | None:
        """As in `Familiarity`; None where it is not known."""
        return None if self.familiarity is None else self.familiarity.typicality

    @property
    def seen(self) -> str | None:
        """As in `Familiarity`; None where it is not known."""
        return None if self.familiarity is None else self.familiarity.seen

    def __repr__(self) -> str:
        name = notebook.printable(self.name)
        if self.predicted is None:
            return notebook.two_lines("Prediction", name, f"unreadable: {self.error}")
        chance = self.probabilities[self.predicted]
        said = sentences([(self.name, self.familiarity)])
        return notebook.two_lines(
            "Prediction",
            f"{notebook.cut(self.predicted, notebook.LETTERS)}, {chance:.1%}: {name}",
            "; ".join(said) or "nothing to warn of",
        )

    def _repr_html_(self) -> str:
        """Show a notebook the picture, what the answer rests on, and a bar a class."""
        if self.predicted is None:
            return notebook.facts(self.name, [("unreadable", self.error)])
        said = sentences([(self.name, self.familiarity)])
        return card(self.name, self.predicted, self.probabilities, said, self.pictured)


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
            One row an image: ``path``, ``predicted``, ``proba_<class>`` in float64, ``error``, and
            ``typicality`` and ``seen`` as in `Familiarity`; missing is what a file does not have.
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
                "typicality": pd.Series([p.typicality for p in self.rows], dtype="float64"),
                "seen": pd.Series([p.seen for p in self.rows], dtype="str"),
            }
        )

    @property
    def warnings(self) -> list[str]:
        """What a reader of these must know, a sentence each: unlike pictures, and seen ones."""
        return sentences([(p.name, p.familiarity) for p in self.rows if p.error is None])

    def __repr__(self) -> str:
        read = [p for p in self.rows if p.error is None]
        counted = Counter(str(p.predicted) for p in read).most_common()
        found = notebook.listed(f"{n:,} {name}" for name, n in counted)
        unreadable = len(self.rows) - len(read)
        return notebook.two_lines(
            "Predictions",
            f"{self.model['model']} on {len(read):,} images"
            + (f", {unreadable:,} unreadable" if unreadable else ""),
            found,
        )

    def _repr_html_(self) -> str:
        """Show a notebook the first: some with picture and explanation; count the unreadable."""
        read = [p for p in self.rows if p.error is None]
        failed = len(self.rows) - len(read)
        notes = [f"{len(read):,} images"]
        notes += [f"the first {SHOWN} shown"] if len(read) > SHOWN else []
        notes += [f"{failed:,} unreadable: see to_frame()"] if failed else []
        notes += self.warnings
        cards = [p._repr_html_() for p in read[:PICTURED] if p.pictured is not None]
        return notebook.table(
            f"Predictions of {self.model['model']}",
            ["path", "predicted", *self.classes],
            [
                [p.name, p.predicted, *(f"{p.probabilities[c]:.3f}" for c in self.classes)]
                for p in read[:SHOWN]
            ],
            "; ".join(notes),
        ) + "".join(cards)


def predict(
    bundle: Bundle,
    images: Sequence[ImageLike],
    *,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
    jobs: int | None = None,
) -> Predictions:
    """Predict pictures, scans and folders of them.

    Parameters
    ----------
    bundle : Bundle
        From `gliaboost.load`.
    images : sequence of path-like or ImageSource
        Image files, DICOM files and series, NIfTI volumes, folders that are searched for them, or
        images in memory.
    position, plane, window
        Which slices of scans, and how they are seen; see `gliaboost.datasets.scans.look_at`.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    Predictions
        One a picture or slice, in order; unreadable files are among them with their reason.

    Raises
    ------
    UsageError
        If a folder holds no image, or a scan no such slice.
    """
    looked = [
        one
        for image in images
        for one in look_at(image, position=position, plane=plane, window=window)
    ]
    sources = [one.source.keyed() for one in looked]
    lost = {row: one.error for row, one in enumerate(looked) if one.error is not None}
    there = [row for row in range(len(looked)) if row not in lost]
    preparation, takes = bundle.preparation_, bundle.takes
    asked = [sources[row] for row in there]
    described = [DESCRIPTION] if bundle.familiarity else []
    beside: dict[str, NDArray[np.float32]] = {}
    given: NDArray[Any]
    looks = np.empty((0, 0), np.float32)
    if takes == "columns":
        extractors = [*bundle.extractors(), *described]
        wide, read, broken, kept = features_and_images(
            asked, extractors, preparation, keep=PICTURED, jobs=jobs
        )
        given, looks = wide[:, : bundle.columns], wide[:, bundle.columns :]
    else:
        given, read, broken = read_images(asked, preparation, jobs=jobs)
        kept = {row: image.copy() for row, image in zip(read[:PICTURED], given, strict=False)}
        if described:
            looks = DESCRIPTION.transform(given)
    rows = [there[row] for row in read]
    shown = {there[row]: image for row, image in kept.items()}
    failed = lost | {there[row]: reason for row, reason in broken.items()}
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
        pictured = Pictured(shown[row], bundle) if row in shown else None
        result.append(Prediction(name, best, values, None, familiarity, pictured))
    return Predictions(tuple(result), list(bundle.classes), bundle.summary())
