"""Extractors by name, and parameters of extractors and models by theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gliaboost._face.words import names
from gliaboost.errors import UsageError

if TYPE_CHECKING:
    from gliaboost.features.base import Extractor

FeatureNames: TypeAlias = "str | Extractor | Iterable[str | Extractor]"
SettingsGiven: TypeAlias = "Mapping[str, Mapping[str, Any]] | Iterable[str] | str | None"
Setting = tuple[str, str, str, Any]


def feature_words(features: FeatureNames) -> list[str | Extractor]:
    """Read features: names by comma, or a list of names and extractors.

    Examples
    --------
    >>> feature_words("hog,lbp")
    ['hog', 'lbp']
    """
    if isinstance(features, str):
        return list(names(features))
    given = list(features) if isinstance(features, Iterable) else [features]
    words = [word for word in given if isinstance(word, str)]
    if words or not given:
        names(words)
    return given


def read_settings(
    settings: SettingsGiven, features: Sequence[str | Extractor], models: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Read parameters by the name of the extractor or model that takes them.

    Parameters
    ----------
    settings : mapping of str to mapping, or iterable of str, optional
        ``{name: {parameter: value}}``, or words ``NAME.PARAMETER=VALUE`` with a value as JSON or
        else as a word.
    features, models : sequence of str
        Names of the extractors and models of this run.

    Returns
    -------
    dict of str to dict
        Parameters by name.

    Raises
    ------
    UsageError
        Listing everything that names nothing of this run.

    Examples
    --------
    >>> read_settings(["lightgbm.rounds=50", "hog.soft_bins=true"], ["hog"], ["lightgbm"])
    {'lightgbm': {'rounds': 50}, 'hog': {'soft_bins': True}}
    >>> read_settings({"lightgbm": {"rounds": 50}}, ["hog"], ["lightgbm"])
    {'lightgbm': {'rounds': 50}}
    """
    faults: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    named = [word for word in features if isinstance(word, str)]
    if isinstance(settings, Mapping):
        option, read = "settings", _of_mapping(settings, faults)
    else:
        words = [settings] if isinstance(settings, str) else settings or ()
        option, read = "--set", _of_words(words, faults)
    for said, name, parameter, value in read:
        known = _parameters(name, named, models)
        if known is None:
            run = ", ".join([*named, *models])
            faults.append(f"{name!r} of {said!r} is not in this run, which has {run}")
        elif parameter not in known:
            faults.append(f"{name} has no {parameter!r}; its parameters are {', '.join(known)}")
        else:
            found.setdefault(name, {})[parameter] = value
    if faults:
        raise UsageError(f"{option}: {'; '.join(faults)}")
    return found


def build_extractors(
    features: Sequence[str | Extractor], device: str, settings: Mapping[str, Mapping[str, Any]]
) -> list[Extractor]:
    """Build extractors by their names; those that can compute elsewhere do so on the device.

    Parameters
    ----------
    features : sequence of str or Extractor
        ``NAME:TAG`` is another one of the same kind: the tag is for `settings`. An extractor is
        taken as it is.
    device : str
        For those built here.
    settings : mapping
        From `read_settings`.

    Returns
    -------
    list of Extractor
        No two of which compute the same.

    Raises
    ------
    UsageError
        If a name is unknown, or two would compute the same.
    """
    from gliaboost.features import create

    built: dict[str, Extractor] = {}
    for word in features:
        if isinstance(word, str):
            own = settings.get(word, {})
            extractor = create(word.partition(":")[0], **own)
            if "device" in extractor.get_params() and "device" not in own:
                extractor.set_params(device=device)
        else:
            extractor = word
        if extractor.label in built:
            again = f"{word!r} would compute {extractor.label} once more; give it other parameters"
            raise UsageError(
                f"{again}: --set {word}.PARAMETER=VALUE" if isinstance(word, str) else again
            )
        built[extractor.label] = extractor
    return list(built.values())


def _of_words(words: Iterable[str], faults: list[str]) -> Iterator[Setting]:
    for word in words:
        left, equals, text = word.partition("=")
        name, dot, parameter = left.rpartition(".")
        if equals and dot and parameter and text:
            yield word, name, parameter, _value(text)
        else:
            faults.append(f"{word!r} is not NAME.PARAMETER=VALUE")


def _of_mapping(settings: Mapping[str, Any], faults: list[str]) -> Iterator[Setting]:
    for name, own in settings.items():
        if not isinstance(own, Mapping):
            faults.append(f"{name!r} has {own!r}, expected a mapping of parameters to values")
            continue
        for parameter, value in own.items():
            yield f"{name}.{parameter}", name, parameter, value


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
