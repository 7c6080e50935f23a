"""Whether several models say the same of one picture."""

from __future__ import annotations

from collections.abc import Mapping

from gliaboost._face.answers import Answer


def disagreement(answers: Mapping[str, Answer]) -> str | None:
    """Say in a sentence where models differ on one picture; None where they agree.

    Parameters
    ----------
    answers : mapping of str to Answer
        By model.

    Examples
    --------
    >>> glioma, healthy = Answer("a", "glioma"), Answer("a", "healthy")
    >>> disagreement({"one": glioma, "two": healthy})
    'They disagree: glioma (one), healthy (two).'
    >>> disagreement({"one": glioma, "two": glioma})
    """
    said: dict[str, list[str]] = {}
    for name, one in answers.items():
        what = "refused" if one.refused is not None else one.predicted or "no answer"
        said.setdefault(what, []).append(name)
    if len(said) < 2:
        return None
    parts = ", ".join(f"{what} ({', '.join(names)})" for what, names in said.items())
    return f"They disagree: {parts}."
