"""What a bundle keeps of its training pictures, and what it says of new ones by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import BundleError
from gliaboost.features.appearance import Appearance, edges
from gliaboost.models.familiarity.copies import Copies
from gliaboost.models.familiarity.novelty import Novelty, learn_novelty

# By what pictures are described; no part of what the model is given.
DESCRIPTION = Appearance()


@dataclass(frozen=True)
class Familiarity:
    """How a picture stands to those that the model was trained on.

    Attributes
    ----------
    typicality : float or None
        Share of training pictures that look at least as unusual, 0 to 1; None where the training
        set was too small to tell.
    unlike : bool
        Whether it is unlike them: such a picture comes once in 100 of their kind.
    seen : str
        ``"file"`` where the file was among them, ``"copy"`` where its picture was, or one as like
        it as a neighbouring slice; else nothing.

    Examples
    --------
    >>> Familiarity(0.4, False, "").unlike
    False
    """

    typicality: float | None
    unlike: bool
    seen: str


def learn(
    columns: NDArray[np.float32], keys: Sequence[str], groups: NDArray[Any]
) -> dict[str, Any]:
    """Learn from training pictures, in plain values that a bundle can keep.

    Parameters
    ----------
    columns : float32 array [N, D]
        `DESCRIPTION` of the prepared pictures.
    keys : sequence of str
        SHA-256 of their files.
    groups : array [N]
        Their patients.
    """
    novelty = learn_novelty(columns, groups, edges())
    return {
        "version": DESCRIPTION.version,
        "novelty": {} if novelty is None else novelty.to_state(),
        "copies": Copies.of(keys, columns).to_state(),
    }


def limit(state: Mapping[str, Any]) -> float | None:
    """Give the typicality down to which pictures are called unlike the training pictures.

    Parameters
    ----------
    state : mapping
        From `learn`.

    Returns
    -------
    float or None
        None where the training set was too small to tell.
    """
    known = state.get("novelty")
    if not known:
        return None
    return Novelty.from_state(known, edges()[-1]).threshold


def judge(
    state: Mapping[str, Any], columns: NDArray[np.float32], keys: Sequence[str]
) -> list[Familiarity]:
    """Say how pictures stand to the training pictures.

    Parameters
    ----------
    state : mapping
        From `learn`.
    columns, keys
        As for `learn`, of new pictures.

    Raises
    ------
    BundleError
        If the state is damaged, or of a description that this version does not make.
    """
    if set(state) != {"version", "novelty", "copies"} or state["version"] != DESCRIPTION.version:
        raise BundleError(
            "what the bundle keeps of its training pictures is damaged, or of another version; "
            "train again"
        )
    parts = [state[name] for name in ("novelty", "copies")]
    if not all(isinstance(part, dict) for part in parts):
        raise BundleError("what the bundle keeps of its training pictures is damaged; train again")
    seen = Copies.from_state(parts[1]).find(keys, columns)
    if not parts[0]:
        return [Familiarity(None, False, known) for known in seen]
    novelty = Novelty.from_state(parts[0], columns.shape[1])
    return [
        Familiarity(float(p), bool(p <= novelty.threshold), known)
        for p, known in zip(novelty.typicality(columns), seen, strict=True)
    ]
