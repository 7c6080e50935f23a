"""Parameters of extractors and models as words: ``--set NAME.PARAMETER=VALUE``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from gliaboost.errors import UsageError

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME.PARAMETER=VALUE",
        help="A parameter of a feature extractor or model, e.g. lightgbm.learning_rate=0.05; "
        "may be repeated, and a wrong name lists the right ones.",
    ),
]


def read_settings(
    words: Sequence[str] | None, features: Sequence[str], models: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Read ``NAME.PARAMETER=VALUE``, a value as JSON or else as a word.

    Parameters
    ----------
    words : sequence of str, optional
        What was typed.
    features, models : sequence of str
        Names of the extractors and models of this run.

    Returns
    -------
    dict of str to dict
        Parameters by name.

    Raises
    ------
    UsageError
        Listing every word that names nothing of this run.

    Examples
    --------
    >>> read_settings(["lightgbm.rounds=50", "hog.soft_bins=true"], ["hog"], ["lightgbm"])
    {'lightgbm': {'rounds': 50}, 'hog': {'soft_bins': True}}
    """
    found: dict[str, dict[str, Any]] = {}
    faults = []
    for word in words or []:
        left, equals, text = word.partition("=")
        name, dot, parameter = left.rpartition(".")
        if not (equals and dot and parameter and text):
            faults.append(f"{word!r} is not NAME.PARAMETER=VALUE")
            continue
        known = _parameters(name, features, models)
        if known is None:
            run = ", ".join([*features, *models])
            faults.append(f"{name!r} of {word!r} is not in this run, which has {run}")
        elif parameter not in known:
            faults.append(f"{name} has no {parameter!r}; its parameters are {', '.join(known)}")
        else:
            found.setdefault(name, {})[parameter] = _value(text)
    if faults:
        raise UsageError(f"--set: {'; '.join(faults)}")
    return found


def _parameters(name: str, features: Sequence[str], models: Sequence[str]) -> list[str] | None:
    from gliaboost.features.registry import extractor_class, extractor_names
    from gliaboost.models.registry import model_class

    kind = name.partition(":")[0]
    if name in features and kind in extractor_names():
        return list(extractor_class(kind)._get_param_names())
    if name in models:
        return list(model_class(name)._get_param_names())
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
