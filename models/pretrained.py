"""What the pretrained networks of a model and of its features had learned from before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gliaboost.features.base import Extractor
from gliaboost.features.embedding.pretraining import UNKNOWN
from gliaboost.models.base import Classifier


def pretrained_on(
    model: Classifier, extractors: Sequence[Extractor] = ()
) -> dict[str, tuple[str, ...]]:
    """Say it of each part that has such a network.

    Parameters
    ----------
    model : Classifier
        Need not be fitted.
    extractors : sequence of Extractor
        Whose columns it is given.

    Returns
    -------
    dict of str to tuple of str
        By the label of an extractor and the name of the model; ``"unknown"`` where nobody says.

    Examples
    --------
    >>> from gliaboost.features import create
    >>> from gliaboost.models import create_model
    >>> pretrained_on(create_model("lightgbm"), [create("hog"), create("embedding")])
    {'embedding': ('ImageNet-1k',)}
    """
    parts = {**{e.label: e.pretraining for e in extractors}, model.name: model.pretraining}
    return {name: said for name, said in parts.items() if said}


def warnings_of_unknown(before: Mapping[str, Sequence[str]]) -> list[str]:
    """Warn of networks that nobody says the training data of, in a sentence or none.

    Parameters
    ----------
    before : mapping of str to sequence of str
        From `pretrained_on`, or as a bundle's ``metrics["pretrained_on"]`` keeps it.

    Examples
    --------
    >>> warnings_of_unknown({"embedding": ("ImageNet-1k",)})
    []
    """
    names = [name for name, said in before.items() if UNKNOWN in said]
    if not names:
        return []
    return [
        f"nobody says what the weights of {', '.join(names)} were trained on: they may have seen "
        "the pictures that the model is tested on, and its numbers be too good; say what it was "
        "when training: --set NAME.trained_on=TEXT"
    ]
