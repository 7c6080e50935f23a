"""A strip of example images, so that a reader sees what was judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gliaboost.reports.document.blocks import Strip
from gliaboost.reports.pages.mistakes import thumbnail
from gliaboost.reports.protocol.results import Results

if TYPE_CHECKING:
    import pandas as pd

# All together, and of a class: some 3 kB each.
ALL = 24
OF_A_CLASS = 3
PIXELS = 110
# Of an image to show: some cannot be read.
TRIES = 4


def examples(results: Results) -> list[Strip]:
    """Show some images of each class; nothing where no image is at hand.

    Parameters
    ----------
    results : Results
        With ``images``, the folder that paths are relative to; else nothing is shown.

    Returns
    -------
    list of Strip
        One, or none.
    """
    table = max((e.predictions for e in results.experiments), key=len, default=None)
    if results.images is None or table is None or not len(table):
        return []
    each = max(1, min(OF_A_CLASS, ALL // max(1, len(results.classes))))
    groups = []
    for label in results.classes[:ALL]:
        pictures = []
        for path in drawn(table[table["label"] == label], TRIES * each):
            if (uri := thumbnail(results.images / path, PIXELS)) is not None:
                pictures.append((uri, f"{label}, {path}"))
            if len(pictures) == each:
                break
        if pictures:
            number = results.dataset.classes[label]
            groups.append((f"{label}, {number:,}", pictures))
    if not groups:
        return []
    return [Strip("examples", "Examples of each class, and how many images it has.", groups)]


def drawn(table: pd.DataFrame, most: int) -> list[str]:
    """Draw images at random, one of a patient where patients are known.

    Parameters
    ----------
    table : pandas.DataFrame
        Predictions; columns ``path`` and ``patient``.
    most : int
        How many.

    Returns
    -------
    list of str
        Paths; the same for the same images.
    """
    mixed = table.sort_values("path", kind="stable").sample(frac=1, random_state=0)
    again = mixed["patient"].notna() & mixed["patient"].duplicated()
    return [str(path) for path in mixed.loc[~again, "path"].head(most)]
