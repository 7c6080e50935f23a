"""The picture that a model was given, kept beside its answer, as a notebook shows both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost import notebook
from gliaboost.errors import GliaboostError
from gliaboost.models.bundle import Bundle

if TYPE_CHECKING:
    from gliaboost.models.explain.attribution import Explanation


@dataclass(frozen=True, eq=False)
class Pictured:
    """A prepared picture, and the model that was asked about it.

    Attributes
    ----------
    image : uint8 array [S, S]
        As the model was given it; nothing of the file is kept.
    bundle : Bundle
        The model.

    Examples
    --------
    >>> bundle = Bundle("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> Pictured(np.zeros((8, 8), np.uint8), bundle)
    Pictured(8 x 8 pixels, lightgbm)
    """

    image: NDArray[np.uint8]
    bundle: Bundle

    def __repr__(self) -> str:
        height, width = self.image.shape
        return f"Pictured({width} x {height} pixels, {notebook.printable(self.bundle.model)})"

    def explanation(self, name: str = "") -> Explanation:
        """Say what the answer rests on; see `gliaboost.explain`."""
        from gliaboost.models.explain.attribution import explain_prepared

        return explain_prepared(self.bundle, self.image, name)


def card(
    name: str,
    predicted: str,
    probabilities: Mapping[str, float],
    notes: Sequence[str],
    pictured: Pictured | None,
) -> str:
    """Set one answer: the picture, the same under the map of evidence, a bar a class, sentences.

    Parameters
    ----------
    name, predicted : str
        The image, and its most probable class.
    probabilities : mapping of str to float
        By class.
    notes : sequence of str
        What a reader must know.
    pictured : Pictured or None
        What was looked at; without it there are bars alone.

    Returns
    -------
    str
        HTML, whole in itself.

    Examples
    --------
    >>> card("a.png", "glioma", {"glioma": 0.75, "healthy": 0.25}, [], None).count("%</td>")
    2
    """
    bars = notebook.bars(probabilities)
    title = f"{name}: {predicted}, {probabilities[predicted]:.1%}"
    if pictured is None:
        return notebook.card(title, [], bars, notes)
    seen = notebook.picture(pictured.image, f"{name} as the model sees it")
    try:
        found = pictured.explanation(name)
    except GliaboostError as error:
        return notebook.card(title, [seen], bars, [*notes, f"Without an explanation: {error}"])
    sides = "what speaks for it" if found.one_sided else "for it in orange, against it in blue"
    words = f"What the answer {predicted} rests on: {sides}."
    why = notebook.picture(found.panel(), words)
    return notebook.card(title, [seen, why], bars, [*notes, " ".join([words, *found.notes()])])
