"""Answers on pictures as one page to keep: nothing of it is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.document.page import page_text, picture_uri

# Pixels of a picture's longer side.
PIXELS = 256


class AnswerLike(Protocol):
    """What the page shows of an answer."""

    @property
    def name(self) -> str:
        """The picture's."""

    @property
    def verdict(self) -> str:
        """The answer in a few words."""

    @property
    def probabilities(self) -> Mapping[str, float] | None:
        """By class."""

    def notes(self) -> list[str]:
        """Sentences that belong to it."""


def answers_page(
    answers: Sequence[tuple[AnswerLike, NDArray[np.uint8]]], facts: Sequence[tuple[str, str]]
) -> str:
    """Set answers as one self-contained page.

    Parameters
    ----------
    answers : sequence of (answer, uint8 array [H, W])
        With the picture of each.
    facts : sequence of (str, str)
        What the model is, by name and value.

    Returns
    -------
    str
        HTML; its pictures are inside it, and nothing in it runs.
    """
    return page_text(
        "answers.html",
        facts=list(facts),
        answers=[
            {
                "number": number,
                "name": one.name,
                "verdict": one.verdict,
                "notes": one.notes(),
                "chances": list((one.probabilities or {}).items()),
                "uri": picture_uri(picture, PIXELS),
            }
            for number, (one, picture) in enumerate(answers, 1)
        ],
    )
