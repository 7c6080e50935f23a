"""What is to be said of pictures that are unlike the training, or were part of it."""

from __future__ import annotations

from collections.abc import Sequence

from gliaboost.few import few
from gliaboost.models.familiarity.copies import COPY, FILE
from gliaboost.models.familiarity.familiarity import Familiarity

# Pictures that a sentence names.
NAMED = 3


def sentences(known: Sequence[tuple[str, Familiarity | None]]) -> list[str]:
    """Say what a reader of a model's answers must know of the pictures.

    Parameters
    ----------
    known : sequence of (name, Familiarity or None)
        Of the pictures that could be read; None where it is not known.

    Returns
    -------
    list of str
        A sentence a kind: unlike pictures, files of the training, and copies of such.

    Examples
    --------
    >>> sentences([("a.png", Familiarity(0.5, False, "file"))])[0].split(";")[0]
    'the picture is among the files that the model was trained on'
    """
    unlike = [name for name, familiarity in known if familiarity and familiarity.unlike]
    files = [name for name, familiarity in known if familiarity and familiarity.seen == FILE]
    copies = [name for name, familiarity in known if familiarity and familiarity.seen == COPY]
    said = []
    if unlike:
        said.append(
            f"{some_of(unlike, len(known))} unlike those that the model was trained on; what it "
            f"says of such a picture means little: {few(unlike, NAMED)}"
        )
    if files:
        said.append(
            f"{some_of(files, len(known))} among the files that the model was trained on; how well "
            f"it does there says nothing: {few(files, NAMED)}"
        )
    if copies:
        said.append(
            f"{some_of(copies, len(known))} a copy of a picture that the model was trained on, or "
            f"its neighbour in the scan: {few(copies, NAMED)}"
        )
    return said


def some_of(some: Sequence[str], count: int) -> str:
    """Count some of the pictures, with their verb.

    Examples
    --------
    >>> some_of(["a"], 3), some_of(["a", "b"], 3), some_of(["a"], 1)
    ('1 of 3 pictures is', '2 of 3 pictures are', 'the picture is')
    """
    verb = "is" if len(some) == 1 else "are"
    return f"{len(some):,} of {count:,} pictures {verb}" if count > 1 else "the picture is"
