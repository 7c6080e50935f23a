"""Extractors by name, and parameters of extractors and models by theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gliaboost._face.words import pairs
from gliaboost.errors import UsageError
from gliaboost.spelling import did_you_mean, spelled

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.base import Extractor

# What other libraries, and people, call a parameter.
PARAMETERS_ELSEWHERE = {
    "batch": "batch_size",
    "baggingfraction": "subsample",
    "bins": "orientations",
    "cellsize": "pixels_per_cell",
    "classweights": "class_weight",
    "colsamplebytree": "max_features",
    "eta": "learning_rate",
    "featurefraction": "max_features",
    "iterations": "rounds",
    "lambda": "l2",
    "lambdal2": "l2",
    "lr": "learning_rate",
    "maxdepth": "max_leaves",
    "minchildsamples": "min_rows",
    "minchildweight": "min_rows",
    "mindatainleaf": "min_rows",
    "nestimators": "rounds",
    "njobs": "jobs",
    "nthread": "jobs",
    "numboostround": "rounds",
    "numleaves": "max_leaves",
    "radius": "radii",
    "randomstate": "seed",
    "reglambda": "l2",
}
SettingsGiven: TypeAlias = "Mapping[str, Mapping[str, Any]] | Iterable[str] | str | None"
Setting = tuple[str, str, str, Any]


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
    found, faults = known_settings(settings, features, models)
    if faults:
        raise UsageError("; ".join(faults))
    return found


def known_settings(
    settings: SettingsGiven,
    features: Sequence[str | Extractor],
    models: Sequence[str],
    *,
    unknown: bool = False,
    class_of: Callable[[str], type[BaseEstimator]] | None = None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Read parameters as `read_settings`, and list what is wrong in place of raising it.

    Parameters
    ----------
    settings, features, models
        As for `read_settings`.
    unknown : bool
        Whether the run's names are not all known: then a parameter of a name that is not among
        them is passed over, as that fault was told already.
    class_of : callable, optional
        Finds the class of one of `models`; default: of a classifier.

    Returns
    -------
    found : dict of str to dict
        Parameters by name.
    faults : list of str
        A line each.
    """
    faults: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    named = [word for word in features if isinstance(word, str)]
    if isinstance(settings, Mapping):
        option, read = "settings", _of_mapping(settings, faults)
    else:
        words = [settings] if isinstance(settings, str) else settings or ()
        option, read = "--set", _of_words(words, faults)
    run = [*named, *models]
    for said, word, key, value in read:
        name = spelled(word, run) or word
        known = _parameters(name, named, models, class_of)
        if known is None:
            if unknown:
                continue
            faults.append(
                f"{word!r} of {said!r} is not in this run, which has {', '.join(run)}"
                f"{did_you_mean(word, run)}"
            )
            continue
        parameter = spelled(key, known)
        if parameter is None:
            faults.append(
                f"{name} has no {key!r}; its parameters are {', '.join(known)}"
                f"{did_you_mean(key, known, PARAMETERS_ELSEWHERE)}"
            )
        else:
            found.setdefault(name, {})[parameter] = value
    return found, [f"{option}: {fault}" for fault in faults]


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


def read_preparation(prepare: str | Mapping[str, Any] | Preparation) -> Preparation:
    """Read what images go through before features are extracted.

    Parameters
    ----------
    prepare : str, mapping or Preparation
        ``name=value`` by comma, the same as a mapping, or a preparation; empty: the usual one.

    Raises
    ------
    UsageError
        If a name or a value is unknown.

    Examples
    --------
    >>> read_preparation("size=128, Crop=Foreground").crop
    'foreground'
    """
    from dataclasses import fields

    from gliaboost.datasets.prepare import Preparation

    if isinstance(prepare, Preparation):
        return prepare
    if not prepare:
        return Preparation()
    known = [f.name for f in fields(Preparation)]
    given = {
        spelled(name, known) or name: value.lower() if isinstance(value, str) else value
        for name, value in pairs(prepare).items()
    }
    return Preparation.from_dict(given)


def read_device(device: str) -> str:
    """Read the name of a device, in any case.

    Raises
    ------
    UsageError
        If there is no such device, or no GPU where one is asked for.

    Examples
    --------
    >>> read_device("CPU")
    'cpu'
    """
    from gliaboost.devices import DEVICES, gpu_present

    name = spelled(device, DEVICES)
    if name is None:
        asked = did_you_mean(device, DEVICES, {"gpu": "cuda", "cuda:0": "cuda", "nvidia": "cuda"})
        raise UsageError(f"no device {device!r}; expected one of {', '.join(DEVICES)}{asked}")
    if name == "cuda" and not gpu_present():
        raise UsageError("--device cuda: no NVIDIA GPU is visible here; use --device cpu or auto")
    return name


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


def _parameters(
    name: str,
    features: Sequence[str],
    models: Sequence[str],
    class_of: Callable[[str], type[BaseEstimator]] | None,
) -> list[str] | None:
    from gliaboost.features.registry import extractor_class, extractor_names
    from gliaboost.models.registry import model_class

    kind = name.partition(":")[0]
    if name in features and kind in extractor_names():
        return list(extractor_class(kind)._get_param_names())
    if name in models:
        return list((class_of or model_class)(name)._get_param_names())
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
